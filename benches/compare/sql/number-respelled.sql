-- Two bills of one customer, currency and total bear one number in two spellings: the same runs of letters and digits
-- but for case, punctuation and leading zeros; or, place by place, the one has letters where the other has the digits
-- that they resemble. The later bill is the finding.
with bill as materialized (
    select invoice_id, invoice_no, issue_date, customer_id, currency, gross_total
    from invoices
    where document_type = 'invoice' and status = 'posted'
),
again as (
    select customer_id, currency, gross_total
    from bill
    group by all
    having count(*) > 1
),
folded as materialized (
    select bill.*,
           regexp_replace(
               translate(regexp_replace(upper(invoice_no), '[^0-9A-Z]', '', 'g'), 'OILBS', '01185'),
               '(^|[^0-9])0+([0-9])', '\1\2', 'g') as fold
    from bill
    semi join again using (customer_id, currency, gross_total)
),
same_fold as (
    select customer_id, currency, gross_total, fold
    from folded
    group by all
    having count(*) > 1
),
candidate as materialized (
    select folded.*,
           list_transform(
               regexp_extract_all(upper(invoice_no), '[0-9]+|[A-Z]+'),
               lambda run: regexp_replace(run, '^0+([0-9])', '\1')) as runs
    from folded
    semi join same_fold using (customer_id, currency, gross_total, fold)
),
pair as (
    select later.invoice_id, later.gross_total, later.currency, later.runs = earlier.runs as same_runs,
           upper(earlier.invoice_no) as a, upper(later.invoice_no) as b
    from candidate later
    join candidate earlier
      on later.customer_id = earlier.customer_id and later.currency = earlier.currency
     and later.gross_total = earlier.gross_total and later.fold = earlier.fold
     and later.invoice_no <> earlier.invoice_no
     and (earlier.issue_date, earlier.invoice_no, earlier.invoice_id)
       < (later.issue_date, later.invoice_no, later.invoice_id)
)
select distinct invoice_id as key, gross_total as money, currency
from pair
where same_runs
   or length(a) = length(b) and (
        list_bool_and(list_transform(range(1, length(a) + 1), lambda i:
            a[i] = b[i] or (a[i] between '0' and '9' and b[i] between 'A' and 'Z')))
     or list_bool_and(list_transform(range(1, length(a) + 1), lambda i:
            a[i] = b[i] or (b[i] between '0' and '9' and a[i] between 'A' and 'Z'))));
