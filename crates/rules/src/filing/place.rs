//! Which authorities tax at an address on a day: from the boundary files by ZIP+4 or ZIP, else from what the exports assign.

use std::collections::HashMap;

use tieout_model::Date;

use super::reference::{Level, Reference};
use crate::catalog::Catalog;
use crate::engine::{Engine, EngineError};
use crate::rows::{Row, rows};

/// The most districts of a boundary record.
const DISTRICTS: usize = 20;

/// An address as far as taxes go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub id: String,
    pub country: String,
    pub subdivision: String,
    pub zip: String,
    pub zip4: String,
    pub set: String,
}

struct Boundary {
    is_zip4: bool,
    from: Date,
    to: Option<Date>,
    low: u32,
    high: u32,
    /// Plus-4 of the first and last.
    ext: (u16, u16),
    /// Place in `Boundaries::stacks`.
    stack: u32,
}

/// The boundary files.
#[derive(Default)]
pub(crate) struct Boundaries {
    rows: Vec<Boundary>,
    by_zip: HashMap<u32, Vec<u32>>,
    /// Records over very many ZIP codes.
    wide: Vec<u32>,
    /// Who taxes, or which of them the rate files do not know.
    stacks: Vec<Result<Vec<u32>, String>>,
    /// Records for ranges of addresses: counted, not resolved.
    pub addresses: u64,
    /// Records that are not whole.
    pub lacking: u64,
    /// Records in all.
    pub records: u64,
}

/// What the boundary files say of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// These tax there.
    Stack(Vec<u32>),
    /// There is no such ZIP code, or the address has none.
    Nothing,
    /// Several answers, or one that cannot be used; in words.
    Unclear(String),
}

