//! The rule file exactly as written, every text with its place.
//!
//! One table for each check kind, `deny_unknown_fields` everywhere: a misspelt key is reported where it stands.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A text with its place in the file.
pub type Text = Spanned<String>;

/// `rules/<id>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Kebab-case, states the exception.
    pub id: Text,
    /// One line.
    pub title: String,
    /// Check family.
    pub family: String,
    /// The catalogue's id.
    pub reference: Option<String>,
    /// Packs it belongs to.
    #[serde(default = "core_pack")]
    pub packs: Vec<String>,
    /// What the books claim.
    pub assertion: String,
    /// `error`, `warning`, `advice`.
    pub severity: Text,
    /// `certain`, `likely`, `review`.
    pub confidence: Text,
    /// What the result rests upon.
    pub reliability: Option<String>,
    /// The norm.
    pub criteria: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// For the clerk, with `{column}` places.
    pub sentence: Text,
    /// The date that puts a record into the period.
    pub scope_date: Option<Text>,
    /// History read for matching: `24 months`, `90 days`.
    pub lookback: Option<Text>,
    /// What the rule is about.
    #[serde(rename = "where")]
    pub condition: Option<Text>,
    /// Rules whose findings on the same documents are consequences of this one's.
    #[serde(default)]
    pub explains: Vec<Text>,
    /// As `explains`, where the money agrees: the consequence's difference is this one's, or the tax on it.
    #[serde(default)]
    pub explains_money: Vec<Text>,
    /// Named expressions.
    #[serde(default)]
    pub params: BTreeMap<String, ParamFile>,
    /// What keeps a legal look-alike silent.
    #[serde(default)]
    pub guards: Vec<GuardFile>,
    /// The money at stake.
    pub effect: Option<EffectFile>,
    /// Exactly one table.
    pub check: CheckFile,
}

fn core_pack() -> Vec<String> {
    vec!["core".to_owned()]
}

/// A parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamFile {
    /// Its expression.
    pub expr: Text,
    /// Where the value comes from: law, contract, policy.
    pub source: String,
}

/// A guard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardFile {
    /// Population whose matching row keeps the record silent; absent: `when` speaks of the record itself.
    pub population: Option<Text>,
    /// Column of the guard's population, or an expression over it, = expression over the record.
    #[serde(rename = "match", default)]
    pub keys: BTreeMap<Text, Text>,
    /// Further condition, over the record and `<population>.<column>`.
    pub when: Option<Text>,
    /// `true` (documents and their lines): the guard speaks where netting left nothing of the record.
    #[serde(default)]
    pub netted: bool,
    /// `true`: the guard speaks where there is no such row.
    #[serde(default)]
    pub absent: bool,
    /// `not-performed` or `review`.
    pub if_missing: Text,
    /// What the guard explains, in words.
    pub because: String,
}

/// The money at stake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectFile {
    /// Class where stated exceeds expected (and for findings without a difference).
    pub above: Option<Text>,
    /// Class where stated is below expected.
    pub below: Option<Text>,
    /// `gross` (default), `net` or `tax`: what the difference is.
    pub part: Option<Text>,
    /// Amount at stake where it is not the difference.
    pub amount: Option<Text>,
    /// Its net, if known.
    pub net: Option<Text>,
    /// Its tax, if known.
    pub tax: Option<Text>,
    /// The customer; the population's own `customer_id` if absent.
    pub party: Option<Text>,
    /// For misposted money: the customer who should have had it.
    pub rightful: Option<Text>,
}

/// The check table; exactly one field is set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// An expression over one record.
    pub assert: Option<AssertFile>,
    /// Children add up.
    pub foot: Option<FootFile>,
    /// A dated reference row.
    pub lookup: Option<LookupFile>,
    /// Billed or paid twice.
    pub duplicate: Option<DuplicateFile>,
    /// A counterpart is missing.
    pub matching: Option<MatchingFile>,
    /// Open on one side while the other is.
    pub balance: Option<BalanceFile>,
    /// Numbers without hole or repeat.
    pub sequence: Option<SequenceFile>,
    /// Two records hold for the same days.
    pub overlap: Option<OverlapFile>,
    /// A recurring record fails to come.
    pub cadence: Option<CadenceFile>,
    /// Stated figure in none of the lawful results.
    pub recompute: Option<RecomputeFile>,
    /// Unlike the item's own history.
    pub outlier: Option<OutlierFile>,
}

