"""Breaks the code on purpose, one line at a time, and tells which break no test notices.

Run from the top of the repository: `python3 benches/mutations/run.py [part of a file's name]`. Each entry is a file, a text that stands in it
once, what to put there, and the cargo arguments of the tests that should notice. The file is put back afterwards.
"""

import pathlib
import subprocess
import sys

MODEL = ["-p", "tieout-model"]
LIB = ["-p", "tieout-rules", "--lib"]
NULLS = ["-p", "tieout-rules", "--test", "rules", "readme"]

AMOUNT = "crates/model/src/amount.rs"
DATE = "crates/model/src/date.rs"
COVERAGE = "crates/model/src/coverage.rs"
COVER = "crates/rules/src/judge/cover.rs"
NETTING = "crates/rules/src/judge/netting.rs"
NUMBER = "crates/rules/src/judge/number.rs"
SEQUENCE = "crates/rules/src/judge/sequence.rs"
EVAL = "crates/rules/src/expr/eval.rs"
POLARS = "crates/rules/src/engine/polars.rs"

MUTATIONS = [
    # amounts
    (AMOUNT, "Rounding::HalfUp => true,", "Rounding::HalfUp => false,", MODEL),
    (AMOUNT, "Rounding::HalfEven => quotient % 2 != 0,", "Rounding::HalfEven => quotient % 2 == 0,", MODEL),
    (AMOUNT, "if (numerator < 0) == (denominator < 0) { 1 } else { -1 }", "1", MODEL),
    (AMOUNT, "std::cmp::Ordering::Less => false,", "std::cmp::Ordering::Less => true,", MODEL),
    (AMOUNT, "if units % divisor == 0 { Ok(units / divisor) }", "if true { Ok(units / divisor) }", MODEL),
    (AMOUNT, "if self.units < 0 { \"-\" } else { \"\" }", "\"\"", MODEL),
    # dates and accounting
    (DATE, "self.from <= day && day < self.to", "self.from <= day && day <= self.to", MODEL),
    (COVERAGE, "&& sum.money.keys()", "|| sum.money.keys()", MODEL),
    (COVERAGE, "&& self.exceptions.records <= self.tested.records", "", MODEL),
    # intervals
    # `<` for `<=` is the same function: a cut that only touches a span leaves the whole of it either way.
    (COVER, "if cut.1 <= from || to <= cut.0 {", "if cut.1 <= from {", LIB),
    (COVER, "left.push((cut.1, to));", "left.push((from, to));", LIB),
    (COVER, "positive.remove(at);", "let _ = at;", LIB),
    (COVER, "(at.0 == to).then_some(i128::from(count))", "Some(i128::from(count))", LIB),
    # netting
    (NETTING, "let units = whole.min(left[bill]);", "let units = whole;", LIB),
    (NETTING, "left[bill] -= units;", "left[bill] -= 0;", LIB),
    (NETTING, "period.contains(all[bill].date) && credit.date >= period.to", "credit.date >= period.to && false", LIB),
    (NETTING, "all[bill].date.add_days(WINDOW_DAYS) >= credit.date", "all[bill].date.add_days(WINDOW_DAYS) > credit.date", LIB),
    (NETTING, "self.register.ambiguous += 1;", "", LIB),
    (NETTING, "&& own.quantity >= line.quantity", "", LIB),
    (NETTING, "document.customer == credit.customer", "true", LIB),
    (NETTING, "= same.into_iter().max_by(", "= same.into_iter().min_by(", LIB),
    # numbers and series
    (NUMBER, "if left == right {\n        return false;", "if left == right {\n        return true;", LIB),
    (SEQUENCE, "if after - before > 1 {", "if after - before > 2 {", LIB),
    (SEQUENCE, "present.saturating_mul(density.1) < range.saturating_mul(density.0)", "false", LIB),
    # missing values, in each engine
    (EVAL, "(Some(false), _) | (_, Some(false)) => Value::Bool(false),", "(Some(false), Some(false)) => Value::Bool(false),", NULLS),
    (EVAL, "None => return Value::Null,\n                }", "None => {}\n                }", NULLS),
    (EVAL, "if value.is_null() { Value::Null } else { Value::Bool(list.contains(&value)) }", "Value::Bool(list.contains(&value))", NULLS),
    (POLARS, "pl::when(expr(condition).is_null()).then(literal(&Value::Null, value.ty)).otherwise(known)", "known", NULLS),
    (POLARS, "Node::And(a, b) => expr(a).and(expr(b)),", "Node::And(a, b) => expr(a).and(expr(b)).fill_null(pl::lit(false)),", NULLS),
]


def main() -> int:
    survived = 0
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for path, old, new, tests in (mutation for mutation in MUTATIONS if wanted in mutation[0]):
        file = pathlib.Path(path)
        whole = file.read_text()
        if whole.count(old) < 1:
            print(f"STALE     {path}: {old!r} is not there")
            survived += 1
            continue
        file.write_text(whole.replace(old, new, 1))
        try:
            done = subprocess.run(["cargo", "test", "-q", *tests], capture_output=True, text=True, check=False)
        finally:
            file.write_text(whole)
        noticed = done.returncode != 0
        survived += not noticed
        broken = "could not compile" in done.stderr
        print(f"{'noticed' if noticed else 'SURVIVED':9} {path}: {old.splitlines()[0]!r} -> {new.splitlines()[0] if new else ''!r}{' (does not compile)' if broken else ''}", flush=True)
    print(f"{len(MUTATIONS)} mutations, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
