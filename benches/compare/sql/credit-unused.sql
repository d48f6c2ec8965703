-- A credit note of more than 30 days has something left while the customer owes due invoices in its currency.
with credited as materialized (
    select credit_note_id, invoice_id, amount from credit_applications
),
used as (
    select credit_note_id, sum(amount) as amount
    from (
        select credit_note_id, amount from credited
        union all
        select credit_note_id, amount from refunds where status = 'paid' and credit_note_id is not null
    )
    group by credit_note_id
),
credit as materialized (
    select i.invoice_id, i.customer_id, i.currency, -i.gross_total - coalesce(used.amount, 0) as open
    from invoices i
    left join used on used.credit_note_id = i.invoice_id
    where i.document_type = 'credit_note' and i.status = 'posted'
      and i.issue_date < date '2026-11-05' - 30
      and -i.gross_total - coalesce(used.amount, 0) > 0
),
bill as materialized (
    select i.invoice_id, i.customer_id, i.currency, i.gross_total
    from invoices i
    semi join credit using (customer_id, currency)
    where i.document_type in ('invoice', 'debit_note') and i.status = 'posted'
      and coalesce(i.due_date, i.issue_date) <= date '2026-11-05'
),
settled as (
    select invoice_id, sum(amount) as amount
    from (
        select invoice_id, amount from receipt_applications semi join bill using (invoice_id)
        union all
        select invoice_id, amount from credited semi join bill using (invoice_id)
    )
    group by invoice_id
),
owed as (
    select bill.customer_id, bill.currency, sum(bill.gross_total - coalesce(settled.amount, 0)) as open
    from bill
    left join settled using (invoice_id)
    where bill.gross_total - coalesce(settled.amount, 0) > 0
    group by bill.customer_id, bill.currency
)
select credit.invoice_id as key, least(credit.open, owed.open) as money, credit.currency
from credit
join owed using (customer_id, currency);
