//! What is lawful where and when: jurisdictions, rates, taxability, certificates, the practice of states. Read once, checked first.
//!
//! Every table is the user's, with its dates; a row without an end ends where the next of the same key begins.

mod read;

use std::collections::HashMap;

use tieout_ingest::store::Store;
use tieout_model::filing::{Basis, Exemption, ReferenceRemark, RuleRow};
use tieout_model::{Date, Period, RecordRef};

use super::place::Boundaries;
use crate::catalog::Catalog;
use crate::engine::{Engine, EngineError};
use crate::rows::rows;

/// A taxing authority or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Jurisdiction {
    pub id: String,
    pub level: Level,
    pub name: String,
    pub reporting_code: String,
    pub parent: Option<u32>,
    /// `US-NE`, `DE`: of the state or country itself.
    pub subdivision: Option<String>,
    pub currency: Option<String>,
}

/// How far an authority reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Country,
    State,
    County,
    City,
    District,
}

impl Level {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "country" => Self::Country,
            "state" => Self::State,
            "county" => Self::County,
            "city" => Self::City,
            "district" => Self::District,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::State => "state",
            Self::County => "county",
            Self::City => "city",
            Self::District => "district",
        }
    }

    /// True for the level that files a return.
    pub(crate) fn is_top(self) -> bool {
        matches!(self, Self::Country | Self::State)
    }
}

/// A row of the rate table.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    pub record: RecordRef,
    pub jurisdiction: u32,
    pub class: String,
    pub scope: String,
    /// Scale 12.
    pub rate: i128,
    /// Tax by the unit: money units.
    pub flat: Option<i128>,
    /// Taxed price of one article, at most: money units.
    pub cap: Option<i128>,
    pub from: Date,
    pub to: Option<Date>,
}

/// What is taxed.
#[derive(Clone, Debug)]
pub(crate) struct Taxability {
    pub treatment: String,
    pub condition: Option<String>,
    /// Money units.
    pub threshold: Option<i128>,
    pub from: Date,
    pub to: Option<Date>,
}

/// Days on which something is not taxed.
#[derive(Clone, Debug)]
pub(crate) struct Holiday {
    pub from: Date,
    pub to: Date,
    /// Price of an article, at most: money units.
    pub threshold: Option<i128>,
}

/// Where a seller files.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub entity: String,
    pub jurisdiction: u32,
    pub number: Option<String>,
    pub from: Date,
    pub to: Option<Date>,
    pub frequency: Frequency,
    pub due_day: Option<i128>,
    pub basis: Basis,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    Monthly,
    Quarterly,
    Annual,
}

impl Frequency {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Annual => "annually",
        }
    }

    /// The filing period of a day.
    pub(crate) fn period(self, day: Date) -> String {
        match self {
            Self::Monthly => format!("{:04}-{:02}", day.year(), day.month()),
            Self::Quarterly => format!("{:04}Q{}", day.year(), (day.month() - 1) / 3 + 1),
            Self::Annual => format!("{:04}", day.year()),
        }
    }
}

/// A paper that exempts.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub id: String,
    pub customer: String,
    pub reason: Exemption,
    pub is_blanket: bool,
    pub invoice: Option<String>,
    pub received: Option<Date>,
    pub from: Date,
    pub to: Option<Date>,
    pub status: String,
}

/// A row of a dated table by state.
#[derive(Clone, Debug)]
struct Dated<T> {
    from: Date,
    to: Option<Date>,
    value: T,
    cite: String,
}

/// A tier of a vendor's discount.
#[derive(Clone, Debug)]
pub(crate) struct Tier {
    pub up_to: Option<i128>,
    pub rate: i128,
    pub cap: Option<i128>,
    pub from: Date,
}

/// A state, and a category or all of them.
type Scope = (String, Option<String>);

type ByState<T> = HashMap<(String, String), Vec<Dated<T>>>;

/// All of it.
pub(crate) struct Reference {
    pub jurisdictions: Vec<Jurisdiction>,
    by_id: HashMap<String, u32>,
    by_code: HashMap<(String, Level, String), u32>,
    by_subdivision: HashMap<String, u32>,
    pub rates: Vec<Rate>,
    rates_of: HashMap<u32, Vec<usize>>,
    sets: HashMap<String, Vec<u32>>,
    sourcing: HashMap<(String, String, Level), Vec<Dated<bool>>>,
    /// None: the exports have no taxability table.
    pub taxability: Option<HashMap<(u32, String), Vec<Taxability>>>,
    holidays: HashMap<(u32, String), Vec<Holiday>>,
    pub registrations: Vec<Registration>,
    pub certificates: HashMap<String, Vec<Certificate>>,
    /// None: the exports do not say what certificates cover.
    scopes: Option<HashMap<String, Vec<Scope>>>,
    date_rules: ByState<String>,
    practice: ByState<String>,
    pub discounts: HashMap<String, Vec<Tier>>,
    pub remarks: Vec<ReferenceRemark>,
}