/// `[check.assert]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssertFile {
    /// Population under test.
    pub population: Text,
    /// What must hold; or `expect` and `stated`.
    pub that: Option<Text>,
    /// What should be.
    pub expect: Option<Text>,
    /// What is.
    pub stated: Option<Text>,
    /// Difference that the figures' own precision explains.
    pub slack: Option<Text>,
    /// Difference that the export's precision may hide: between `slack` and this nothing can be said.
    pub precision: Option<Text>,
    /// Records of other populations to be counted or summed: `sum.<name>`, `count.<name>`.
    #[serde(default)]
    pub children: Vec<ChildFile>,
}

/// Records of another population, summed for each record under test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildFile {
    /// Their population.
    pub population: Text,
    /// Column of the child, or an expression over it, = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<Text, Text>,
    /// Which of them.
    #[serde(rename = "where")]
    pub condition: Option<Text>,
    /// Which of them, where that depends on the record too: a condition over `<population>.<column>` and the record.
    pub within: Option<Text>,
    /// Name = expression over the child; read as `sum.<name>`. `count.<name>` is the number of rows.
    #[serde(default)]
    pub sum: BTreeMap<String, Text>,
    /// Name = date of the child; the earliest is read as `first.<name>`.
    #[serde(default)]
    pub first: BTreeMap<String, Text>,
    /// Name = date of the child; the latest is read as `last.<name>`.
    #[serde(default)]
    pub last: BTreeMap<String, Text>,
    /// The child's date, to be no later than …
    pub date: Option<Text>,
    /// … this date of the record (or the as-of date).
    pub until: Option<Text>,
    /// `true`: a missing population counts as no rows, and the guard list names it.
    #[serde(default)]
    pub optional: bool,
    /// `true` (invoice lines): what netting left of a line is read as `left.quantity` and `left.net_amount`.
    #[serde(default)]
    pub net: bool,
    /// What part the rows play in the evidence.
    #[serde(default)]
    pub role: Option<String>,
}

/// `[check.foot]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FootFile {
    /// Population of the total.
    pub population: Text,
    /// `equal` (default) or `at-most`.
    pub mode: Option<Text>,
    /// What should be.
    pub expect: Text,
    /// What is.
    pub stated: Text,
    /// Difference that rounding explains.
    pub slack: Option<Text>,
    /// Only a finding if this holds too.
    pub only_if: Option<Text>,
    /// A record without children: `not-tested` (default), `zero`.
    pub childless: Option<Text>,
    /// What adds up.
    pub children: Vec<ChildFile>,
}

/// A date between two columns of the reference row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectiveFile {
    /// Date of the record.
    pub at: Text,
    /// First day in force.
    pub from: Text,
    /// Day after the last.
    pub to: Text,
    /// Date on which a row whose `amount` is less than the one before takes effect, where it is another than `at`.
    pub decrease: Option<Text>,
    /// The amount of the row that rises or falls; goes with `decrease`.
    pub amount: Option<Text>,
}

/// `[check.lookup]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupFile {
    /// Population under test.
    pub population: Text,
    /// Reference population.
    pub into: Text,
    /// Column of the reference = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Which date governs, as dated data: `governing.date` and `governing.decrease`.
    pub governing: Option<GoverningFile>,
    /// Dates of the reference row.
    pub effective: Option<EffectiveFile>,
    /// Quantity bracket of the reference row, `[from, to)`.
    pub bracket: Option<EffectiveFile>,
    /// Key columns that match all where the reference row leaves them empty.
    #[serde(default)]
    pub any_null: Vec<Text>,
    /// Which reference rows count.
    pub when: Option<Text>,
    /// Precedence of a reference column's words, first wins.
    pub rank: Option<RankFile>,
    /// No row: `not-tested` (default) or `finding` or `silent`.
    pub missing: Option<Text>,
    /// Several rows: `not-tested` (default) or `first`.
    pub several: Option<Text>,
    /// What should be.
    pub expect: Option<Text>,
    /// What is.
    pub stated: Option<Text>,
    /// What must hold, instead of expect and stated.
    pub that: Option<Text>,
    /// Difference that rounding explains, for one record.
    pub slack: Option<Text>,
    /// Records are judged together by these columns: Σ expected against Σ stated, slack for each.
    #[serde(default)]
    pub per: Vec<Text>,
    /// Records of other populations to be counted or summed, as in `foot`: `sum.<name>`, `count.<name>`.
    #[serde(default)]
    pub children: Vec<ChildFile>,
    /// `difference` (default) or `former-row`: only where another dated row of the same key explains the stated figure.
    pub report: Option<Text>,
}

/// Precedence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankFile {
    /// Column of the reference row.
    pub column: Text,
    /// Its words, the strongest first.
    pub order: Vec<String>,
}

