"""Runs every engine on the same files, proves that they find the same, and prints what it cost each.

python benches/compare/run.py --lines 1000000 --runs 3 --format csv,parquet --tieout target/release/tieout \
    --generator target/release/tieout-benches --out compare.md

See README.md beside this file.
"""

import argparse
import decimal
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

from columns import CHECK_IDS, PACKS

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["duckdb", "polars", "great_expectations", "pandera", "pointblank", "pandas", "pyarrow"]
TITLES = {"checks": "Eight checks", "rows": "Three row checks on invoices"}
SCAN = "polars, typed scan"


def engagement(folder: pathlib.Path, work: pathlib.Path, format: str, pack: str) -> pathlib.Path:
    """The generated engagement over the whole history, with the files and rules of the pack only."""
    head, *sources = (folder / "tieout.toml").read_text().split("[[source]]")
    sources[-1] = sources[-1].split("[rules")[0]
    files = [f'path = "{name}.csv"' for name in PACKS[pack]]
    chosen = [source for source in sources if any(file in source for file in files)]
    chosen = [source.replace('.csv"', f'.{format}"', 1) for source in chosen]
    head = head.replace('period = "2026-10"', 'period = "2024-01-01/2026-11-06"')
    rules = f'[rules]\npaths = ["{HERE / "rules"}"]\nselect = ["{"compare" if pack == "checks" else pack}"]\n'
    path = work / f"{pack}-{format}.toml"
    path.write_text("[[source]]".join([head, *chosen]) + rules)
    return path


def engines(args: argparse.Namespace, folder: pathlib.Path, work: pathlib.Path, format: str, pack: str) -> dict:
    """Name → command; each writes its findings (tieout its report) into the file `{out}`."""
    python = lambda script, *rest: [sys.executable, HERE / script, folder, format, *rest]
    file = engagement(folder, work, format, pack)
    audit = [args.tieout, "audit", file, "--data", folder, "--quiet", "--fail-on", "never", "--report", "json={out}"]
    jobs = {"tieout": audit}
    for mode in ("views", "tables"):
        jobs[f"DuckDB, {mode}"] = python("duckdb_sql.py", pack, mode, "{out}")
    for mode in ("scans", "tables"):
        jobs[f"polars, {mode}"] = python("polars_lazy.py", pack, mode, "{out}")
    if pack == "rows":
        jobs["great_expectations"] = python("row_checks_ge.py", "{out}")
        jobs["pandera"] = python("row_checks_pandera.py", "{out}")
        jobs["pointblank"] = python("row_checks_pointblank.py", "{out}")
    jobs[SCAN] = python("polars_scan.py", pack)
    return {name: [str(word) for word in command] for name, command in jobs.items()}


def measure(command: list[str], log: pathlib.Path) -> dict:
    """Runs a child of its own; CPU, wall and peak memory of the whole child. This process stays small, because the peak
    of a child is never less than the size of its parent when it started."""
    with log.open("w") as output:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {child.returncode}:\n{log.read_text()[-4000:]}")
    return {"cpu": used.ru_utime + used.ru_stime, "user": used.ru_utime, "sys": used.ru_stime, "wall": wall,
            "peak_mb": used.ru_maxrss / 1024}  # fmt: skip


def findings(path: pathlib.Path, pack: str) -> dict:
    content = json.loads(path.read_text())
    exact = lambda money: None if money is None else decimal.Decimal(money)
    rows = lambda check: sorted(((key, exact(money), currency) for key, money, currency in content[check]), key=str_key)
    return {check: rows(check) for check in CHECK_IDS[pack]}


def str_key(row: tuple) -> tuple:
    key, money, currency = row
    return key, money or 0, currency or ""


def compare(found: dict, expected: dict, name: str, other: str) -> None:
    wrong = []
    for check, rows in found.items():
        if rows != expected[check]:
            ours, theirs = Counter(rows), Counter(expected[check])
            wrong.append(f"{check}: {len(rows)} findings of {name}, {len(expected[check])} of {other}")
            for only, left in ((name, ours - theirs), (other, theirs - ours)):
                wrong += [f"  only {only}: {row}" for row in sorted(left.elements(), key=str_key)[:20]]
    if wrong:
        sys.exit("The engines do not find the same.\n" + "\n".join(wrong))


