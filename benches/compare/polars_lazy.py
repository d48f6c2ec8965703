"""The checks as lazy polars queries, one a check, run by the streaming engine: over scans of the files, or over tables
that are loaded first.

python polars_lazy.py FOLDER csv|parquet checks|rows scans|tables FINDINGS
"""

import datetime
import pathlib
import sys

import polars as pl
from polars import col

from columns import CHECK_IDS, KINDS, PACKS, header, write

AS_OF = datetime.date(2026, 11, 5)
TYPES = {str: pl.String, bool: pl.Boolean, "date": pl.Date}
Tables = dict[str, pl.LazyFrame]


def tables(folder: str, format: str, pack: str) -> Tables:
    frames = {}
    for name, wanted in PACKS[pack].items():
        path = pathlib.Path(folder) / f"{name}.{format}"
        if format == "parquet":
            frame = pl.scan_parquet(path)
        else:
            kinds = {column: wanted.get(column, str) for column in header(path)}
            frame = pl.scan_csv(path, schema={c: TYPES.get(k) or pl.Decimal(18, k) for c, k in kinds.items()})
        frames[name] = frame.select(list(wanted))
    return frames


def now(frame: pl.LazyFrame) -> pl.LazyFrame:
    """What is read several times is computed once; the streaming engine would compute it each time."""
    return frame.collect(engine="streaming").lazy()


def exact(amount: pl.Expr, scale: int) -> pl.Expr:
    """A product keeps the larger scale of its factors only, so one of them gets the scale of both first."""
    return amount.cast(pl.Decimal(38, scale))


def minor_unit(amount: pl.Expr) -> pl.Expr:
    half_up = lambda places: amount.round(places, mode="half_away_from_zero").cast(pl.Decimal(38, 2))
    return pl.when(col("currency") == "JPY").then(half_up(0)).otherwise(half_up(2))


def posted(t: Tables, *kinds: str) -> pl.LazyFrame:
    return t["invoices"].filter(col("document_type").is_in(kinds), col("status") == "posted")


