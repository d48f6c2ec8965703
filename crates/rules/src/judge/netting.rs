//! Netting before judging: what voids, credit notes and repairs have already put right.
//!
//! Done once for all rules, so that each unit of a credit is consumed once. In order of issue date, number and id, first
//! by explicit reference, void or replaced document, which is certain; then by the same order line, which is certain too;
//! then by content (customer, currency, lines, opposite amounts, within the window), which is inferred: whole before
//! partial, the nearest earlier bill, and nothing if several bills of different content could be meant.
//!
//! A credit for returned goods, goodwill or a rebate does not say that a bill was wrong: it nets nothing here.

use std::collections::BTreeMap;

use tieout_model::report::{NettingEntry, NettingRegister};
use tieout_model::{Amount, Date, Period};

use crate::value::{Relation, Value};

/// Days within which a credit without a reference is sought among earlier bills.
pub const WINDOW_DAYS: i32 = 180;

/// Words in a reason code that make a credit no repair of a bill.
const NO_REPAIR: [&str; 6] = ["return", "goodwill", "rebate", "courtesy", "loyalty", "bonus"];

/// What is left of a bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    /// Money units left, ≥ 0.
    pub left: i128,
    /// Money units billed.
    pub billed: i128,
    /// How it was netted, in words.
    pub words: Vec<String>,
    /// A credit may or may not be meant for it.
    pub ambiguous: bool,
    /// The document that put it right after the period.
    pub corrected_by: Option<String>,
}

/// The result: residues by record, and the register.
#[derive(Debug, Default)]
pub struct Netting {
    residues: BTreeMap<i128, Residue>,
    /// Everything that was removed.
    pub register: NettingRegister,
}

impl Netting {
    /// What is left of the bill with this record, if netting touched it.
    pub fn of(&self, rec: i128) -> Option<&Residue> {
        self.residues.get(&rec)
    }
}

/// A line for comparison: item, quantity without sign, price; and the order line it bills.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    item: Value,
    quantity: i128,
    price: Value,
    order: Option<(Value, Value)>,
}

impl Line {
    fn content(&self) -> (&Value, i128, &Value) {
        (&self.item, self.quantity, &self.price)
    }
}

struct Document {
    rec: i128,
    id: Value,
    number: String,
    date: Date,
    customer: Value,
    currency: Value,
    gross: i128,
    credit: bool,
    void: bool,
    original: Value,
    replaces: Value,
    reason: String,
    lines: Vec<Line>,
}

impl Document {
    fn order(&self) -> (Date, &str, &Value) {
        (self.date, self.number.as_str(), &self.id)
    }

    fn same_content(&self, other: &Self) -> bool {
        self.lines.len() == other.lines.len()
            && self.lines.iter().zip(&other.lines).all(|(a, b)| a.content() == b.content())
    }

    /// Whether every line of the credit is in this bill with at least its quantity.
    fn contains(&self, credit: &Self) -> bool {
        let mut rest: Vec<&Line> = self.lines.iter().collect();
        !credit.lines.is_empty()
            && credit.lines.iter().all(|line| {
                let at = rest
                    .iter()
                    .position(|own| own.item == line.item && own.price == line.price && own.quantity >= line.quantity);
                at.map(|at| rest.swap_remove(at)).is_some()
            })
    }
}

/// Nets the documents. `documents` has the columns of `plan::documents`, `lines` those of `plan::lines`.
pub fn net(documents: &Relation, lines: &Relation, period: Option<Period>, as_of: Option<Date>) -> Netting {
    let mut all = read(documents, lines);
    all.retain(|document| as_of.is_none_or(|as_of| document.date <= as_of));
    all.sort_by(|left, right| left.order().cmp(&right.order()));
    let mut netting = Netting::default();
    let mut left: Vec<i128> = all.iter().map(|document| document.gross.max(0)).collect();
    for (index, document) in all.iter().enumerate() {
        if document.void && !document.credit && document.gross > 0 {
            let units = left[index];
            netting.record(&all, &mut left, ("void", false), (index, index), units);
        }
    }
    for (index, credit) in
        all.iter().enumerate().filter(|(_, document)| document.credit && !document.void && document.gross < 0)
    {
        if NO_REPAIR.iter().any(|word| credit.reason.contains(word)) {
            continue;
        }
        netting.credit(&all, &mut left, (index, credit), period);
    }
    for (index, document) in all
        .iter()
        .enumerate()
        .filter(|(_, document)| !document.credit && !document.void && !document.replaces.is_null())
    {
        let replaced = all.iter().position(|other| other.id == document.replaces && !other.credit && !other.void);
        if let Some(bill) = replaced
            && left[bill] > 0
        {
            let units = left[bill];
            netting.record(&all, &mut left, ("replaced document", false), (index, bill), units);
        }
    }
    netting
}

