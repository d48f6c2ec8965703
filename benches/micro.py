"""What each kernel of reading and each check kind costs by itself, in CPU nanoseconds a record.

`python3 benches/micro.py --tieout target/release/tieout --records 1000000 [--data FOLDER] [--runs 3]`

Kernels: a file of one column of one kind is read (`tieout check`), and the same file without that column is taken off; so
is the splitting of records, which is a line of its own. Kinds: one bundled rule of each kind over a generated folder
(`tieout-benches generate`), by `--timings`, which tells the CPU time of each stage apart from reading; the stage grows with
the records of the rule's population, which are counted. Least of the runs, which is what other work beside it disturbs least.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile

RULES = {
    "assert": "totals-do-not-cross-foot",
    "foot": "lines-do-not-add-up",
    "lookup": "price-not-as-agreed",
    "duplicate": "repeated-bill",
    "matching": "shipped-not-billed",
    "balance": "credit-left-open",
    "sequence": "number-gap",
    "overlap": "subscription-periods-overlap",
    "cadence": "recurring-bill-missing",
    "recompute": "tax-differs-from-rate",
    "outlier": "unit-price-unusual",
}


def columns(records: int) -> dict[str, tuple[str, list[str]]]:
    dice = random.Random(7)
    first = datetime.date(2026, 1, 1)
    days = [(first + datetime.timedelta(days=day)).isoformat() for day in range(300)]
    amount = lambda: f"{dice.randrange(10**7) / 100:.2f}"
    return {
        "amount": ("amount", [amount() for _ in range(records)]),
        "day, sorted": ("payment_date", [days[row * 300 // records] for row in range(records)]),
        "day, mixed": ("payment_date", [dice.choice(days) for _ in range(records)]),
        "text, one of three": ("method", [dice.choice(["wire", "check", "card"]) for _ in range(records)]),
        "id, of 50,000": ("customer_id", [f"C-{dice.randrange(50_000):06}" for _ in range(records)]),
        "id, its own": ("reference", [f"R-{row * 7919 % 10**9:010}" for row in range(records)]),
    }


def cpu(command: list[str], runs: int) -> float:
    best = None
    for _ in range(runs):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1, 3):
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
        seconds = used.ru_utime + used.ru_stime
        best = seconds if best is None else min(best, seconds)
    return best


def kernels(tieout: str, records: int, runs: int, formats: list[str]) -> None:
    if "parquet" in formats:
        import polars
    kinds = {"amount": "Decimal", "payment_date": "Date"}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for format in formats:
            base = None
            for title, (name, cells) in {"payment_id only": (None, []), **columns(records)}.items():
                rows = [[f"P{row:08}" for row in range(records)]] + ([cells] if name else [])
                header = ["payment_id"] + ([name] if name else [])
                path = folder / f"payments.{format}"
                if format == "csv":
                    lines = (",".join(row) for row in zip(*rows))
                    path.write_text(",".join(header) + "\n" + "\n".join(lines) + "\n")
                else:
                    frame = polars.DataFrame(dict(zip(header, rows)))
                    if kinds.get(name) == "Decimal":
                        frame = frame.with_columns(polars.col(name).cast(polars.Decimal(18, 2)))
                    if kinds.get(name) == "Date":
                        frame = frame.with_columns(polars.col(name).str.to_date())
                    frame.write_parquet(path)
                mapping = "\n".join(f'{column} = "{column}"' for column in header)
                extra = "" if name == "amount" else 'amount = { constant = "1" }\n'
                extra += "" if name == "payment_date" else 'payment_date = { constant = "2026-10-01" }\n'
                extra += "" if name == "customer_id" else 'customer_id = { constant = "C" }\n'
                text = f'[engagement]\nname = "m"\nperiod = "2026-10"\n\n[[source]]\npopulation = "payment"\n'
                text += f'path = "{path.name}"\n\n[source.columns]\n{mapping}\n{extra}currency = {{ constant = "USD" }}\n'
                (folder / "tieout.toml").write_text(text)
                spent = cpu([tieout, "check", str(folder), "--quiet"], runs)
                base = base or spent
                own = spent if name is None else spent - base
                print(f"{format:8} {title:20} {own * 1e9 / records:8.0f} ns a record", flush=True)


def kinds(tieout: str, folder: pathlib.Path, runs: int) -> None:
    for kind, rule in RULES.items():
        best, of = None, 0
        for _ in range(runs):
            with tempfile.NamedTemporaryFile(suffix=".json") as report:
                words = [tieout, "audit", str(folder), "--quiet", "--fail-on", "never", "--timings", "--select", rule]
                run = subprocess.run([*words, "--report", f"json={report.name}"], capture_output=True, text=True)
                stage = re.search(rf"(\d+) CPU ms +\d+ MB +{re.escape(rule)}\n", run.stderr)
                if stage is None:
                    print(f"{kind:10} {rule}: did not run: {run.stderr.strip()[:200]}")
                    break
                own = json.load(open(report.name))["rules"][0]
                of = own["coverage"]["total"]["records"]
                best = int(stage[1]) if best is None else min(best, int(stage[1]))
        if best is not None:
            print(f"{kind:10} {rule:26} {best:6} CPU ms {of:9} records {best * 1e6 / max(of, 1):8.0f} ns a record", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tieout", default="target/release/tieout")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--data", type=pathlib.Path, help="a generated folder, for the check kinds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", default="csv")
    args = parser.parse_args()
    kernels(args.tieout, args.records, args.runs, args.format.split(","))
    if args.data:
        kinds(args.tieout, args.data, args.runs)


if __name__ == "__main__":
    main()
