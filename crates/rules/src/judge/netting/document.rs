//! The documents that netting looks at, with their lines and what each line bills.

use std::collections::BTreeMap;

use tieout_model::Date;

use super::LineLeft;
use crate::value::{Relation, Value};

/// What a line bills, by name of the kind of thing and its key.
pub(super) type Thing = (&'static str, Vec<Value>);

/// A line: item, quantity and net amount without sign, price, and what it bills.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) item: Value,
    pub(super) quantity: i128,
    pub(super) price: Value,
    pub(super) amount: i128,
    pub(super) things: Vec<Thing>,
    pub(super) no: Value,
    pub(super) original: Value,
    pub(super) rec: i128,
    /// As the document's own sign: a discount on a bill, a surcharge on a credit.
    pub(super) contrary: bool,
}

impl Line {
    pub(super) fn content(&self) -> (&Value, i128, &Value) {
        (&self.item, self.quantity, &self.price)
    }
}

/// A bill or a credit.
pub(super) struct Document {
    pub(super) rec: i128,
    pub(super) id: Value,
    pub(super) number: String,
    pub(super) date: Date,
    pub(super) customer: Value,
    pub(super) currency: Value,
    pub(super) gross: i128,
    pub(super) credit: bool,
    pub(super) void: bool,
    pub(super) original: Value,
    pub(super) replaces: Value,
    pub(super) reason: String,
    pub(super) lines: Vec<Line>,
}

impl Document {
    pub(super) fn order(&self) -> (Date, &str, &Value) {
        (self.date, self.number.as_str(), &self.id)
    }

    pub(super) fn same_content(&self, other: &Self) -> bool {
        self.lines.len() == other.lines.len()
            && self.lines.iter().zip(&other.lines).all(|(a, b)| a.content() == b.content())
    }

    /// Whether every line of the credit is in this bill with at least its quantity.
    pub(super) fn contains(&self, credit: &Self) -> bool {
        let mut rest: Vec<&Line> = self.lines.iter().collect();
        !credit.lines.is_empty()
            && credit.lines.iter().all(|line| {
                let at = rest
                    .iter()
                    .position(|own| own.item == line.item && own.price == line.price && own.quantity >= line.quantity);
                at.map(|at| rest.swap_remove(at)).is_some()
            })
    }

    /// What can be netted of each line: nothing of a line against the document's sign.
    pub(super) fn lines_left(&self) -> Vec<LineLeft> {
        let left = |line: &Line| match line.contrary {
            true => LineLeft { quantity: 0, amount: 0 },
            false => LineLeft { quantity: line.quantity, amount: line.amount },
        };
        self.lines.iter().map(left).collect()
    }

    /// The gross share of a part of the net amount, rounded down.
    pub(super) fn gross_of(&self, net: i128) -> i128 {
        let whole: i128 = self.lines.iter().filter(|line| !line.contrary).map(|line| line.amount).sum();
        if whole == 0 { 0 } else { self.gross.abs().saturating_mul(net) / whole }
    }
}

/// Documents in order, found by id and by party.
pub(super) struct Books {
    pub(super) all: Vec<Document>,
    by_id: BTreeMap<Value, Vec<usize>>,
    by_party: BTreeMap<(Value, Value), Vec<usize>>,
}

impl Books {
    pub(super) fn new(mut all: Vec<Document>) -> Self {
        all.sort_by(|left, right| (left.order(), left.rec).cmp(&(right.order(), right.rec)));
        let (mut by_id, mut by_party): (BTreeMap<_, Vec<usize>>, BTreeMap<_, Vec<usize>>) = Default::default();
        for (index, document) in all.iter().enumerate() {
            by_id.entry(document.id.clone()).or_default().push(index);
            by_party.entry((document.customer.clone(), document.currency.clone())).or_default().push(index);
        }
        Self { all, by_id, by_party }
    }

    /// Documents of an id, in order.
    pub(super) fn by_id(&self, id: &Value) -> impl Iterator<Item = usize> {
        self.by_id.get(id).into_iter().flatten().copied()
    }

    /// Documents of the same customer and currency, in order.
    pub(super) fn of_party<'s>(&'s self, document: &Document) -> impl Iterator<Item = usize> + use<'s> {
        let party = (document.customer.clone(), document.currency.clone());
        self.by_party.get(&party).into_iter().flatten().copied()
    }
}

