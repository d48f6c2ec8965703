-- Half up to the minor unit of the currency. The casts keep the scale: DuckDB widens a case of DECIMAL(37, 0) and
-- DECIMAL(37, 2) to DECIMAL(38, 1), silently.
create macro minor_unit(amount, currency) as
    case when currency = 'JPY' then round(amount, 0)::decimal(18, 2) else round(amount, 2)::decimal(18, 2) end;