/// Why no row of a table can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// There is none.
    None,
    /// Several contradict one another.
    Several,
}

impl Reference {
    pub(crate) fn read(engine: &dyn Engine, catalog: &Catalog) -> Result<Self, EngineError> {
        let mut reference = Self::empty();
        reference.read_jurisdictions(engine, catalog)?;
        reference.read_rates(engine, catalog)?;
        reference.read_law(engine, catalog)?;
        reference.read_practice(engine, catalog)?;
        reference.read_certificates(engine, catalog)?;
        Ok(reference)
    }

    /// Rates without anything else; a jurisdiction that is not described is taken by its id.
    pub(crate) fn rates_alone(engine: &dyn Engine, catalog: &Catalog) -> Result<Self, EngineError> {
        let mut reference = Self::empty();
        reference.read_jurisdictions(engine, catalog)?;
        for row in rows(engine, catalog, "tax_rate", &["jurisdiction_id"])?.iter() {
            let Some(id) = row.text("jurisdiction_id").filter(|id| !reference.by_id.contains_key(id)) else { continue };
            reference.by_id.insert(id.clone(), index(reference.jurisdictions.len()));
            reference.jurisdictions.push(Jurisdiction {
                name: id.clone(),
                reporting_code: id.clone(),
                id,
                level: Level::Country,
                parent: None,
                subdivision: None,
                currency: None,
            });
        }
        reference.read_rates(engine, catalog)?;
        Ok(reference)
    }

    fn empty() -> Self {
        Self {
            jurisdictions: Vec::new(),
            by_id: HashMap::new(),
            by_code: HashMap::new(),
            by_subdivision: HashMap::new(),
            rates: Vec::new(),
            rates_of: HashMap::new(),
            sets: HashMap::new(),
            sourcing: HashMap::new(),
            taxability: None,
            holidays: HashMap::new(),
            registrations: Vec::new(),
            certificates: HashMap::new(),
            scopes: None,
            date_rules: HashMap::new(),
            practice: HashMap::new(),
            discounts: HashMap::new(),
            remarks: Vec::new(),
        }
    }

    /// What the boundary files leave open, and files that are older than the period.
    pub(crate) fn boundary_remarks(&mut self, boundaries: &Boundaries, store: &Store, period: Period) {
        if boundaries.addresses > 0 {
            let text = format!(
                "{} of {} boundary records are for ranges of addresses: counted, not resolved",
                boundaries.addresses, boundaries.records
            );
            self.remark("unresolved", text, Vec::new());
        }
        if boundaries.lacking > 0 {
            let text = format!("{} boundary records lack a first day or a ZIP code", boundaries.lacking);
            self.remark("missing", text, Vec::new());
        }
        for file in &store.files {
            let Some((kind, quarter)) = quarter_of(&file.path) else { continue };
            if quarter.to < period.to {
                let text = format!("`{}`: {kind} as at {quarter}, older than the period", file.path);
                self.remark("stale", text, Vec::new());
            }
        }
    }

    pub(crate) fn remark(&mut self, kind: &str, text: String, rows: Vec<RecordRef>) {
        self.remarks.push(ReferenceRemark { kind: kind.to_owned(), text, rows });
    }

    /// A state as tables name it: `DE` is Germany where there is a country of that name, else Delaware.
    fn named(&self, state: &str) -> String {
        if self.by_subdivision.contains_key(state) { state.to_owned() } else { normal(state, "US") }
    }

