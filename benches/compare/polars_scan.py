"""polars' typed scan of the columns that the checks read: what reading them once costs. It finds nothing.

python polars_scan.py FOLDER csv|parquet checks|rows
"""

import sys

import polars as pl

from polars_lazy import tables


def main(folder: str, format: str, pack: str) -> None:
    frames = [frame.select(pl.all().max()) for frame in tables(folder, format, pack).values()]
    pl.collect_all(frames, engine="streaming")


if __name__ == "__main__":
    main(*sys.argv[1:])