/// `[check.duplicate]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicateFile {
    /// Population under test.
    pub population: Text,
    /// What is equal; an empty one makes the record not tested.
    pub key: Vec<Text>,
    /// What must differ.
    #[serde(default)]
    pub differs: Vec<Text>,
    /// Columns that, where both have them and they differ, show two sales.
    #[serde(default)]
    pub unless_differs: Vec<Text>,
    /// Dates within so many days.
    pub near: Option<NearFile>,
    /// Texts alike.
    pub similar: Option<Text>,
    /// Lines equal as a set.
    pub content: Option<ContentFile>,
    /// Total order of the group; the first is the original.
    pub order: Vec<Text>,
    /// Documents that netting removed are left out.
    #[serde(default)]
    pub net: bool,
    /// A rhythm of at least so many equal steps explains the repeat.
    pub cadence: Option<u32>,
    /// Money of the surplus record.
    pub amount: Option<Text>,
    /// Quantity that was ordered or shipped; unknown: not tested …
    pub unless: Option<Text>,
    /// … of which each record bills this much: only what exceeds it is surplus.
    pub each: Option<Text>,
}

/// Days apart.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearFile {
    /// The date.
    pub date: Text,
    /// Largest step between neighbours.
    pub days: Text,
}

/// Lines compared as a set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentFile {
    /// Their population.
    pub population: Text,
    /// Column of the line = expression over the document.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Compared columns.
    pub columns: Vec<Text>,
}

/// `[check.matching]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingFile {
    /// Population under test.
    pub population: Text,
    /// `trace` (forward to the books) or `vouch` (back to the document).
    pub direction: Text,
    /// Quantity to be matched; absent: any counterpart does.
    pub quantity: Option<Text>,
    /// Tolerated shortfall of the quantity.
    pub slack: Option<Text>,
    /// Date from which the counterpart is due …
    pub date: Option<Text>,
    /// … after so many days.
    pub after_days: Option<Text>,
    /// Counterparts in order of strength; `sum` gives `sum.quantity`; several are added up.
    #[serde(default)]
    pub counterparts: Vec<ChildFile>,
    /// Service days that must be covered.
    pub cover: Option<CoverFile>,
}

/// Days that a subscription should have been billed for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverFile {
    /// First day.
    pub from: Text,
    /// Day after the last day due (empty: not due yet).
    pub to: Text,
    /// Population of the covering records.
    pub population: Text,
    /// Column of the covering record = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Which of them.
    #[serde(rename = "where")]
    pub condition: Option<Text>,
    /// Their first day.
    pub start: Text,
    /// The day after their last.
    pub end: Text,
    /// Quantity: negative ones take the days away.
    pub sign: Text,
    /// State history: days in other states need no cover.
    pub states: Option<StatesFile>,
    /// Price of one billing period, for the effect.
    pub period_price: Option<Text>,
    /// `monthly`, `quarterly`, `yearly`.
    pub period: Option<Text>,
}

/// State history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatesFile {
    /// Population.
    pub population: Text,
    /// Column of the state = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// States that need no cover.
    pub condition: Text,
    /// First day.
    pub start: Text,
    /// Day after the last.
    pub end: Text,
}

/// `[check.balance]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceFile {
    /// Population under test.
    pub population: Text,
    /// Amount before what was used of it.
    pub amount: Text,
    /// What was used.
    #[serde(default)]
    pub less: Vec<ChildFile>,
    /// `open` (default): a finding if something is left; `settled`: if nothing is.
    pub mode: Option<Text>,
    /// Amounts up to this are nothing.
    pub slack: Option<Text>,
    /// Left open since …
    pub since: Option<Text>,
    /// … for more than so many days.
    pub older_than: Option<Text>,
    /// Only while the same party has something open here.
    pub against: Option<AgainstFile>,
}

/// The other side.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgainstFile {
    /// Its population.
    pub population: Text,
    /// Column of it = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Which of them.
    #[serde(rename = "where")]
    pub condition: Option<Text>,
    /// As `match`, where both sides have the column in the exports (a seller's entities keep separate accounts).
    #[serde(default)]
    pub match_if_mapped: BTreeMap<String, Text>,
    /// Amount before what was used.
    pub amount: Text,
    /// What was used.
    #[serde(default)]
    pub less: Vec<ChildFile>,
}

/// `[check.sequence]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceFile {
    /// Population of numbers.
    pub population: Text,
    /// Columns that make one series.
    pub series: Vec<Text>,
    /// The counting column.
    pub number: Text,
    /// Share of the range that must be present for it to be a series at all, e.g. `0.99`.
    pub density_min: Text,
}