impl Netting {
    fn credit(
        &mut self,
        all: &[Document],
        left: &mut [i128],
        (index, credit): (usize, &Document),
        period: Option<Period>,
    ) {
        let whole = -credit.gross;
        let open: Vec<usize> = (0..all.len())
            .filter(|&bill| {
                let document = &all[bill];
                !document.credit
                    && !document.void
                    && left[bill] > 0
                    && document.customer == credit.customer
                    && document.currency == credit.currency
            })
            .collect();
        let (tier, candidates) = if credit.original.is_null() {
            match by_order_line(all, &open, credit) {
                Some(bill) => (("order line", false), vec![bill]),
                None => (("content", true), by_content(all, &open, left, credit)),
            }
        } else {
            (
                ("explicit reference", false),
                open.iter().copied().filter(|&bill| all[bill].id == credit.original).collect(),
            )
        };
        match candidates.as_slice() {
            [] => {}
            [bill] => {
                let bill = *bill;
                let late = period.is_some_and(|period| period.contains(all[bill].date) && credit.date >= period.to);
                if late {
                    let residue = self.touch(all, bill, left[bill]);
                    residue.corrected_by = Some(format!("{} of {}", credit.number, credit.date));
                    return;
                }
                let units = whole.min(left[bill]);
                self.record(all, left, tier, (index, bill), units);
            }
            several => {
                self.register.ambiguous += 1;
                for &bill in several {
                    self.touch(all, bill, left[bill]).ambiguous = true;
                }
            }
        }
    }

    fn touch(&mut self, all: &[Document], bill: usize, left: i128) -> &mut Residue {
        let document = &all[bill];
        self.residues.entry(document.rec).or_insert_with(|| Residue {
            left,
            billed: document.gross,
            ..Residue::default()
        })
    }

    fn record(
        &mut self,
        all: &[Document],
        left: &mut [i128],
        (tier, inferred): (&str, bool),
        (by, bill): (usize, usize),
        units: i128,
    ) {
        left[bill] -= units;
        let (credit, billed) = (&all[by], &all[bill]);
        let remains = left[bill];
        let residue = self.touch(all, bill, remains);
        residue.left = remains;
        let how = if inferred { "by inference from its content" } else { "by" };
        residue.words.push(match tier {
            "void" => format!("{} is void", billed.number),
            _ if inferred => format!("{} of {} netted {} {how}", credit.number, credit.date, billed.number),
            _ => format!("{} of {} nets {} {how} {tier}", credit.number, credit.date, billed.number),
        });
        let rebill = all.iter().find(|document| {
            !document.credit
                && !document.void
                && document.order() > billed.order()
                && document.date >= credit.date
                && document.customer == billed.customer
                && document.gross == billed.gross
                && !billed.lines.is_empty()
                && document.same_content(billed)
        });
        self.register.entries.push(NettingEntry {
            tier: tier.to_owned(),
            inferred,
            credit: credit.number.clone(),
            bill: billed.number.clone(),
            rebill: rebill.filter(|rebill| rebill.rec != credit.rec).map(|rebill| rebill.number.clone()),
            amount: Amount::money(units),
            currency: billed.currency.as_text().unwrap_or_default().to_owned(),
            crosses_period: credit.date.month_start() != billed.date.month_start(),
        });
    }
}

