"""The row checks by pandera on polars.

python row_checks_pandera.py FOLDER csv|parquet FINDINGS
"""

import sys

import pandera.polars as pa
from polars import col

from columns import KINDS, write
from polars_lazy import tables

CONDITIONS = {
    "cross-foot": col("net_total") + col("tax_total") == col("gross_total"),
    "balance-missing-or-negative": (col("document_type") == "credit_note") | (col("balance") >= 0).fill_null(False),
    "kind-not-in-list": col("document_type").is_in(KINDS),
}


def main(folder: str, format: str, findings: str) -> None:
    checks = [
        pa.Check(lambda data, condition=condition: data.lazyframe.select(condition), name=check, ignore_na=False)
        for check, condition in CONDITIONS.items()
    ]
    found = {check: [] for check in CONDITIONS}
    try:
        pa.DataFrameSchema(checks=checks).validate(tables(folder, format, "rows")["invoices"].collect(), lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            for row in error.failure_cases.iter_rows(named=True):
                found[error.check.name].append((row["invoice_id"], None, None))
    write(found, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