/// `[check.overlap]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapFile {
    /// Population under test.
    pub population: Text,
    /// What holds once at a time; an empty part makes the record not tested.
    pub key: Vec<Text>,
    /// First day.
    pub start: Text,
    /// Day after the last.
    pub end: Text,
    /// `overlap` (default): not equal and overlapping; `same`: equal.
    pub mode: Option<Text>,
    /// What must differ.
    #[serde(default)]
    pub differs: Vec<Text>,
    /// Total order of records of equal days; the first is the original.
    pub order: Vec<Text>,
    /// Quantity or money: negative records take equal days away, else the days themselves.
    pub sign: Option<Text>,
    /// Money of the record; the overlap's share of it is at stake.
    pub amount: Option<Text>,
    /// Records that netting removed are left out.
    #[serde(default)]
    pub net: bool,
}

/// `[check.cadence]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadenceFile {
    /// Population under test.
    pub population: Text,
    /// What comes again and again; an empty part makes the record not tested.
    pub key: Vec<Text>,
    /// Day of the record.
    pub date: Text,
    /// Points that make a rhythm, at least 3.
    pub points: Text,
    /// Days after which a missing one is due.
    pub lag: Text,
    /// Money of a record, for the effect: that of the rhythm, where it is always the same.
    pub amount: Option<Text>,
}

/// `[check.outlier]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlierFile {
    /// Population under test.
    pub population: Text,
    /// Peers: records of one key.
    pub key: Vec<Text>,
    /// The number that is compared.
    pub value: Text,
    /// Peers that make a history.
    pub points: Text,
    /// How many times the usual distance from the middle is unusual.
    pub times: Text,
    /// Share of the peers that may have the same unusual value, at most.
    pub share: Text,
}

/// `[check.recompute]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecomputeFile {
    /// Population under test.
    pub population: Text,
    /// What is.
    pub stated: Text,
    /// Records of other populations to be counted or summed, as in `foot`: `sum.<name>`, `count.<name>`.
    #[serde(default)]
    pub children: Vec<ChildFile>,
    /// Lawful results over one record …
    #[serde(default)]
    pub results: Vec<ResultFile>,
    /// Difference that rounding explains, for `results`.
    pub slack: Option<Text>,
    /// Who follows one convention, for `results`: columns.
    #[serde(default)]
    pub by: Vec<Text>,
    /// … or the tax of a document, by line or in total, by jurisdiction or combined.
    pub tax: Option<TaxFile>,
}

/// One lawful result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultFile {
    /// The convention's name.
    pub convention: String,
    /// What it gives; missing: it does not apply.
    pub expect: Text,
}

/// `[check.recompute.tax]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxFile {
    /// Reference population of rates.
    pub into: Text,
    /// Column of the reference = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Dates of the reference row.
    pub effective: EffectiveFile,
    /// Which reference rows count.
    pub when: Option<Text>,
    /// Which date governs, as dated data.
    pub governing: Option<GoverningFile>,
    /// The base that the record states.
    pub base: Text,
    /// The rate of the reference row.
    pub rate: Text,
    /// The document: Σ of its records is compared too.
    pub document: Vec<Text>,
    /// Line that the record is about, empty where it is about the document.
    pub line: Text,
    /// Jurisdiction that the record is about.
    pub jurisdiction: Text,
    /// Lines of the document, for records about the document.
    pub lines: Option<TaxLinesFile>,
    /// `difference` (default), `mixed`, `pennies`, `drift`.
    pub report: Option<Text>,
    /// Who chooses the method, for `mixed`.
    #[serde(default)]
    pub by: Vec<Text>,
    /// Records that show a drift, at least.
    pub records_min: Option<Text>,
}

/// Lines behind a document's tax.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxLinesFile {
    /// Their population.
    pub population: Text,
    /// Column of the line = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Net amount of a line.
    pub amount: Text,
    /// Whether it is taxed.
    pub taxed: Option<Text>,
}

/// Which date governs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoverningFile {
    /// Population of the rules.
    pub into: Text,
    /// Column of it = expression over the record.
    #[serde(rename = "match")]
    pub keys: BTreeMap<String, Text>,
    /// Key columns where `*` matches all.
    #[serde(default)]
    pub any: Vec<Text>,
    /// First day of a rule.
    pub from: Text,
    /// Day on which the rule must be in force.
    pub at: Text,
    /// Column that names the date.
    pub basis: Text,
    /// Date by name.
    pub dates: BTreeMap<String, Text>,
    /// Date by name on which a decrease of the rate takes effect, where it is another.
    #[serde(default)]
    pub decreases: BTreeMap<String, Text>,
}
