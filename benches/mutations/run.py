"""Breaks the code on purpose, one line at a time, and tells which break no test notices.

Run from the top of the repository: `python3 benches/mutations/run.py [part of a file's name]`. The breaks are those of `mutations.toml`; a
file is put back after each of them.
"""

import pathlib
import subprocess
import sys
import tomllib


def main() -> int:
    told = tomllib.loads((pathlib.Path(__file__).parent / "mutations.toml").read_text())
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [mutation for mutation in told["mutation"] if wanted in mutation["file"]]
    survived = 0
    for mutation in chosen:
        file, text, becomes = pathlib.Path(mutation["file"]), mutation["text"], mutation["becomes"]
        whole = file.read_text()
        if whole.count(text) != 1:
            sys.exit(f"{file}: {text!r} stands there {whole.count(text)} times")
        file.write_text(whole.replace(text, becomes))
        try:
            done = subprocess.run(["cargo", "test", "-q", *told["tests"][mutation["tests"]]], capture_output=True, text=True, check=False)
        finally:
            file.write_text(whole)
        if "could not compile" in done.stderr:
            sys.exit(f"{file}: with {becomes!r} it does not compile\n{done.stderr[-2000:]}")
        noticed = done.returncode != 0
        survived += not noticed
        print(f"{'noticed' if noticed else 'SURVIVED':9} {file}: {text.strip().splitlines()[0]!r}", flush=True)
    print(f"{len(chosen)} mutations, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