    pub(crate) fn jurisdiction(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn by_code(&self, fips: &str, level: Level, code: &str) -> Option<u32> {
        self.by_code.get(&(fips.to_owned(), level, code.to_owned())).copied()
    }

    pub(crate) fn set(&self, id: &str) -> Option<&Vec<u32>> {
        self.sets.get(id)
    }

    /// The state's own jurisdiction.
    pub(crate) fn state(&self, subdivision: &str) -> Option<u32> {
        self.by_subdivision.get(subdivision).copied()
    }

    /// The state or country that an address lies in, and its name where no jurisdiction is known for it.
    pub(crate) fn state_of_address(&self, country: &str, subdivision: &str) -> Option<String> {
        if !subdivision.is_empty() {
            let normal = normal(subdivision, country);
            if self.by_subdivision.contains_key(&normal) || !self.by_subdivision.contains_key(country) {
                return Some(normal);
            }
        }
        (!country.is_empty()).then(|| country.to_owned())
    }

    /// A jurisdiction and those that it is part of.
    pub(crate) fn chain(&self, mut at: u32) -> Vec<u32> {
        let mut chain = vec![at];
        while let Some(parent) = self.jurisdictions[at as usize].parent.filter(|parent| !chain.contains(parent)) {
            chain.push(parent);
            at = parent;
        }
        chain
    }

    /// The state or country above a jurisdiction.
    pub(crate) fn top(&self, at: u32) -> Option<u32> {
        self.chain(at).into_iter().find(|one| self.jurisdictions[*one as usize].level.is_top())
    }

    /// The row of the rate table in force; a scope that the table does not tell apart is any.
    pub(crate) fn rate(&self, at: u32, class: &str, scope: &str, day: Date) -> Result<usize, Lack> {
        let rows = self.rates_of.get(&at).map(Vec::as_slice).unwrap_or_default();
        let is_in_force = |row: &Rate| row.from <= day && row.to.is_none_or(|to| day < to);
        let of = |scopes: &[&str]| -> Vec<usize> {
            let is = |row: &Rate| row.class == class && scopes.contains(&row.scope.as_str()) && is_in_force(row);
            rows.iter().copied().filter(|at| is(&self.rates[*at])).collect()
        };
        let mut found = of(&[scope]);
        if found.is_empty() {
            found = of(&["", "all", "both"]);
        }
        match found.as_slice() {
            [] => Err(Lack::None),
            [one] => Ok(*one),
            _ => Err(Lack::Several),
        }
    }

    /// All rows of a jurisdiction and class, in order of date.
    pub(crate) fn rates_of(&self, at: u32, class: &str, scope: &str) -> impl Iterator<Item = &Rate> {
        let rows = self.rates_of.get(&at).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|at| &self.rates[*at]).filter(move |row| {
            row.class == class && (row.scope == scope || matches!(row.scope.as_str(), "" | "all" | "both"))
        })
    }

    /// True if the sale is taxed where it comes from; none where no row says.
    pub(crate) fn is_by_origin(&self, state: &str, scope: &str, level: Level, day: Date) -> Option<bool> {
        let rows = self.sourcing.get(&(state.to_owned(), scope.to_owned(), level))?;
        in_force(rows, day).map(|row| row.value)
    }

    /// What the table says of a category: the jurisdiction's own rows, else those of what it is part of.
    pub(crate) fn taxability(&self, at: u32, category: &str, day: Date) -> Result<&Taxability, Lack> {
        let law = self.taxability.as_ref().ok_or(Lack::None)?;
        for one in self.chain(at) {
            let rows = law.get(&(one, category.to_owned())).map(Vec::as_slice).unwrap_or_default();
            let mut found = rows.iter().filter(|row| row.from <= day && row.to.is_none_or(|to| day < to));
            match (found.next(), found.next()) {
                (Some(row), None) => return Ok(row),
                (Some(_), Some(_)) => return Err(Lack::Several),
                (None, _) => {}
            }
        }
        Err(Lack::None)
    }

    /// A holiday of the jurisdiction or of what it is part of.
    pub(crate) fn holiday(&self, at: u32, category: &str, day: Date) -> Option<&Holiday> {
        self.chain(at).into_iter().find_map(|one| {
            let rows = self.holidays.get(&(one, category.to_owned()))?;
            rows.iter().find(|row| row.from <= day && day < row.to)
        })
    }

    /// The registration of a seller in force.
    pub(crate) fn registration(&self, entity: &str, at: u32, day: Date) -> Option<usize> {
        let is = |row: &Registration| {
            row.jurisdiction == at && row.entity == entity && row.from <= day && row.to.is_none_or(|to| day < to)
        };
        self.registrations.iter().position(is)
    }

    /// Which date governs the rate; none where no row says.
    pub(crate) fn date_basis(&self, state: &str, supply: &str, day: Date) -> Option<&str> {
        find(&self.date_rules, state, supply, day)
    }

    /// What a state says on a topic; a state that the tables give no subdivision goes by its jurisdiction's id.
    pub(crate) fn practice(&self, state: &str, topic: &str, day: Date) -> Option<&str> {
        find(&self.practice, state, topic, day)
    }

