"""The row checks by pointblank on polars.

python row_checks_pointblank.py FOLDER csv|parquet FINDINGS
"""

import sys

import pointblank as pb
from polars import col

from columns import CHECK_IDS, KINDS, write
from polars_lazy import tables


def main(folder: str, format: str, findings: str) -> None:
    frame = tables(folder, format, "rows")["invoices"].collect()
    plan = (
        pb.Validate(frame)
        .col_vals_expr(expr=col("net_total") + col("tax_total") == col("gross_total"))
        # Not col_vals_ge, which refuses decimals (it asks them whether they are NaN).
        .col_vals_expr(expr=(col("document_type") == "credit_note") | (col("balance") >= 0).fill_null(False))
        .col_vals_in_set(columns="document_type", set=KINDS)
        .interrogate(extract_limit=frame.height)
    )
    extracts = plan.get_data_extracts()
    steps = dict(enumerate(CHECK_IDS["rows"], start=1))
    write({check: [(key, None, None) for key in extracts[i]["invoice_id"]] for i, check in steps.items()}, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
