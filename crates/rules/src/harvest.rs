//! THE BOUNDARY: exception rows become findings; behind it there are no relations any more.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::finding::Disposition;
use tieout_model::{Amount, Confidence, Date, Effect, EffectClass, Evidence, Figure, Finding, RecordRef, Severity};

use crate::checks::sentence::{Piece, number};
use crate::checks::{Procedure, Wrong};
use crate::rule::Rule;
use crate::value::{Column, Dim, Relation, Ty, Value};

/// A finding and the documents that it is about, for the chain of causes.
pub struct Harvested {
    /// The finding.
    pub finding: Finding,
    /// The wrong item and the documents around it.
    pub touches: BTreeSet<(String, RecordRef)>,
    /// The wrong item alone.
    pub item: (String, RecordRef),
}

/// Rows of evidence by record of the exception.
pub type EvidenceRows = BTreeMap<i128, Vec<Evidence>>;

/// One row of the exceptions with its surroundings.
pub struct Harvest<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Severity in this engagement.
    pub severity: Severity,
    /// The plan that found it.
    pub procedure: &'a Procedure,
    /// Exceptions or candidates.
    pub rows: &'a Relation,
    /// Records of other populations.
    pub evidence: &'a EvidenceRows,
    /// Why absence may be the extract's.
    pub limited: Option<String>,
}