def machine(args: argparse.Namespace) -> dict:
    info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {name: importlib.metadata.version(name) for name in PEERS}
    versions["tieout"] = subprocess.run([args.tieout, "--version"], capture_output=True, text=True).stdout.split()[-1]
    with open(args.tieout, "rb") as binary:
        versions["tieout"] += f" (SHA-256 {hashlib.file_digest(binary, 'sha256').hexdigest()[:12]}…)"
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory), "system": platform.platform(),
            "python": platform.python_version(), "load_at_start": os.getloadavg(), "versions": versions}  # fmt: skip


def run(args: argparse.Namespace, folder: pathlib.Path, work: pathlib.Path, format: str, pack: str) -> dict:
    jobs = engines(args, folder, work, format, pack)
    figures: dict[str, list] = {name: [] for name in jobs}
    reference: dict = {}
    out, log = work / "out.json", work / "log.txt"
    for turn in range(args.runs):
        for name in list(jobs) if turn % 2 == 0 else reversed(jobs):
            out.unlink(missing_ok=True)
            figures[name].append(measure([word.replace("{out}", str(out)) for word in jobs[name]], log))
            if name == SCAN:
                continue
            if name == "tieout":
                subprocess.run([sys.executable, HERE / "tieout_findings.py", out, out], check=True)
            found = findings(out, pack)
            reference = reference or {"name": name, "found": found}
            compare(found, reference["found"], name, reference["name"])
            print(f"{format} {pack} {turn + 1}/{args.runs} {name}: {figures[name][-1]['cpu']:.2f} CPU s, same findings")
    counts = {check: len(rows) for check, rows in reference["found"].items()}
    return {"pack": pack, "format": format, "findings": counts, "runs": figures}


def table(part: dict) -> list[str]:
    median = lambda name, what: statistics.median(figure[what] for figure in part["runs"][name])
    ways = lambda *names: min(names, key=lambda name: median(name, "cpu"))
    better = {ways("DuckDB, views", "DuckDB, tables"), ways("polars, scans", "polars, tables")}
    tieout, scan = median("tieout", "cpu"), median(SCAN, "cpu")
    lines = [
        f"## {TITLES[part['pack']]}, {part['format']}",
        "",
        "Findings, the same of every engine: " + ", ".join(f"`{c}` {n}" for c, n in part["findings"].items()) + ".",
        "",
        "| engine | CPU s (user + sys) | wall s | peak MB | CPU ÷ typed scan | tieout's CPU ÷ its |",
        "|---|---|---|---|---|---|",
    ]
    for name in part["runs"]:
        cpu, user, system = (median(name, what) for what in ("cpu", "user", "sys"))
        mark = " (the better)" if name in better else ""
        lines.append(
            f"| {name}{mark} | {cpu:.2f} ({user:.2f} + {system:.2f}) | {median(name, 'wall'):.2f} "
            f"| {median(name, 'peak_mb'):,.0f} | {cpu / scan:.1f} | {tieout / cpu:.1f} |"
        )
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", default="csv,parquet")
    parser.add_argument("--tieout", default="target/release/tieout")
    parser.add_argument("--generator", default="target/release/tieout-benches")
    parser.add_argument("--data", type=pathlib.Path, help="folder of the exports; generated into it if it has none")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="Markdown; the raw figures beside it as .json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        folder = (args.data or work / "data").resolve()
        generate = ["generate", "--lines", str(args.lines), "--seed", str(args.seed), "--out", str(folder)]
        if not (folder / "tieout.toml").exists():
            subprocess.run([args.generator, *generate], check=True, stdout=subprocess.DEVNULL)
        formats = args.format.split(",")
        if "parquet" in formats:
            subprocess.run([sys.executable, HERE / "data.py", folder], check=True)
        result = {"machine": machine(args), "lines": args.lines, "seed": args.seed, "runs": args.runs}
        result["parts"] = [run(args, folder, work, format, pack) for pack in PACKS for format in formats]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.with_suffix(".json").write_text(json.dumps(result, indent=1))
    text = report(result)
    args.out.write_text(text)
    print(text)


def report(result: dict) -> str:
    box = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in box["versions"].items())
    lines = [
        f"# {result['lines']:,} invoice lines, every engine on the same files",
        "",
        f"{box['cores']} cores of {box['cpu']}, {box['memory_gib']} GiB, {box['system']}, Python {box['python']}; "
        f"{versions}. Load average at the start {box['load_at_start'][0]:.1f}.",
        f"`tieout-benches generate --lines {result['lines']} --seed {result['seed']}`; medians of {result['runs']} "
        "runs, the engines in turn, each a process of its own, files in the page cache.",
        "",
    ]
    return "\n".join([*lines, *(line for part in result["parts"] for line in table(part))])


if __name__ == "__main__":
    main()
