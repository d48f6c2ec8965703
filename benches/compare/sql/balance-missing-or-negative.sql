-- An invoice, unlike a credit note, has a balance of zero or more.
select invoice_id as key, null as money, null as currency
from invoices
where document_type <> 'credit_note' and not coalesce(balance >= 0, false);
