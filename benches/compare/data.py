"""The same exports again as Parquet, typed by the canonical columns, beside the CSV files of a generated folder.

python data.py FOLDER
"""

import csv
import pathlib
import sys
import tomllib

import polars as pl

from columns import CHECKS, MONEY, PRICE, QUANTITY, RATE, header

CONTRACT = pathlib.Path(__file__).parents[2] / "crates/ingest/populations.csv"
KINDS = {
    "money": pl.Decimal(18, MONEY),
    "quantity": pl.Decimal(18, QUANTITY),
    "price": pl.Decimal(18, PRICE),
    "rate": pl.Decimal(18, RATE),
    "date": pl.Date,
    "bool": pl.Boolean,
    "int": pl.Int64,
}


def main(folder: pathlib.Path) -> None:
    with CONTRACT.open() as contract:
        known = {(row["table"], row["column"]): KINDS.get(row["type"], pl.String) for row in csv.DictReader(contract)}
    for entry in tomllib.loads((folder / "tieout.toml").read_text())["source"]:
        path = folder / entry["path"]
        if path.stem in CHECKS:
            schema = {name: known.get((entry["population"], name), pl.String) for name in header(path)}
            pl.read_csv(path, schema=schema).write_parquet(path.with_suffix(".parquet"))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
