"""polars' own typed scan of every mapped column of an engagement: what reading the data once costs.

`python3 benches/scan.py FOLDER`; needs the polars wheel. CSV columns get the types of the canonical columns.
"""

import pathlib
import sys
import tomllib

import polars as pl

from parquet import types


def main(folder: pathlib.Path) -> None:
    known = types()
    frames = []
    for entry in tomllib.loads((folder / "tieout.toml").read_text())["source"]:
        path = folder / entry["path"]
        mapped = [name for name in entry["columns"].values() if isinstance(name, str)]
        if path.suffix == ".parquet":
            frame = pl.scan_parquet(path)
        else:
            headers = path.open().readline().strip().split(",")
            frame = pl.scan_csv(path, schema={name: known.get((entry["population"], name), pl.String) for name in headers})
        frame = frame.select([name for name in mapped if name in frame.collect_schema().names()])
        frames.append(frame.select(pl.all().max()))
    print(len(pl.collect_all(frames, engine="streaming")), "files")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