impl Harvest<'_> {
    fn cell(&self, row: usize, name: &str) -> Option<(&Value, Ty)> {
        let at = self.rows.find(name)?;
        Some((&self.rows.rows[row][at], self.rows.columns[at].ty))
    }

    fn words(&self, row: usize, name: &str) -> String {
        self.cell(row, name).map_or_else(|| "–".to_owned(), |(value, ty)| self.shown(row, value, ty))
    }

    fn shown(&self, row: usize, value: &Value, ty: Ty) -> String {
        match figure(value, ty, self.currency(row).as_deref()) {
            Some(figure) => figure.to_string(),
            None => "–".to_owned(),
        }
    }

    fn currency(&self, row: usize) -> Option<String> {
        self.cell(row, "__currency").and_then(|(value, _)| value.as_text().map(str::to_owned))
    }

    /// Makes the finding of one wrong item.
    pub fn finding(&self, wrong: &Wrong) -> Harvested {
        let row = wrong.row;
        let card = &self.rule.card;
        let key: Vec<(String, String)> = self.key(row);
        let expected = self.side(row, "__expected", wrong.expected);
        let stated = self.side(row, "__stated", wrong.stated);
        let difference = self.difference(wrong);
        let evidence = self.evidence_of(wrong);
        let netted = self.netted(wrong, &evidence);
        let wrong = &netted;
        let (confidence, confidence_reason) = self.confidence(wrong);
        let own_key = &key[..self.procedure.own_key.min(key.len())];
        let mut print = blake3::Hasher::new();
        for part in [card.id.as_str(), self.procedure.population.as_str()] {
            print.update(part.as_bytes()).update(&[0]);
        }
        for (column, value) in if own_key.is_empty() { &key[..] } else { own_key } {
            print.update(column.as_bytes()).update(&[1]).update(value.as_bytes()).update(&[0]);
        }
        print.update(wrong.item.as_deref().unwrap_or_default().as_bytes());
        let effects = if self.severity == Severity::Advice { Vec::new() } else { self.effects(wrong) };
        let content = content(&evidence, &[&expected, &stated, &difference], &effects);
        let message = self.message(wrong, &expected, &stated, &difference);
        let fingerprint = print.finalize().to_hex()[..16].to_owned();
        let party = self.party(row);
        let mut touches = self.touches(row, &evidence);
        touches.extend(wrong.covers.iter().map(|&covered| (self.procedure.population.clone(), self.record(covered))));
        let record = self.record(row);
        let finding = Finding {
            case: party.clone().map_or_else(|| fingerprint.clone(), |party| format!("{}:{party}", card.id)),
            fingerprint,
            content,
            rule: card.id.clone(),
            severity: self.severity,
            confidence,
            confidence_reason,
            population: self.procedure.population.clone(),
            key,
            party,
            date: self.cell(row, "__day").and_then(|(value, _)| value.date()).or_else(|| last_issue(&evidence)),
            message,
            expected,
            stated,
            difference,
            effects,
            evidence,
            chain: wrong.chain.clone(),
            remedy: card.remedy.clone(),
            caused_by: None,
            root_cause: None,
            limited: self.limited.clone(),
            corrected_by: wrong.corrected_by.clone(),
            disposition: Disposition::Open,
            history: None,
        };
        Harvested { finding, touches, item: (self.procedure.population.clone(), record) }
    }

    /// The wrong item with what netting knows of the documents that show it, where the kind did not say it itself.
    fn netted(&self, wrong: &Wrong, evidence: &[Evidence]) -> Wrong {
        let mut wrong = wrong.clone();
        let Some(netting) = self.procedure.netting.as_ref().filter(|_| wrong.members.is_empty()) else { return wrong };
        let documents = evidence.iter().filter(|item| item.population == "invoice");
        for residue in documents.filter_map(|item| netting.of(item.record.pack().into())) {
            for words in &residue.words {
                if !wrong.chain.contains(words) {
                    wrong.chain.push(words.clone());
                }
            }
            if residue.ambiguous && wrong.review.is_empty() {
                wrong.review.push("a credit note of this customer may belong to one of these bills".to_owned());
            }
            if wrong.corrected_by.is_none() {
                wrong.corrected_by.clone_from(&residue.corrected_by);
            }
        }
        wrong
    }

    fn record(&self, row: usize) -> RecordRef {
        record(self.cell(row, &self.procedure.rec).and_then(|(value, _)| value.num()))
    }

    fn key(&self, row: usize) -> Vec<(String, String)> {
        let cell = |name: &String| {
            (name.clone(), self.cell(row, name).map_or_else(String::new, |(value, ty)| plain(value, ty)))
        };
        self.procedure.key.iter().map(cell).collect()
    }

    fn party(&self, row: usize) -> Option<String> {
        self.cell(row, "__party").and_then(|(value, _)| value.as_text().map(str::to_owned))
    }

    fn side(&self, row: usize, name: &str, judged: Option<i128>) -> Option<Figure> {
        let (value, ty) = self.cell(row, name)?;
        let judged = judged.map(Value::Num);
        figure(judged.as_ref().unwrap_or(value), ty, self.currency(row).as_deref())
    }

    fn difference(&self, wrong: &Wrong) -> Option<Figure> {
        let (units, scale, money) = self.gap(wrong)?;
        let amount = Amount::new(units, scale);
        Some(match (money, self.currency(wrong.row)) {
            (true, Some(currency)) => Figure::Money { amount, currency },
            _ => Figure::Number(amount),
        })
    }

    /// Stated minus expected: units, scale, whether it is money.
    fn gap(&self, wrong: &Wrong) -> Option<(i128, u8, bool)> {
        let (stated, stated_ty) = self.cell(wrong.row, "__stated")?;
        let (expected, expected_ty) = self.cell(wrong.row, "__expected")?;
        let (Ty::Num { dim: left, scale: a }, Ty::Num { dim: right, scale: b }) = (stated_ty, expected_ty) else {
            return None;
        };
        let scale = a.max(b);
        let widen = |units: i128, from: u8| Amount::new(units, from).units_at(scale).ok();
        let (stated, expected) = (wrong.stated.or(stated.num())?, wrong.expected.or(expected.num())?);
        let units = widen(stated, a)?.checked_sub(widen(expected, b)?)?;
        Some((units, scale, left == Dim::Money || right == Dim::Money))
    }

    fn confidence(&self, wrong: &Wrong) -> (Confidence, String) {
        let ceiling = self.rule.card.confidence;
        let review: Vec<&String> = self.procedure.review.iter().chain(&wrong.review).collect();
        if !review.is_empty() {
            return (Confidence::Review.min(ceiling), review.into_iter().cloned().collect::<Vec<_>>().join("; "));
        }
        if !wrong.likely.is_empty() {
            return (Confidence::Likely.min(ceiling), wrong.likely.join("; "));
        }
        let guards = self.procedure.guards.len();
        let words = match guards {
            0 => "the records prove it".to_owned(),
            1 => "the records prove it, and the guard is silent".to_owned(),
            many => format!("the records prove it, and {many} guards are silent"),
        };
        if wrong.untold.is_empty() {
            return (ceiling, words);
        }
        (ceiling, format!("{words}, with an empty cell where this could stand: {}", wrong.untold.join("; ")))
    }

    fn effects(&self, wrong: &Wrong) -> Vec<Effect> {
        let Some(file) = &self.rule.file.effect else { return Vec::new() };
        let (row, Some(currency)) = (wrong.row, self.currency(wrong.row)) else { return Vec::new() };
        let money = |name: &str| {
            let (value, ty) = self.cell(row, name)?;
            Some(Amount::new(value.num()?, ty.scale()))
        };
        let gap = self.gap(wrong).filter(|gap| gap.2).map(|gap| Amount::new(gap.0, gap.1));
        let whole = wrong.amount.map(Amount::money).or_else(|| money("__amount"));
        let Some(at_stake) = whole.or(gap) else { return Vec::new() };
        let places = tieout_model::amount::minor_units(&currency).unwrap_or(2).max(2);
        // Below the currency's smallest unit nothing can be credited; six decimals are what a ledger column holds.
        let at_stake = if at_stake.scale > tieout_model::amount::MONEY_SCALE {
            at_stake.round(places, tieout_model::Rounding::HalfUp)
        } else {
            at_stake
        };
        let below = self.gap(wrong).is_some_and(|gap| gap.0 < 0);
        let class = if below { file.below.as_ref() } else { file.above.as_ref() };
        let Some(class) = class.and_then(|text| EffectClass::parse(text.as_ref())) else { return Vec::new() };
        if at_stake.is_zero() {
            return Vec::new();
        }
        let gross = at_stake.abs();
        let part = file.part.as_ref().map_or("gross", |part| part.as_ref().as_str());
        let full = wrong.amount.is_none();
        let (net, tax) = match part {
            "net" => (Some(gross), None),
            "tax" => (None, Some(gross)),
            _ => (money("__net").filter(|_| full).map(Amount::abs), money("__tax").filter(|_| full).map(Amount::abs)),
        };
        let effect = Effect { party: self.party(row), class, net, tax, gross, currency };
        if class != EffectClass::Misposted {
            return vec![effect];
        }
        let rightful = self.cell(row, "__rightful").and_then(|(value, _)| value.as_text().map(str::to_owned));
        let other = Effect {
            party: rightful,
            net: None,
            tax: None,
            gross: Amount::new(-gross.units, gross.scale),
            ..effect.clone()
        };
        vec![effect, other]
    }

    fn message(
        &self,
        wrong: &Wrong,
        expected: &Option<Figure>,
        stated: &Option<Figure>,
        difference: &Option<Figure>,
    ) -> String {
        let dash = || "–".to_owned();
        let figure = |figure: &Option<Figure>| figure.as_ref().map_or_else(dash, Figure::to_string);
        let name = |row: usize| {
            let label = ["invoice_no", "payment_id"]
                .iter()
                .find_map(|name| self.cell(row, name).and_then(|(value, _)| value.as_text()));
            label.map_or_else(
                || self.key(row).into_iter().take(2).map(|(_, value)| value).collect::<Vec<_>>().join("/"),
                str::to_owned,
            )
        };
        let made = |what: &str| match what {
            "expected" => figure(expected),
            "stated" => figure(stated),
            "difference" => figure(&difference.as_ref().map(unsigned)),
            "count" => (wrong.members.len() + wrong.more + 1).to_string(),
            "others" => {
                let mut names: Vec<String> = wrong.members.iter().map(|&member| name(member)).collect();
                names.extend((wrong.more > 0).then(|| format!("{} more", wrong.more)));
                names.join(", ")
            }
            _ => wrong.detail.clone(),
        };
        self.procedure
            .sentence
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.clone(),
                Piece::Column(column) => self.words(wrong.row, column),
                Piece::Made(what) => made(what),
            })
            .collect()
    }

    fn cells(&self, row: usize, prefix: &str) -> Vec<(String, String)> {
        let mut cells: Vec<(String, String)> = Vec::new();
        let wanted = |column: &Column| {
            let name = column.name.strip_prefix(prefix)?;
            let made = name.contains(['~', ':', '#', '=', '!'])
                || name.starts_with("__")
                || (name.contains('.') && !prefix.is_empty());
            let foreign = prefix.is_empty() && name.contains('.');
            (!made && !foreign).then(|| name.to_owned())
        };
        for (column, value) in self.rows.columns.iter().zip(&self.rows.rows[row]) {
            if let Some(name) = wanted(column)
                && !value.is_null()
                && cells.iter().all(|(known, _)| *known != name)
            {
                cells.push((name, plain(value, column.ty)));
            }
        }
        // The key first, as people know the record.
        cells.sort_by_key(|(name, _)| self.procedure.key.iter().position(|key| key == name).unwrap_or(usize::MAX));
        cells
    }

    fn evidence_of(&self, wrong: &Wrong) -> Vec<Evidence> {
        let own = |row: usize, role: &str| Evidence {
            population: self.procedure.population.clone(),
            record: self.record(row),
            role: role.to_owned(),
            cells: self.cells(row, ""),
            line: None,
            received: Vec::new(),
        };
        let mut evidence = vec![own(wrong.row, "stated")];
        evidence.extend(wrong.members.iter().map(|&member| own(member, "counterpart")));
        let parents = self.procedure.parents.iter().map(|(column, population)| {
            let prefix = column.trim_end_matches(tieout_ingest::store::REC).to_owned();
            (column.clone(), population.clone(), "parent".to_owned(), prefix)
        });
        for (column, population, role, prefix) in parents.chain(self.procedure.records.iter().cloned()) {
            let Some(units) = self.cell(wrong.row, &column).and_then(|(value, _)| value.num()) else { continue };
            let cells = self.cells(wrong.row, &prefix);
            evidence.push(Evidence {
                population,
                record: record(Some(units)),
                role,
                cells,
                line: None,
                received: Vec::new(),
            });
        }
        let rec = self.cell(wrong.row, &self.procedure.rec).and_then(|(value, _)| value.num());
        for other in rec.and_then(|rec| self.evidence.get(&rec)).into_iter().flatten() {
            if evidence.iter().all(|known| (known.population != other.population) || known.record != other.record) {
                evidence.push(other.clone());
            }
        }
        evidence
    }

    /// Documents and lines only: a shared customer or item connects nothing.
    fn touches(&self, row: usize, evidence: &[Evidence]) -> BTreeSet<(String, RecordRef)> {
        let documents = [
            "invoice",
            "invoice_line",
            "invoice_tax",
            "payment",
            "payment_application",
            "credit_application",
            "order_line",
            "shipment_line",
        ];
        let around = evidence.iter().filter(|item| !matches!(item.role.as_str(), "counterpart" | "reference"));
        let mut touches: BTreeSet<_> = around
            .filter(|item| documents.contains(&item.population.as_str()))
            .map(|item| (item.population.clone(), item.record))
            .collect();
        touches.insert((self.procedure.population.clone(), self.record(row)));
        touches
    }
}