/// The nearest earlier bill that bills every order line that the credit names.
fn by_order_line(all: &[Document], open: &[usize], credit: &Document) -> Option<usize> {
    let named: Vec<&(Value, Value)> = credit.lines.iter().filter_map(|line| line.order.as_ref()).collect();
    if named.is_empty() || named.len() != credit.lines.len() {
        return None;
    }
    let bills = |&bill: &usize| {
        let document = &all[bill];
        document.date <= credit.date
            && named.iter().all(|order| document.lines.iter().any(|line| line.order.as_ref() == Some(*order)))
    };
    open.iter().copied().filter(bills).max_by(|&a, &b| all[a].order().cmp(&all[b].order()))
}

/// Whole before partial; bills of the same content are interchangeable, so the nearest earlier one stands for them.
fn by_content(all: &[Document], open: &[usize], left: &[i128], credit: &Document) -> Vec<usize> {
    let earlier = |&bill: &usize| all[bill].date <= credit.date && all[bill].date.add_days(WINDOW_DAYS) >= credit.date;
    let earlier: Vec<usize> = open.iter().copied().filter(earlier).collect();
    let whole: Vec<usize> = earlier
        .iter()
        .copied()
        .filter(|&bill| left[bill] == -credit.gross && all[bill].gross == -credit.gross)
        .collect();
    let same: Vec<usize> =
        whole.iter().copied().filter(|&bill| !credit.lines.is_empty() && all[bill].same_content(credit)).collect();
    if let Some(nearest) = same.into_iter().max_by(|&a, &b| all[a].order().cmp(&all[b].order())) {
        return vec![nearest];
    }
    if credit.lines.is_empty() {
        return whole;
    }
    earlier.into_iter().filter(|&bill| left[bill] >= -credit.gross && all[bill].contains(credit)).collect()
}

