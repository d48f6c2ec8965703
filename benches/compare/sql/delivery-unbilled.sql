-- What was delivered against an order that is billed on delivery stands on posted invoices five days later.
with billed as (
    select l.shipment_id, l.shipment_line_no, sum(l.quantity) as quantity
    from invoice_lines l
    join invoices i using (invoice_id)
    where l.shipment_id is not null and i.status = 'posted' and i.document_type in ('invoice', 'debit_note')
    group by l.shipment_id, l.shipment_line_no
),
short as (
    select s.shipment_id, s.line_no, s.order_id, s.order_line_no, s.quantity - coalesce(billed.quantity, 0) as quantity
    from shipments s
    left join billed on billed.shipment_id = s.shipment_id and billed.shipment_line_no = s.line_no
    where s.quantity > 0 and s.no_charge_reason is null and s.ship_date <= date '2026-11-05' - 5
      and s.quantity - coalesce(billed.quantity, 0) > 0
)
select concat_ws('/', short.shipment_id, short.line_no) as key,
       -minor_unit(short.quantity * o.unit_price, o.currency) as money,
       o.currency
from short
join order_lines o on o.order_id = short.order_id and o.line_no = short.order_line_no
where o.billing_type in ('on_shipment', 'ship_complete');
