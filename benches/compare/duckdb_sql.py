"""The checks as hand-written DuckDB SQL: over views of the files, or over tables that are loaded first.

python duckdb_sql.py FOLDER csv|parquet checks|rows views|tables FINDINGS
"""

import pathlib
import sys

import duckdb

from columns import CHECK_IDS, PACKS, header, write

SQL = pathlib.Path(__file__).parent / "sql"
TYPES = {str: "VARCHAR", bool: "BOOLEAN", "date": "DATE"}


def reader(path: pathlib.Path, wanted: dict) -> str:
    if path.suffix == ".parquet":
        return f"read_parquet('{path}')"
    kinds = {name: wanted.get(name, str) for name in header(path)}
    columns = ", ".join(f"'{name}': '{TYPES.get(kind) or f'DECIMAL(18, {kind})'}'" for name, kind in kinds.items())
    layout = """header = true, auto_detect = false, delim = ',', quote = '"'"""
    return f"read_csv('{path}', {layout}, columns = {{{columns}}})"


def main(folder: str, format: str, pack: str, mode: str, findings: str) -> None:
    database = duckdb.connect(config={"preserve_insertion_order": False})
    database.execute((SQL / "macros.sql").read_text())
    for name, wanted in PACKS[pack].items():
        source = reader(pathlib.Path(folder) / f"{name}.{format}", wanted)
        kind = {"views": "view", "tables": "table"}[mode]
        database.execute(f"create {kind} {name} as select {', '.join(wanted)} from {source}")
    found = {check: database.execute((SQL / f"{check}.sql").read_text()).fetchall() for check in CHECK_IDS[pack]}
    write(found, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
