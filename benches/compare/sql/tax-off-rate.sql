-- Tax of a row is its base times the one rate in force at the tax point, rounded half up to the currency's minor unit.
with rate as materialized (
    select jurisdiction_id, tax_type, rate_class, scope, rate, effective_from,
           coalesce(effective_to, min(effective_from) over (
               partition by jurisdiction_id, tax_type, rate_class, scope
               order by effective_from
               range between interval 1 day following and unbounded following)) as effective_to
    from tax_rates
),
taxed as (
    select t.invoice_id, t.tax_no, t.tax_type, t.jurisdiction_id, t.taxable_amount, t.tax_amount, i.currency,
           coalesce(i.tax_point_date, i.issue_date) as tax_point,
           case when t.tax_category in ('food', 'drug', 'food_drug') then 'food_drug' else 'general' end as rate_class,
           case when sender.subdivision = recipient.subdivision then 'intrastate' else 'interstate' end as scope
    from invoice_taxes t
    join invoices i using (invoice_id)
    join addresses sender on sender.address_id = i.ship_from_id
    join addresses recipient on recipient.address_id = i.ship_to_id
    where i.document_type = 'invoice' and i.status = 'posted' and coalesce(i.channel, 'direct') <> 'marketplace'
      and t.tax_category is not null and sender.subdivision is not null and recipient.subdivision is not null
),
wrong as materialized (
    select taxed.*,
           taxed.tax_amount - minor_unit(taxable_amount * rate, taxed.currency) as difference
    from taxed
    join rate using (jurisdiction_id, tax_type, rate_class, scope)
    where effective_from <= tax_point and (effective_to is null or tax_point < effective_to)
      and difference <> 0
)
select concat_ws('/', invoice_id, tax_no) as key, difference as money, currency
from wrong
where 1 = (     -- two rates in force on one day prove nothing
    select count(*)
    from rate
    where rate.jurisdiction_id = wrong.jurisdiction_id and rate.tax_type = wrong.tax_type
      and rate.rate_class = wrong.rate_class and rate.scope = wrong.scope
      and rate.effective_from <= wrong.tax_point
      and (rate.effective_to is null or wrong.tax_point < rate.effective_to));