/// Things that a line may bill: their name, and the columns that make their key. The first that both lines have decides.
pub(super) const THINGS: [(&str, &[&str]); 4] = [
    ("shipment line", &["shipment_id", "shipment_line_no"]),
    ("order line", &["order_id", "order_line_no"]),
    ("subscription and service period", &["subscription_id", "item_id", "service_start", "service_end"]),
    (FEE, &["subscription_id", "charge_code"]),
];

/// A fee has no service period; a charge that has one is known by it.
const FEE: &str = "one-off fee";

/// Reads documents and lines dated up to the as-of day.
pub(super) fn read(documents: &Relation, lines: &Relation, as_of: Option<Date>) -> Vec<Document> {
    let mut by_document = lines_by_document(lines);
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let names = [
        "rec",
        "issue_date",
        "gross_total",
        "invoice_id",
        "customer_id",
        "invoice_no",
        "currency",
        "document_type",
        "status",
        "original_invoice_id",
        "replaces_id",
        "reason_code",
    ];
    let places = names.map(|name| documents.find(name));
    let mut all = Vec::new();
    // In order of record: the lines of a repeated id fall to the first document that has it.
    let mut rows: Vec<&Vec<Value>> = documents.rows.iter().collect();
    rows.sort_by_key(|row| places[0].map(|place| &row[place]));
    for row in rows {
        let cells = places.map(|place| place.map_or(Value::Null, |place| row[place].clone()));
        let [rec, date, gross, id, customer, number, currency, kind, status, original, replaces, reason] = cells;
        let (Some(rec), Some(date)) = (rec.num(), date.date()) else { continue };
        if id.is_null() || customer.is_null() || as_of.is_some_and(|as_of| date > as_of) {
            continue;
        }
        let number = text(&number);
        let credit = kind.as_text() == Some("credit_note");
        let mut lines = by_document.remove(&id).unwrap_or_default();
        // Where the documents state no total, their lines do.
        let of_lines = |lines: &[Line]| {
            lines.iter().map(|line| if line.contrary { -line.amount } else { line.amount }).sum::<i128>()
        };
        let Some(gross) = gross.num().or_else(|| places[2].is_none().then(|| of_lines(&lines))) else { continue };
        for line in &mut lines {
            line.contrary ^= credit;
        }
        all.push(Document {
            rec,
            number: if number.is_empty() { text(&id) } else { number },
            lines,
            id,
            date,
            customer,
            currency,
            gross,
            credit,
            void: status.as_text() == Some("void"),
            original,
            replaces,
            reason: text(&reason).to_lowercase(),
        });
    }
    all
}

fn lines_by_document(lines: &Relation) -> BTreeMap<Value, Vec<Line>> {
    let names = ["rec", "invoice_id", "line_no", "item_id", "quantity", "unit_price", "net_amount", "original_line_no"];
    let places = names.map(|name| lines.find(name));
    let keys = THINGS.map(|(name, columns)| {
        let places: Option<Vec<usize>> = columns.iter().map(|column| lines.find(column)).collect();
        (name, places)
    });
    let (items, ends) = (lines.find("item_id"), lines.find("service_end"));
    let mut by_document: BTreeMap<Value, Vec<Line>> = BTreeMap::new();
    for row in &lines.rows {
        let cells = places.map(|place| place.map_or(Value::Null, |place| row[place].clone()));
        let [rec, document, no, item, quantity, price, amount, original] = cells;
        let has_period = ends.is_some_and(|place| !row[place].is_null());
        let thing = |(name, places): &(&'static str, Option<Vec<usize>>)| {
            let places = places.as_ref()?;
            let key: Vec<Value> = places.iter().map(|&place| row[place].clone()).collect();
            let whole = places.iter().zip(&key).all(|(&place, value)| !value.is_null() || Some(place) == items);
            (whole && !(has_period && *name == FEE)).then_some((*name, key))
        };
        by_document.entry(document).or_default().push(Line {
            things: keys.iter().filter_map(thing).collect(),
            // Whose money is negative takes away; a price correction has no quantity.
            contrary: amount.num().or(quantity.num()).is_some_and(|units| units < 0),
            quantity: quantity.num().map_or(0, i128::abs),
            amount: amount.num().map_or(0, i128::abs),
            rec: rec.num().unwrap_or(-1),
            item,
            price,
            no,
            original,
        });
    }
    by_document.values_mut().for_each(|lines| lines.sort());
    by_document
}