fn read(documents: &Relation, lines: &Relation) -> Vec<Document> {
    let mut by_document: BTreeMap<Value, Vec<Line>> = BTreeMap::new();
    let line = |name: &str| lines.find(name);
    let columns = (
        line("invoice_id"),
        line("item_id"),
        line("quantity"),
        line("unit_price"),
        line("order_id"),
        line("order_line_no"),
    );
    for row in &lines.rows {
        let cell = |column: Option<usize>| column.map_or(Value::Null, |column| row[column].clone());
        let (order, number) = (cell(columns.4), cell(columns.5));
        let quantity = cell(columns.2).num().map_or(0, i128::abs);
        let order = (!order.is_null() && !number.is_null()).then_some((order, number));
        by_document.entry(cell(columns.0)).or_default().push(Line {
            item: cell(columns.1),
            quantity,
            price: cell(columns.3),
            order,
        });
    }
    by_document.values_mut().for_each(|lines| lines.sort());
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for row in &documents.rows {
        let cell = |name: &str| documents.find(name).map_or(Value::Null, |column| row[column].clone());
        let (Some(rec), Some(date), Some(gross)) =
            (cell("rec").num(), cell("issue_date").date(), cell("gross_total").num())
        else {
            continue;
        };
        let id = cell("invoice_id");
        if id.is_null() || cell("customer_id").is_null() {
            continue;
        }
        let number = text(&cell("invoice_no"));
        all.push(Document {
            rec,
            number: if number.is_empty() { text(&id) } else { number },
            lines: by_document.get(&id).cloned().unwrap_or_default(),
            id,
            date,
            customer: cell("customer_id"),
            currency: cell("currency"),
            gross,
            credit: cell("document_type").as_text() == Some("credit_note"),
            void: cell("status").as_text() == Some("void"),
            original: cell("original_invoice_id"),
            replaces: cell("replaces_id"),
            reason: text(&cell("reason_code")).to_lowercase(),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Column, Ty};

    const DOCUMENTS: [&str; 11] = [
        "rec",
        "invoice_id",
        "invoice_no",
        "document_type",
        "status",
        "issue_date",
        "customer_id",
        "currency",
        "gross_total",
        "original_invoice_id",
        "reason_code",
    ];

    fn value(name: &str, text: &str) -> Value {
        match name {
            _ if text.is_empty() => Value::Null,
            "issue_date" => Value::Date(text.parse::<Date>().unwrap().0),
            "rec" => Value::Num(text.parse().unwrap()),
            "gross_total" | "quantity" | "unit_price" => Value::Num(text.parse::<i128>().unwrap() * 1_000_000),
            _ => Value::text(text),
        }
    }

    fn relation(names: &[&str], table: &str) -> Relation {
        let columns = names.iter().map(|name| Column { name: (*name).to_owned(), ty: Ty::Text }).collect();
        let row = |line: &str| names.iter().zip(line.split(',')).map(|(name, cell)| value(name, cell.trim())).collect();
        Relation { columns, rows: table.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect() }
    }

    /// Documents `rec,id,type,status,date,gross,original,reason` of one customer (or a ninth cell's); lines `id,item,quantity,price`.
    fn netted(documents: &str, lines: &str, period: Option<&str>) -> Netting {
        let expand = |line: &str| {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            format!(
                "{},{},{},{},{},{},{},USD,{},{},{}",
                cells[0],
                cells[1],
                cells[1],
                cells[2],
                cells[3],
                cells[4],
                cells.get(8).unwrap_or(&"C1"),
                cells[5],
                cells[6],
                cells[7]
            )
        };
        let table: String =
            documents.lines().map(str::trim).filter(|line| !line.is_empty()).map(expand).collect::<Vec<_>>().join("\n");
        let lines = relation(&["invoice_id", "item_id", "quantity", "unit_price"], lines);
        net(&relation(&DOCUMENTS, &table), &lines, period.map(|period| period.parse().unwrap()), None)
    }

    fn left(netting: &Netting, rec: i128) -> Option<i128> {
        netting.of(rec).map(|residue| residue.left / 1_000_000)
    }

    #[test]
    fn a_reference_decides_before_content() {
        // B is the nearest equal bill; the credit names A.
        let netting = netted(
            "1,A,invoice,posted,2026-10-01,100,,
             2,B,invoice,posted,2026-10-02,100,,
             3,C,credit_note,posted,2026-10-03,-100,A,price",
            "A,X,1,100
             B,X,1,100
             C,X,-1,100",
            None,
        );
        assert_eq!((left(&netting, 1), left(&netting, 2)), (Some(0), None));
        assert_eq!(netting.register.entries[0].tier, "explicit reference");
        assert!(!netting.register.entries[0].inferred);
        assert_eq!(netting.register.entries[0].rebill.as_deref(), None);
    }

    #[test]
    fn equal_content_nets_the_nearest_earlier_bill_only() {
        let documents = "1,A,invoice,posted,2026-10-01,100,,
             2,B,invoice,posted,2026-10-05,100,,
             3,C,credit_note,posted,2026-10-03,-100,,";
        let lines = "A,X,1,100
             B,X,1,100
             C,X,-1,100";
        let netting = netted(documents, lines, None);
        assert_eq!((left(&netting, 1), left(&netting, 2)), (Some(0), None));
        assert_eq!(netting.register.entries[0].rebill.as_deref(), Some("B"));
        assert!(netting.register.entries[0].inferred);
        let both = netted(&documents.replace("2026-10-05", "2026-10-02"), lines, None);
        assert_eq!((left(&both, 1), left(&both, 2)), (None, Some(0)));
    }

    #[test]
    fn a_return_goodwill_or_rebate_repairs_no_bill() {
        for reason in ["return", "Goodwill", "REBATE Q3"] {
            let documents = format!(
                "1,A,invoice,posted,2026-10-01,100,,
                 3,C,credit_note,posted,2026-10-03,-100,A,{reason}"
            );
            assert_eq!(netted(&documents, "A,X,1,100\nC,X,-1,100", None).register.entries.len(), 0, "{reason}");
        }
    }

    #[test]
    fn a_part_nets_only_where_one_bill_can_be_meant() {
        let one = netted(
            "1,A,invoice,posted,2026-10-01,150,,
             3,C,credit_note,posted,2026-10-03,-50,,",
            "A,X,1,100
             A,Y,1,50
             C,Y,-1,50",
            None,
        );
        assert_eq!(left(&one, 1), Some(100));
        let two = netted(
            "1,A,invoice,posted,2026-10-01,150,,
             2,B,invoice,posted,2026-10-02,250,,
             3,C,credit_note,posted,2026-10-03,-50,,",
            "A,X,1,100
             A,Y,1,50
             B,Z,1,200
             B,Y,1,50
             C,Y,-1,50",
            None,
        );
        assert_eq!(two.register.ambiguous, 1);
        assert!(
            two.register.entries.is_empty()
                && two.of(1).is_some_and(|residue| residue.ambiguous && residue.left == 150_000_000)
        );
    }

    #[test]
    fn another_customers_bill_and_a_larger_quantity_are_not_netted() {
        let lines = "A,X,1,100
             C,X,-1,100";
        let other = "1,A,invoice,posted,2026-10-01,100,,,C2
             3,C,credit_note,posted,2026-10-03,-100,,";
        assert_eq!(left(&netted(other, lines, None), 1), None);
        let more = "1,A,invoice,posted,2026-10-01,150,,
             3,C,credit_note,posted,2026-10-03,-100,,";
        let lines = "A,X,1,100
             A,Y,1,50
             C,Y,-2,50";
        assert_eq!(left(&netted(more, lines, None), 1), None);
    }

    #[test]
    fn later_bills_and_bills_out_of_reach_are_not_netted() {
        let later = netted(
            "1,A,invoice,posted,2026-10-04,100,,\n3,C,credit_note,posted,2026-10-03,-100,,",
            "A,X,1,100\nC,X,-1,100",
            None,
        );
        assert_eq!(left(&later, 1), None);
        let day = |from: &str, days: i32| from.parse::<Date>().unwrap().add_days(days);
        for (days, expected) in [(WINDOW_DAYS, Some(0)), (WINDOW_DAYS + 1, None)] {
            let documents = format!(
                "1,A,invoice,posted,2026-01-01,100,,\n3,C,credit_note,posted,{},-100,,",
                day("2026-01-01", days)
            );
            assert_eq!(left(&netted(&documents, "A,X,1,100\nC,X,-1,100", None), 1), expected, "{days} days");
        }
    }

    #[test]
    fn a_credit_after_the_period_corrects_and_does_not_hide() {
        let netting = netted(
            "1,A,invoice,posted,2026-10-04,100,,\n3,C,credit_note,posted,2026-11-03,-100,A,",
            "",
            Some("2026-10"),
        );
        assert!(netting.register.entries.is_empty());
        assert_eq!(netting.of(1).and_then(|residue| residue.corrected_by.as_deref()), Some("C of 2026-11-03"));
    }

    #[test]
    fn a_void_nets_itself() {
        let netting = netted("1,A,invoice,void,2026-10-04,100,,", "", None);
        assert_eq!(left(&netting, 1), Some(0));
        assert_eq!(netting.register.entries[0].tier, "void");
    }

    proptest::proptest! {
        #[test]
        fn no_unit_of_a_credit_is_consumed_twice(bills in proptest::collection::vec((1i64..4, 1u32..6, 0u8..4), 0..6), credits in proptest::collection::vec((1i64..6, 1u32..8, 0usize..8), 0..6)) {
            let mut documents = String::new();
            for (index, (gross, day, status)) in bills.iter().enumerate() {
                let status = if *status == 0 { "void" } else { "posted" };
                documents.push_str(&format!("{index},B{index},invoice,{status},2026-10-0{day},{gross},,\n"));
            }
            for (index, (gross, day, original)) in credits.iter().enumerate() {
                let original = if *original < bills.len() { format!("B{original}") } else { String::new() };
                documents.push_str(&format!("{},C{index},credit_note,posted,2026-10-0{day},-{gross},{original},\n", 100 + index));
            }
            let netting = netted(&documents, "", None);
            for (index, (gross, ..)) in credits.iter().enumerate() {
                let used: i128 = netting.register.entries.iter().filter(|entry| entry.credit == format!("C{index}")).map(|entry| entry.amount.units).sum();
                proptest::prop_assert!(used <= i128::from(*gross) * 1_000_000);
            }
            for (index, (gross, ..)) in bills.iter().enumerate() {
                let gone: i128 = netting.register.entries.iter().filter(|entry| entry.bill == format!("B{index}")).map(|entry| entry.amount.units).sum();
                proptest::prop_assert!(gone <= i128::from(*gross) * 1_000_000);
            }
        }
    }
}
