-- The lines of a bill were billed to the same customer, in the same currency and total, at most 7 days before.
with bill as materialized (
    select i.invoice_id, i.invoice_no, i.issue_date, i.customer_id, i.currency, i.gross_total
    from invoices i
    join customers c using (customer_id)
    where i.document_type = 'invoice' and i.status = 'posted' and i.gross_total > 0 and not c.one_off
),
again as (
    select customer_id, currency, gross_total
    from bill
    group by all
    having count(*) > 1
),
candidate as materialized (
    select bill.* from bill semi join again using (customer_id, currency, gross_total)
),
content as (
    select l.invoice_id,
           list_sort(list(
               row(l.item_id, l.quantity, l.unit_price, l.order_id, l.shipment_id, l.service_start))) as lines
    from invoice_lines l
    semi join candidate using (invoice_id)
    group by l.invoice_id
),
dated as (
    select c.*, lag(c.issue_date) over (
        partition by c.customer_id, c.currency, c.gross_total, content.lines
        order by c.issue_date, c.invoice_no, c.invoice_id) as before
    from candidate c
    join content using (invoice_id)
)
select invoice_id as key, gross_total as money, currency
from dated
where issue_date - before <= 7;
