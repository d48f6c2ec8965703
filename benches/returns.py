"""Returns of generated sellers against the independent script: as many seeds as wanted, every figure to the cent.

    python3 benches/returns.py TIEOUT TIEOUT-BENCHES SEED...
"""
import csv
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parent / "fixtures" / "sales-tax" / "expected.py"
CAUSES = ("rounding", "wrong_rate", "wrong_jurisdiction", "exempt_taxed", "taxable_untaxed", "arithmetic")
CODES = ("TotalSales", "ExemptionsDeductions", "TaxableSales", "TotalTaxDue", "Discounts", "Priorpayments", "AmountDueOrRefund")


def table(path):
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figures(folder):
    """Paper, key, measure → values; two rate rows of one authority may have one cause on a document."""
    found = defaultdict(list)

    def put(paper, key, row, *measures):
        for measure in measures:
            found[paper, key, measure].append(row[measure])

    for row in table(folder / "bridge.csv"):
        if row["taxed"]:
            put("bridge", row["row"], row, "lines", "net", "taxed")
    for row in table(folder / "schedule.csv"):
        key = "|".join(row[name] for name in ("jurisdiction", "kind", "class", "scope", "original_period", "rate"))
        put("schedule", key, row, "base", "due", "collected", *CAUSES)
    for row in table(folder / "return.csv"):
        if row["code"] in CODES:
            put("return", row["code"], row, "amount")
    for row in table(folder / "certificates.csv"):
        put("certificates", row["certificate"], row, "lines", "net")
    for row in table(folder / "unsupported_exemptions.csv"):
        put("unsupported", f"{row['number']}|{row['line']}", row, "net")
    for paper in ("credits", "bad_debts"):
        for row in table(folder / f"{paper}.csv"):
            put(paper, row["number"], row, "base", "due")
    for name in ("over_collected", "under_collected"):
        for row in table(folder / f"{name}.csv"):
            cause = row["cause"].replace(" ", "_")
            put("register", f"{row['number']}|{row['jurisdiction']}", {cause: row["difference"]}, cause)
    return found


def compare(tieout, generator, seed):
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        arguments = ["--lines", "6000", "--jurisdictions", "60", "--seed", seed, "--out", place]
        subprocess.run([generator, "sales-tax", *arguments], check=True)
        shutil.copy(SCRIPT, place)
        subprocess.run([sys.executable, place / "expected.py"], check=True)
        compared, wrong = 0, []
        for period in ("2026-07", "2026-08", "2026-09", "2026Q3"):
            out = place / "papers" / period
            out.parent.mkdir(exist_ok=True)
            command = [tieout, "return", place, "--quiet", "--period", period, "--out", out]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for state in ("US-OH",) if period == "2026Q3" else ("US-NE", "US-KS"):
                found = figures(out / f"SELLER-{state}-{period}-USD")
                rows = table(place / "expected" / f"{state}-{period}.csv")
                expected = {(row["paper"], row["key"], row["measure"]): row["value"] for row in rows}
                compared += len(expected)
                for key in found.keys() | expected.keys():
                    if expected.get(key) not in found.get(key, []):
                        wrong.append((state, period, key, found.get(key), expected.get(key)))
        print(f"seed {seed}: {compared} figures, {len(wrong)} differ")
        for difference in wrong[:20]:
            print("  ", *difference)
        return not wrong


if __name__ == "__main__":
    tieout, generator, *seeds = sys.argv[1:]
    sys.exit(0 if all([compare(Path(tieout).resolve(), Path(generator).resolve(), seed) for seed in seeds]) else 1)