/// The day of issue of the latest document.
fn last_issue(evidence: &[Evidence]) -> Option<Date> {
    let cells = evidence.iter().flat_map(|item| &item.cells).filter(|(column, _)| column == "issue_date");
    cells.filter_map(|(_, day)| day.parse().ok()).max()
}

fn record(units: Option<i128>) -> RecordRef {
    RecordRef::unpack(units.and_then(|units| i64::try_from(units).ok()).unwrap_or(0))
}

fn plain(value: &Value, ty: Ty) -> String {
    if value.is_null() { String::new() } else { number(value, ty) }
}

fn unsigned(figure: &Figure) -> Figure {
    match figure {
        Figure::Money { amount, currency } => Figure::Money { amount: amount.abs(), currency: currency.clone() },
        Figure::Number(amount) => Figure::Number(amount.abs()),
        Figure::Text(text) => Figure::Text(text.clone()),
    }
}

/// A value as a figure; `None` for a missing one.
fn figure(value: &Value, ty: Ty, currency: Option<&str>) -> Option<Figure> {
    Some(match (value, ty) {
        (Value::Null, _) => return None,
        (Value::Num(units), Ty::Num { dim: Dim::Money | Dim::Price, scale }) => {
            let amount = Amount::new(*units, scale);
            match currency {
                Some(currency) => Figure::Money { amount, currency: currency.to_owned() },
                None => Figure::Number(amount),
            }
        }
        (Value::Num(units), ty) => Figure::Number(Amount::new(*units, ty.scale())),
        (value, ty) => Figure::Text(number(value, ty)),
    })
}

/// Digest of members and amounts: no row, no file.
fn content(evidence: &[Evidence], figures: &[&Option<Figure>], effects: &[Effect]) -> String {
    let mut lines: Vec<String> =
        evidence.iter().map(|item| format!("{}\u{1}{}\u{1}{:?}", item.population, item.role, item.cells)).collect();
    lines.sort();
    let mut digest = blake3::Hasher::new();
    for line in lines {
        digest.update(line.as_bytes()).update(&[0]);
    }
    for figure in figures.iter().filter_map(|figure| figure.as_ref()) {
        digest.update(figure.to_string().as_bytes()).update(&[0]);
    }
    for effect in effects {
        digest.update(format!("{}{}{}", effect.class.name(), effect.gross, effect.currency).as_bytes()).update(&[0]);
    }
    digest.finalize().to_hex()[..16].to_owned()
}