def repeated(frame: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    twice = frame.group_by(key).len().filter(col("len") > 1)
    return frame.join(twice, on=key, how="semi")


def found(frame: pl.LazyFrame, key: list[str], money: pl.Expr, currency: str | None = "currency") -> pl.LazyFrame:
    return frame.select(
        pl.concat_str(key, separator="/").alias("key"),
        money.alias("money"),
        (col(currency) if currency else pl.lit(None, pl.String)).alias("currency"),
    )


NOTHING = pl.lit(None, pl.String)


def billed_again(t: Tables) -> pl.LazyFrame:
    key = ["customer_id", "currency", "gross_total"]
    bill = (
        posted(t, "invoice")
        .filter(col("gross_total") > 0)
        .join(t["customers"].filter(~col("one_off")), on="customer_id", how="semi")
        .select("invoice_id", "invoice_no", "issue_date", *key)
    )
    candidate = repeated(bill, key)
    cells = ["item_id", "quantity", "unit_price", "order_id", "shipment_id", "service_start"]
    line = pl.concat_str([col(cell).cast(pl.String).fill_null("") for cell in cells], separator="|")
    content = (
        t["invoice_lines"]
        .join(candidate, on="invoice_id", how="semi")
        .select("invoice_id", line=line)
        .group_by("invoice_id")
        .agg(col("line").sort().str.join("\n"))
    )
    dated = (
        candidate.join(content, on="invoice_id")
        .sort("issue_date", "invoice_no", "invoice_id")
        .with_columns(before=col("issue_date").shift(1).over([*key, "line"]))
    )
    again = dated.filter(col("issue_date") - col("before") <= pl.duration(days=7))
    return found(again, ["invoice_id"], col("gross_total"))


def number_respelled(t: Tables) -> pl.LazyFrame:
    key = ["customer_id", "currency", "gross_total"]
    number = col("invoice_no").str.to_uppercase()
    bill = posted(t, "invoice").select("invoice_id", "invoice_no", "issue_date", *key)
    folded = repeated(bill, key).with_columns(
        fold=number.str.replace_all("[^0-9A-Z]", "")
        .str.replace_many(["O", "I", "L", "B", "S"], ["0", "1", "1", "8", "5"])
        .str.replace_all("(^|[^0-9])0+([0-9])", "${1}${2}")
    )
    candidate = now(repeated(folded, [*key, "fold"])).with_columns(
        runs=number.str.extract_all("[0-9]+|[A-Z]+")
        .list.eval(pl.element().str.replace("^0+([0-9])", "${1}"))
        .list.join("|"),
        place=number.str.extract_all("."),
        order=pl.concat_str(col("issue_date").cast(pl.String), "invoice_no", "invoice_id", separator="|"),
    )
    pair = candidate.join(candidate, on=[*key, "fold"], suffix="_before").filter(
        col("order_before") < col("order"), col("invoice_no") != col("invoice_no_before")
    )
    a, b = col("place_before"), col("place")
    digit = lambda place: place.str.contains("^[0-9]$")
    letter = lambda place: place.str.contains("^[A-Z]$")
    typed = (
        pair.filter(a.list.len() == b.list.len())
        .select("invoice_id", "invoice_id_before", "place", "place_before")
        .explode("place", "place_before")
        .group_by("invoice_id", "invoice_id_before")
        .agg(
            later=((a == b) | digit(a) & letter(b)).all(),
            earlier=((a == b) | digit(b) & letter(a)).all(),
        )
        .filter(col("later") | col("earlier"))
    )
    alike = pl.concat([pair.filter(col("runs") == col("runs_before")).select("invoice_id"), typed.select("invoice_id")])
    return found(candidate.join(alike, on="invoice_id", how="semi"), ["invoice_id"], col("gross_total"))


def with_ends(rows: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """A reference row without an end ends where the next of its key starts."""
    starts = rows.select(*key, "effective_from").unique().sort("effective_from")
    following = starts.with_columns(following=col("effective_from").shift(-1).over(key))
    return rows.join(following, on=[*key, "effective_from"], how="left", nulls_equal=True).with_columns(
        effective_to=pl.coalesce("effective_to", "following")
    )


def in_force(day: str) -> pl.Expr:
    return (col("effective_from") <= col(day)) & (col("effective_to").is_null() | (col(day) < col("effective_to")))


def once(wrong: pl.LazyFrame, hits: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """Two reference rows of one standing in force on one day prove nothing."""
    single = hits.join(wrong, on=key, how="semi").group_by(key).len().filter(col("len") == 1)
    return wrong.join(single, on=key, how="semi")


def tax_off_rate(t: Tables) -> pl.LazyFrame:
    keys = ["jurisdiction_id", "tax_type", "rate_class", "scope"]
    place = t["addresses"].filter(col("subdivision").is_not_null())
    bill = (
        posted(t, "invoice")
        .filter(col("channel").fill_null("direct") != "marketplace")
        .join(place.rename({"subdivision": "sender"}), left_on="ship_from_id", right_on="address_id")
        .join(place.rename({"subdivision": "recipient"}), left_on="ship_to_id", right_on="address_id")
        .select(
            "invoice_id",
            "currency",
            tax_point=pl.coalesce("tax_point_date", "issue_date"),
            scope=pl.when(col("sender") == col("recipient")).then(pl.lit("intrastate")).otherwise(pl.lit("interstate")),
        )
    )
    food = col("tax_category").is_in(["food", "drug", "food_drug"])
    hits = (
        t["invoice_taxes"]
        .filter(col("tax_category").is_not_null())
        .with_columns(rate_class=pl.when(food).then(pl.lit("food_drug")).otherwise(pl.lit("general")))
        .join(bill, on="invoice_id")
        .join(with_ends(t["tax_rates"], keys), on=keys)
        .filter(in_force("tax_point"))
        .with_columns(difference=col("tax_amount") - minor_unit(exact(col("taxable_amount"), 8) * col("rate")))
    )
    key = ["invoice_id", "tax_no"]
    return found(once(hits.filter(col("difference") != 0), hits, key), key, col("difference"))


def credit_unused(t: Tables) -> pl.LazyFrame:
    credited = t["credit_applications"]
    refunded = t["refunds"].filter(col("status") == "paid", col("credit_note_id").is_not_null())
    used = (
        pl.concat([credited.select("credit_note_id", "amount"), refunded.select("credit_note_id", "amount")])
        .group_by("credit_note_id")
        .agg(used=col("amount").sum())
    )
    credit = (
        posted(t, "credit_note")
        .filter(col("issue_date") < AS_OF - datetime.timedelta(days=30))
        .join(used, left_on="invoice_id", right_on="credit_note_id", how="left")
        .select("invoice_id", "customer_id", "currency", credit=-col("gross_total") - col("used").fill_null(0))
        .filter(col("credit") > 0)
    )
    bill = (
        posted(t, "invoice", "debit_note")
        .filter(pl.coalesce("due_date", "issue_date") <= AS_OF)
        .join(credit, on=["customer_id", "currency"], how="semi")
    )
    settled = (
        pl.concat([t["receipt_applications"].select("invoice_id", "amount"), credited.select("invoice_id", "amount")])
        .join(bill, on="invoice_id", how="semi")
        .group_by("invoice_id")
        .agg(settled=col("amount").sum())
    )
    owed = (
        bill.join(settled, on="invoice_id", how="left")
        .with_columns(owed=col("gross_total") - col("settled").fill_null(0))
        .filter(col("owed") > 0)
        .group_by("customer_id", "currency")
        .agg(col("owed").sum())
    )
    unused = credit.join(owed, on=["customer_id", "currency"])
    return found(unused, ["invoice_id"], pl.min_horizontal("credit", "owed"))


def delivery_unbilled(t: Tables) -> pl.LazyFrame:
    billed = now(
        t["invoice_lines"]
        .filter(col("shipment_id").is_not_null())
        .join(posted(t, "invoice", "debit_note"), on="invoice_id", how="semi")
        .group_by("shipment_id", "shipment_line_no")
        .agg(billed=col("quantity").sum())
    )
    short = (
        t["shipments"]
        .filter(
            col("quantity") > 0,
            col("no_charge_reason").is_null(),
            col("ship_date") <= AS_OF - datetime.timedelta(days=5),
        )
        .join(billed, left_on=["shipment_id", "line_no"], right_on=["shipment_id", "shipment_line_no"], how="left")
        .with_columns(short=col("quantity") - col("billed").fill_null(0))
        .filter(col("short") > 0)
        .select("shipment_id", "line_no", "order_id", "order_line_no", "short")
    )
    order = t["order_lines"].filter(col("billing_type").is_in(["on_shipment", "ship_complete"]))
    wrong = short.join(order, left_on=["order_id", "order_line_no"], right_on=["order_id", "line_no"])
    return found(wrong, ["shipment_id", "line_no"], -minor_unit(exact(col("short"), 7) * col("unit_price")))


def lines_off_total(t: Tables) -> pl.LazyFrame:
    line = (
        t["invoice_lines"]
        .group_by("invoice_id")
        .agg(lines=col("net_amount").sum(), lost=col("net_amount").null_count())
        .filter(col("lost") == 0)
    )
    expected = col("lines") - col("allowance_total").fill_null(0) + col("charge_total").fill_null(0)
    wrong = (
        posted(t, *KINDS)
        .join(line, on="invoice_id")
        .with_columns(difference=col("net_total") - expected)
        .filter(col("difference") != 0)
    )
    return found(wrong, ["invoice_id"], col("difference"))


def number_missing(t: Tables) -> pl.LazyFrame:
    part = col("invoice_no").str.extract_groups("^(INV|CN)-([0-9]{4})-([0-9]+)$")
    series = ["series", "year"]
    numbered = (
        t["invoices"]
        .select(part.struct.rename_fields([*series, "number"]).alias("part"))
        .unnest("part")
        .filter(col("series").is_not_null())
        .with_columns(col("number").cast(pl.Int64))
        .unique()
    )
    number = col("number")
    dense = numbered.group_by(series).agg(
        share=number.len() * 100 - (number.max() - number.min() + 1) * 80, last=number.max()
    )
    holes = (
        numbered.join(dense.filter(col("share") >= 0), on=series)
        .filter(number < col("last"))
        .join(numbered.with_columns(number - 1), on=[*series, "number"], how="anti")
    )
    return found(holes, [*series, "number"], NOTHING, None)


def price_off_agreed(t: Tables) -> pl.LazyFrame:
    key = ["invoice_id", "line_no"]
    bill = (
        posted(t, "invoice")
        .join(t["customers"], on="customer_id", how="left")
        .select("invoice_id", "customer_id", "currency", "segment", "issue_date")
    )
    order = t["order_lines"].select("order_id", "line_no", "order_date", ordered=col("quantity"))
    billed = now(
        t["invoice_lines"]
        .filter(
            col("line_type") == "item",
            col("quantity") > 0,
            col("subscription_id").is_null(),
            col("discount_id").is_null(),
        )
        .join(bill, on="invoice_id")
        .join(order, left_on=["order_id", "order_line_no"], right_on=["order_id", "line_no"], how="left")
        .select(
            *key, "item_id", "unit_price", "quantity", "currency", "customer_id", "segment",
            day=pl.coalesce("order_date", "issue_date"), volume=pl.coalesce("ordered", "quantity"),
        )
    )
    price = with_ends(t["prices"], ["item_id", "customer_id", "segment", "currency"]).rename({"unit_price": "agreed"})
    within = (col("min_quantity").is_null() | (col("min_quantity") <= col("volume"))) & (
        col("max_quantity").is_null() | (col("volume") < col("max_quantity"))
    )
    wrong, better = [], []
    for source, by in [("contract", ["customer_id"]), ("segment", ["segment"]), ("list", [])]:
        on = ["item_id", "currency", *by]
        rows = price.filter(col("source") == source).select(
            *on, "agreed", "min_quantity", "max_quantity", "effective_from", "effective_to"
        )
        hits = billed.join(rows, on=on).filter(in_force("day") & within)
        differing = hits.filter(col("unit_price") != col("agreed"))
        for other in better:
            differing = differing.join(other, on=key, how="anti")
        wrong.append(once(differing, hits, key).select(*key, "currency", "unit_price", "agreed", "quantity"))
        better.append(hits)
    return found(pl.concat(wrong), key, minor_unit(exact(col("unit_price") - col("agreed"), 7) * col("quantity")))


def cross_foot(t: Tables) -> pl.LazyFrame:
    wrong = t["invoices"].filter(col("net_total") + col("tax_total") != col("gross_total"))
    return found(wrong, ["invoice_id"], NOTHING, None)


def balance_missing_or_negative(t: Tables) -> pl.LazyFrame:
    wrong = t["invoices"].filter(col("document_type") != "credit_note", ~(col("balance") >= 0).fill_null(False))
    return found(wrong, ["invoice_id"], NOTHING, None)


def kind_not_in_list(t: Tables) -> pl.LazyFrame:
    return found(t["invoices"].filter(~col("document_type").is_in(KINDS)), ["invoice_id"], NOTHING, None)


def main(folder: str, format: str, pack: str, mode: str, findings: str) -> None:
    t = tables(folder, format, pack)
    if mode == "tables":
        t = {name: now(frame) for name, frame in t.items()}
    queries = {check: globals()[check.replace("-", "_")] for check in CHECK_IDS[pack]}
    write({check: query(t).collect(engine="streaming").rows() for check, query in queries.items()}, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