    /// Rows of a state that are in force on a day.
    pub(crate) fn rules(&self, state: &str, day: Date) -> Vec<RuleRow> {
        let is_own = |of: &str| of == state || of == "*";
        let mut rows = Vec::new();
        for (name, table) in [("practice", &self.practice), ("tax date", &self.date_rules)] {
            for ((of, about), dated) in table.iter().filter(|((of, _), _)| is_own(of)) {
                // What is said for every state gives way to the state's own.
                let is_hidden = of == "*" && table.contains_key(&(state.to_owned(), about.clone()));
                rows.extend(in_force(dated, day).filter(|_| !is_hidden).map(|row| row.told(name, about, &row.value)));
            }
        }
        for ((_, scope, level), dated) in self.sourcing.iter().filter(|((of, ..), _)| of == state) {
            let about = format!("{scope}, {}", level.name());
            let basis = |row: &Dated<bool>| if row.value { "origin" } else { "destination" };
            rows.extend(in_force(dated, day).map(|row| row.told("sourcing", &about, basis(row))));
        }
        rows.sort();
        rows
    }

    /// What a certificate covers; `None` where the exports do not say.
    pub(crate) fn covers(&self, certificate: &str, state: &str, category: Option<&str>) -> Option<bool> {
        let scopes = self.scopes.as_ref()?;
        let rows = scopes.get(certificate).map(Vec::as_slice).unwrap_or_default();
        Some(
            rows.iter()
                .any(|(where_, what)| where_ == state && what.as_deref().is_none_or(|what| Some(what) == category)),
        )
    }
}

/// What a Streamlined file is and its quarter, by its name: `NER2026Q4AUG30` is Nebraska's rates of the fourth quarter.
fn quarter_of(path: &str) -> Option<(&'static str, Period)> {
    let name = path.rsplit(['/', '\\']).next()?;
    let kind = match name.get(2..3)? {
        "R" => "rates",
        "B" => "boundaries",
        _ => return None,
    };
    let is_state = name.get(..2)?.bytes().all(|byte| byte.is_ascii_uppercase());
    let quarter = name.get(3..9)?.parse::<Period>().ok()?;
    is_state.then_some((kind, quarter))
}

impl<T> Dated<T> {
    fn told(&self, table: &str, about: &str, says: &str) -> RuleRow {
        let [table, about, says] = [table, about, says].map(str::to_owned);
        RuleRow { table, about, says, from: self.from, cite: self.cite.clone() }
    }
}

/// The last row that is in force on a day.
fn in_force<T>(rows: &[Dated<T>], day: Date) -> Option<&Dated<T>> {
    rows.iter().filter(|row| row.from <= day && row.to.is_none_or(|to| day < to)).max_by_key(|row| row.from)
}

fn find<'a>(table: &'a ByState<String>, state: &str, key: &str, day: Date) -> Option<&'a str> {
    let of = |state: &str| {
        let rows = table.get(&(state.to_owned(), key.to_owned()))?;
        in_force(rows, day).map(|row| row.value.as_str())
    };
    of(state).or_else(|| of("*"))
}

pub(crate) fn index(length: usize) -> u32 {
    u32::try_from(length).expect("fewer than 2³² of anything")
}

/// `NE` in the US is `US-NE`.
pub(crate) fn normal(subdivision: &str, country: &str) -> String {
    let is_short = subdivision.len() <= 3 && !subdivision.contains('-') && subdivision != "*" && subdivision != country;
    let country = if country.is_empty() { "US" } else { country };
    if is_short { format!("{country}-{}", subdivision.to_ascii_uppercase()) } else { subdivision.to_owned() }
}

/// ANSI INCITS 38:2009 (formerly FIPS 5-2): numeric and alphabetic codes of states.
#[rustfmt::skip]
const FIPS: [(&str, &str); 51] = [
    ("01", "AL"), ("02", "AK"), ("04", "AZ"), ("05", "AR"), ("06", "CA"), ("08", "CO"), ("09", "CT"), ("10", "DE"), ("11", "DC"),
    ("12", "FL"), ("13", "GA"), ("15", "HI"), ("16", "ID"), ("17", "IL"), ("18", "IN"), ("19", "IA"), ("20", "KS"), ("21", "KY"),
    ("22", "LA"), ("23", "ME"), ("24", "MD"), ("25", "MA"), ("26", "MI"), ("27", "MN"), ("28", "MS"), ("29", "MO"), ("30", "MT"),
    ("31", "NE"), ("32", "NV"), ("33", "NH"), ("34", "NJ"), ("35", "NM"), ("36", "NY"), ("37", "NC"), ("38", "ND"), ("39", "OH"),
    ("40", "OK"), ("41", "OR"), ("42", "PA"), ("44", "RI"), ("45", "SC"), ("46", "SD"), ("47", "TN"), ("48", "TX"), ("49", "UT"),
    ("50", "VT"), ("51", "VA"), ("53", "WA"), ("54", "WV"), ("55", "WI"), ("56", "WY"),
];

fn subdivision_of_fips(fips: &str) -> Option<String> {
    FIPS.iter().find(|(code, _)| *code == fips).map(|(_, state)| format!("US-{state}"))
}
