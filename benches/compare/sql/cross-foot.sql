-- Net total plus tax total is the gross total.
select invoice_id as key, null as money, null as currency
from invoices
where net_total + tax_total <> gross_total;
