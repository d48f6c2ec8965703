-- A document is an invoice, a credit note or a debit note.
select invoice_id as key, null as money, null as currency
from invoices
where document_type not in ('invoice', 'credit_note', 'debit_note');
