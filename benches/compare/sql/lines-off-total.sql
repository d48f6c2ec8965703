-- Sum of the lines' net, less allowances, plus charges, is the net total.
with line as (
    select invoice_id, sum(net_amount) as net
    from invoice_lines
    group by invoice_id
    having count(*) = count(net_amount)
)
select i.invoice_id as key,
       i.net_total - (line.net - coalesce(i.allowance_total, 0) + coalesce(i.charge_total, 0)) as money,
       i.currency
from invoices i
join line using (invoice_id)
where i.document_type in ('invoice', 'credit_note', 'debit_note') and i.status = 'posted'
  and i.net_total <> line.net - coalesce(i.allowance_total, 0) + coalesce(i.charge_total, 0);
