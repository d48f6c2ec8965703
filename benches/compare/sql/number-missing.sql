-- The number before every hole of a series of a year, where at least 80 of 100 numbers of the series are there.
with numbered as materialized (
    select invoice_no[:-length(split_part(invoice_no, '-', 3)) - 2] as series,
           split_part(invoice_no, '-', 3)::bigint as number
    from invoices
    where regexp_full_match(invoice_no, '(INV|CN)-[0-9]{4}-[0-9]+')
),
dense as (
    select series, max(number) as last
    from numbered
    group by series
    having count(distinct number) * 100 >= (max(number) - min(number) + 1) * 80
),
present as (
    select series, number - 1 as number from numbered
)
select distinct concat(replace(series, '-', '/'), '/', number) as key, null as money, null as currency
from (select series, number from numbered join dense using (series) where number < last)
anti join present using (series, number);
