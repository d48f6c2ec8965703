-- The unit price is the one in force for the customer on the day of the order and the quantity ordered: of the
-- contract, else of the segment, else of the list.
with price as materialized (
    select item_id, customer_id, segment, currency, min_quantity, max_quantity, unit_price, effective_from, source,
           coalesce(effective_to, min(effective_from) over (
               partition by item_id, customer_id, segment, currency
               order by effective_from
               range between interval 1 day following and unbounded following)) as effective_to
    from prices
),
billed as (
    select l.invoice_id, l.line_no, l.item_id, l.unit_price, l.quantity as billed_quantity, i.currency, i.customer_id,
           c.segment, coalesce(o.order_date, i.issue_date) as day, coalesce(o.quantity, l.quantity) as quantity
    from invoice_lines l
    join invoices i using (invoice_id)
    left join customers c using (customer_id)
    left join order_lines o on o.order_id = l.order_id and o.line_no = l.order_line_no
    where i.document_type = 'invoice' and i.status = 'posted' and l.line_type = 'item' and l.quantity > 0
      and l.subscription_id is null and l.discount_id is null
),
wrong as materialized (
    select billed.*, coalesce(contract.unit_price, segment.unit_price, list.unit_price) as agreed,
           case when contract.source is not null then 'contract' when segment.source is not null then 'segment'
                else 'list' end as source
    from billed
    left join price contract
      on contract.source = 'contract' and contract.item_id = billed.item_id and contract.currency = billed.currency
     and contract.customer_id = billed.customer_id
     and contract.effective_from <= billed.day and (contract.effective_to is null or billed.day < contract.effective_to)
     and (contract.min_quantity is null or contract.min_quantity <= billed.quantity)
     and (contract.max_quantity is null or billed.quantity < contract.max_quantity)
    left join price segment
      on segment.source = 'segment' and segment.item_id = billed.item_id and segment.currency = billed.currency
     and segment.segment = billed.segment
     and segment.effective_from <= billed.day and (segment.effective_to is null or billed.day < segment.effective_to)
     and (segment.min_quantity is null or segment.min_quantity <= billed.quantity)
     and (segment.max_quantity is null or billed.quantity < segment.max_quantity)
    left join price list
      on list.source = 'list' and list.item_id = billed.item_id and list.currency = billed.currency
     and list.effective_from <= billed.day and (list.effective_to is null or billed.day < list.effective_to)
     and (list.min_quantity is null or list.min_quantity <= billed.quantity)
     and (list.max_quantity is null or billed.quantity < list.max_quantity)
    where billed.unit_price <> coalesce(contract.unit_price, segment.unit_price, list.unit_price)
)
select distinct concat_ws('/', invoice_id, line_no) as key,
       minor_unit((unit_price - agreed) * billed_quantity, currency) as money,
       currency
from wrong
where 1 = (     -- two prices of one standing in force on one day prove nothing
    select count(*)
    from price
    where price.source = wrong.source and price.item_id = wrong.item_id and price.currency = wrong.currency
      and (price.customer_id is null or price.customer_id = wrong.customer_id)
      and (price.segment is null or price.segment = wrong.segment)
      and price.effective_from <= wrong.day and (price.effective_to is null or wrong.day < price.effective_to)
      and (price.min_quantity is null or price.min_quantity <= wrong.quantity)
      and (price.max_quantity is null or wrong.quantity < price.max_quantity));