impl Boundaries {
    pub(crate) fn read(engine: &dyn Engine, catalog: &Catalog, reference: &Reference) -> Result<Self, EngineError> {
        let mut names: Vec<String> = [
            "record_type",
            "effective_from",
            "effective_to",
            "zip_low",
            "zip4_low",
            "zip_high",
            "zip4_high",
            "fips_state",
            "state_indicator",
            "fips_county",
            "fips_place",
        ]
        .map(str::to_owned)
        .to_vec();
        for number in 1..=DISTRICTS {
            names.push(format!("district_type_{number}"));
            names.push(format!("district_{number}"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut all = Self::default();
        let mut known: HashMap<Result<Vec<u32>, String>, u32> = HashMap::new();
        // Where the exports resolve boundaries to jurisdictions themselves.
        let mut resolved: HashMap<String, Vec<u32>> = HashMap::new();
        for row in rows(engine, catalog, "boundary_jurisdiction", &["boundary_id", "jurisdiction_id"])?.iter() {
            let member = row.text("jurisdiction_id").and_then(|id| reference.jurisdiction(&id));
            if let (Some(id), Some(member)) = (row.text("boundary_id"), member) {
                resolved.entry(id).or_default().push(member);
            }
        }
        let names: Vec<&str> = names.into_iter().chain(["boundary_id"]).collect();
        for row in rows(engine, catalog, "boundary", &names)?.iter() {
            all.records += 1;
            let kind = row.text("record_type").unwrap_or_default();
            if kind == "address" {
                all.addresses += 1;
                continue;
            }
            let number = |name: &str| row.text(name).and_then(|text| text.trim().parse::<u32>().ok());
            let (Some(from), Some(low)) = (row.day("effective_from"), number("zip_low")) else {
                all.lacking += 1;
                continue;
            };
            let own = row.text("boundary_id").and_then(|id| resolved.get(&id).cloned());
            let stack = own.map_or_else(|| stack(row, reference), Ok);
            let stack = *known.entry(stack.clone()).or_insert_with(|| {
                all.stacks.push(stack);
                super::reference::index(all.stacks.len() - 1)
            });
            let high = number("zip_high").unwrap_or(low);
            let ext = |name: &str| number(name).and_then(|number| u16::try_from(number).ok());
            let at = super::reference::index(all.rows.len());
            if high.saturating_sub(low) > 1_000 {
                all.wide.push(at);
            } else {
                (low..=high).for_each(|zip| all.by_zip.entry(zip).or_default().push(at));
            }
            all.rows.push(Boundary {
                is_zip4: kind == "zip4",
                from,
                to: row.day("effective_to"),
                low,
                high,
                ext: (ext("zip4_low").unwrap_or(0), ext("zip4_high").or_else(|| ext("zip4_low")).unwrap_or(9_999)),
                stack,
            });
        }
        Ok(all)
    }

    /// Who taxes at an address on a day. A record of the ZIP+4 goes before one of the whole ZIP code.
    pub(crate) fn find(&self, address: &Address, day: Date) -> Found {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let all = digits(&address.zip);
        let Some(zip) = all.get(..5).and_then(|zip| zip.parse::<u32>().ok()) else { return Found::Nothing };
        let plus =
            if address.zip4.is_empty() { all.get(5..9).unwrap_or_default().to_owned() } else { digits(&address.zip4) };
        let plus: Option<u16> = plus.parse().ok();
        let candidates = self.by_zip.get(&zip).into_iter().flatten().chain(&self.wide);
        let in_force = candidates
            .map(|at| &self.rows[*at as usize])
            .filter(|row| row.low <= zip && zip <= row.high && row.from <= day && row.to.is_none_or(|to| day < to));
        let rows: Vec<&Boundary> = in_force.collect();
        if let Some(plus) = plus {
            let own = rows.iter().filter(|row| row.is_zip4 && row.ext.0 <= plus && plus <= row.ext.1);
            let found = self.one(own.map(|row| row.stack), zip);
            if found != Found::Nothing {
                return found;
            }
        }
        match self.one(rows.iter().filter(|row| !row.is_zip4).map(|row| row.stack), zip) {
            Found::Nothing if rows.is_empty() => Found::Nothing,
            Found::Nothing => Found::Unclear(format!("ZIP code {zip:05} is taxed by ZIP+4, which the address lacks")),
            found => found,
        }
    }

    fn one(&self, stacks: impl Iterator<Item = u32>, zip: u32) -> Found {
        let mut stacks: Vec<u32> = stacks.collect();
        stacks.sort_unstable();
        stacks.dedup();
        match stacks.as_slice() {
            [] => Found::Nothing,
            [one] => match &self.stacks[*one as usize] {
                Ok(stack) => Found::Stack(stack.clone()),
                Err(why) => Found::Unclear(why.clone()),
            },
            _ => {
                Found::Unclear(format!("ZIP code {zip:05} lies in {} places that are taxed differently", stacks.len()))
            }
        }
    }
}

fn stack(row: Row<'_>, reference: &Reference) -> Result<Vec<u32>, String> {
    let fips = row.text("fips_state").ok_or_else(|| "a boundary record names no state".to_owned())?;
    let mut stack = Vec::new();
    let mut take = |found: Option<u32>, what: &str, code: &str| match found {
        Some(one) => {
            stack.push(one);
            Ok(())
        }
        None => Err(format!("the rate files do not know {what} {code} of state {fips}")),
    };
    if row.text("state_indicator").as_deref() != Some("00") {
        take(reference.by_code(&fips, Level::State, &fips), "the state", &fips)?;
    }
    if let Some(code) = row.text("fips_county") {
        take(reference.by_code(&fips, Level::County, &code), "county", &code)?;
    }
    if let Some(code) = row.text("fips_place") {
        take(reference.by_code(&fips, Level::City, &code), "city", &code)?;
    }
    for number in 1..=DISTRICTS {
        let Some(code) = row.text(&format!("district_{number}")) else { continue };
        let kind = row.text(&format!("district_type_{number}")).unwrap_or_default();
        let by_id = reference.jurisdiction(&format!("{fips}-{kind}-{code}"));
        take(by_id.or_else(|| reference.by_code(&fips, Level::District, &code)), "district", &code)?;
    }
    stack.sort_unstable();
    stack.dedup();
    Ok(stack)
}
