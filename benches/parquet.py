"""Writes a generated folder of CSV exports again as Parquet, typed by the canonical columns, with its engagement.

`python3 benches/parquet.py SOURCE TARGET`; needs the polars wheel (pip install polars).
"""

import csv
import pathlib
import re
import sys
import tomllib

import polars as pl

CONTRACT = pathlib.Path(__file__).parent.parent / "crates/ingest/populations.csv"


def types() -> dict[tuple[str, str], pl.DataType]:
    kinds = {
        "money": pl.Decimal(38, 6),
        "quantity": pl.Decimal(38, 6),
        "price": pl.Decimal(38, 8),
        "rate": pl.Decimal(38, 12),
        "date": pl.Date,
        "int": pl.Int64,
    }
    with CONTRACT.open() as contract:
        return {(row["table"], row["column"]): kinds.get(row["type"], pl.String) for row in csv.DictReader(contract)}


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    target.mkdir(exist_ok=True)
    known = types()
    text = (source / "tieout.toml").read_text()
    for entry in tomllib.loads(text)["source"]:
        name = entry["path"]
        headers = (source / name).open().readline().strip().split(",")
        schema = {header: known.get((entry["population"], header), pl.String) for header in headers}
        pl.read_csv(source / name, schema=schema).write_parquet(target / name.replace(".csv", ".parquet"))
    (target / "tieout.toml").write_text(re.sub(r'\.csv"', '.parquet"', text))
    (target / "labels.csv").write_bytes((source / "labels.csv").read_bytes())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
