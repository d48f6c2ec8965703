"""The row checks by great_expectations on pandas, amounts as exact Arrow decimals.

python row_checks_ge.py FOLDER csv|parquet FINDINGS
"""

import decimal
import os
import pathlib
import sys

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from great_expectations.data_context.types.base import ProgressBarsConfig

from columns import KINDS, ROWS, write


def invoices(folder: str, format: str) -> pd.DataFrame:
    path = pathlib.Path(folder) / f"invoices.{format}"
    kinds = {name: pa.string() if kind is str else pa.decimal128(18, kind) for name, kind in ROWS["invoices"].items()}
    if format == "parquet":
        table = pa.parquet.read_table(path, columns=list(kinds))
    else:
        options = pa.csv.ConvertOptions(include_columns=list(kinds), column_types=kinds, strings_can_be_null=True)
        table = pa.csv.read_csv(path, convert_options=options)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def main(folder: str, format: str, findings: str) -> None:
    frame = invoices(folder, format)
    frame["footed"] = frame["net_total"] + frame["tax_total"]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("exports")
    batch = source.add_dataframe_asset("invoices").add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    billed = {"row_condition": 'document_type != "credit_note"', "condition_parser": "pandas"}
    expectations = {
        "cross-foot": [gx.expectations.ExpectColumnPairValuesToBeEqual(column_A="footed", column_B="gross_total")],
        "balance-missing-or-negative": [
            gx.expectations.ExpectColumnValuesToNotBeNull(column="balance", **billed),
            gx.expectations.ExpectColumnValuesToBeBetween(column="balance", min_value=decimal.Decimal(0), **billed),
        ],
        "kind-not-in-list": [gx.expectations.ExpectColumnValuesToBeInSet(column="document_type", value_set=KINDS)],
    }
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["invoice_id"]}
    found = {}
    for check, parts in expectations.items():
        results = [batch.validate(part, result_format=complete) for part in parts]
        for result in results:
            if result.exception_info.get("raised_exception"):
                raise RuntimeError(result.exception_info)
        found[check] = [
            (row["invoice_id"], None, None) for result in results for row in result.result["unexpected_index_list"] or []
        ]
    write(found, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
