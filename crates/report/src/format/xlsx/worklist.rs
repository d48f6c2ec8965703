//! What to do first: a line for each case of a customer, tax to be seen before a return is filed on top, then as urgent as the
//! text report has it; a customer's cases stand together, the oldest first. Money has a column for each class and currency, so
//! that nothing is added that does not belong together; above the columns stand sums of the lines that a filter leaves.

use std::collections::{BTreeSet, HashMap};

use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::utility::column_number_to_name;
use tieout_model::report::class_totals;
use tieout_model::{AuditReport, Date, EffectClass, Finding};

use super::cell::{Cell, is_number, places};
use super::phrases;
use super::style::Look;
use super::table::{Column, Setting, Sheet, Spec, Table, column, figures};
use crate::groups::{Group, Groups, is_on_tax, remedy};
use crate::layout::{count, counted};
use crate::past;
use crate::words;
use crate::words::key_words;

/// Items named in a line.
const ITEMS_MAX: usize = 3;

/// One line: findings of one customer, rule and case.
struct Case<'a> {
    party: Option<&'a str>,
    findings: Vec<&'a Finding>,
    consequences: u64,
    before_filing: bool,
    oldest: Option<Date>,
    shared: String,
}

type Stakes = Vec<(EffectClass, String)>;

pub(super) fn write(
    report: &AuditReport,
    groups: &Groups<'_>,
    numbers: &HashMap<*const Finding, u64>,
    setting: &mut Setting,
) -> Result<Vec<Sheet>, XlsxError> {
    let totals = report.class_totals();
    let stakes: Stakes = totals.iter().map(|total| (total.class, total.currency.clone())).collect();
    let cases = cases(groups);
    let mut intro = head(report);
    // One line of sums, one of headers, then the cases; beyond a sheet's rows a sum reaches over the first sheet only.
    let first = u32::try_from(intro.len() + 2).unwrap_or(u32::MAX);
    let fits = u32::try_from(cases.len()).unwrap_or(u32::MAX) <= setting.rows_max.saturating_sub(first);
    let columns = columns(report, &stakes);
    if fits && !cases.is_empty() {
        let mut sums = vec![Cell::Empty; columns.len()];
        sums[0] = Cell::text("Sum of the lines shown");
        let last = first + u32::try_from(cases.len()).unwrap_or(u32::MAX) - 1;
        for (at, total) in (money_at(report)..).zip(&totals) {
            let letter = column_number_to_name(u16::try_from(at).unwrap_or(u16::MAX));
            let text = format!(
                "=ROUND(SUBTOTAL(109,{letter}{}:{letter}{}),{})",
                first + 1,
                last + 1,
                places(total.gross, &total.currency)
            );
            let sum = Cell::Bare(total.gross, total.currency.clone());
            sums[at] = if is_number(total.gross) { Cell::Formula(text, Box::new(sum)) } else { sum };
        }
        intro.push((sums, Look::Strong));
    }
    let spec = Spec { name: "Work list", intro, columns, validations: Vec::new(), pages_wide: 1 };
    let mut table = Table::begin(setting, spec)?;
    for case in &cases {
        table.line(&line(report, case, &stakes, numbers), Look::Plain)?;
    }
    table.end()
}

/// What was audited and what came out.
fn head(report: &AuditReport) -> Vec<(Vec<Cell>, Look)> {
    let period = report.period.map_or("every date in the sources".to_owned(), |period| format!("period {period}"));
    let as_of = report.as_of.map_or("no as-of date".to_owned(), |date| format!("as of {date}"));
    let mut lines = vec![
        (vec![Cell::text(report.name.as_str())], Look::Strong),
        (vec![Cell::text(format!("{period}, {as_of}; tieout {}", report.version))], Look::Intro),
        (vec![Cell::text(format!("Result: {}", words::result(report)))], Look::Strong),
        (vec![Cell::text(words::rules_line(report).trim().to_owned())], Look::Intro),
    ];
    lines.extend(report.shortfalls.iter().map(|why| (vec![Cell::text(format!("Incomplete: {why}"))], Look::Strong)));
    if !report.completeness_established {
        lines.push((vec![Cell::text("Completeness of the extract was not established.")], Look::Intro));
    }
    let suspects = report.diagnostics.iter().filter(|one| one.code == tieout_model::Code::MappingSuspect);
    lines.extend(
        suspects.map(|one| (vec![Cell::text(format!("Look at the mapping first: {}", one.message))], Look::Strong)),
    );
    if let Some(baseline) = &report.baseline {
        let standings = past::standings(report, baseline);
        lines.push((vec![Cell::text(format!("Against {}: {standings}.", baseline.name))], Look::Intro));
    }
    if !report.root_causes.is_empty() {
        let roots = counted(
            report.root_causes.len() as u64,
            "cause that many findings share",
            "causes that many findings share",
        );
        lines.push((vec![Cell::text(format!("{roots}: see the sheet In common."))], Look::Intro));
    }
    lines.push((Vec::new(), Look::Intro));
    lines
}

fn columns(report: &AuditReport, stakes: &Stakes) -> Vec<Column> {
    let mut columns = vec![column("First", 8), column("Customer", 10)];
    if !report.customers.is_empty() {
        columns.extend([column("Name", 17), column("Owner", 9)]);
    }
    columns.extend([column("Case", 30), column("Items", 23), figures("Findings", 9), column("Sure", 8)]);
    columns.push(column("Oldest", 11));
    columns.extend(stakes.iter().map(|(class, currency)| figures(format!("{} {currency}", class.words()), 11)));
    columns.extend([column("No.", 9), column("What to do", 34), column("Done by", 9), column("Done on", 11)]);
    columns
}

/// The first column of money.
fn money_at(report: &AuditReport) -> usize {
    if report.customers.is_empty() { 7 } else { 9 }
}

fn line(report: &AuditReport, case: &Case<'_>, stakes: &Stakes, numbers: &HashMap<*const Finding, u64>) -> Vec<Cell> {
    let first = case.findings[0];
    let mut cells = vec![
        Cell::optional(case.before_filing.then_some("before filing")),
        Cell::text(case.party.unwrap_or("(no customer named)")),
    ];
    if !report.customers.is_empty() {
        cells.extend(phrases::customer(report, case.party));
    }
    let title = report.rules.iter().find(|rule| rule.card.id == first.rule).map(|rule| rule.card.title.as_str());
    let mut items: Vec<_> = case.findings.iter().take(ITEMS_MAX).map(|finding| key_words(finding)).collect();
    if let Some(more) = case.findings.len().checked_sub(ITEMS_MAX).filter(|more| *more > 0) {
        items.push(format!("and {} more", count(more as u64)));
    }
    cells.extend([
        Cell::text(format!("{} ({}){}", title.unwrap_or_default(), first.rule, case.shared)),
        Cell::text(items.join(", ")),
        Cell::Count(case.findings.len() as u64),
        Cell::text(first.confidence.name()),
        Cell::day(case.oldest),
    ]);
    let totals = class_totals(case.findings.iter().copied());
    for (class, currency) in stakes {
        let total = totals.iter().find(|total| total.class == *class && total.currency == *currency);
        cells.push(phrases::bare(total.map(|total| total.gross), currency));
    }
    let numbers: Vec<u64> =
        case.findings.iter().filter_map(|finding| numbers.get(&std::ptr::from_ref(*finding)).copied()).collect();
    let what = match case.consequences {
        0 => remedy(report, &case.findings).to_owned(),
        more => format!("{} ({})", remedy(report, &case.findings), counted(more, "consequence", "consequences")),
    };
    cells.extend([Cell::text(ranges(&numbers)), Cell::text(what), Cell::Input, Cell::InputDay]);
    cells
}

/// Cases in order: before filing first, then groups by urgency, a customer's oldest first.
fn cases<'a>(groups: &Groups<'a>) -> Vec<Case<'a>> {
    let mut all: Vec<Case<'a>> = groups.open.iter().flat_map(of_group).collect();
    all.sort_by_key(|case| !case.before_filing);
    all
}

fn of_group<'a>(group: &Group<'a>) -> Vec<Case<'a>> {
    let (mut cases, mut places): (Vec<Case<'a>>, HashMap<_, usize>) = (Vec::new(), HashMap::new());
    let customers: BTreeSet<_> = group.threads.iter().map(|thread| thread.cause.party.as_deref()).collect();
    let shared = match customers.len() {
        0 | 1 => String::new(),
        many => format!(", one case over {}", counted(many as u64, "customer", "customers")),
    };
    for thread in &group.threads {
        let finding = thread.cause;
        let key = (&finding.party, &finding.rule, finding.confidence, &finding.case);
        let at = *places.entry(key).or_insert(cases.len());
        if at == cases.len() {
            let (party, shared) = (finding.party.as_deref(), shared.clone());
            let before_filing = false;
            cases.push(Case { party, findings: Vec::new(), consequences: 0, before_filing, oldest: None, shared });
        }
        let case = &mut cases[at];
        case.findings.push(finding);
        case.consequences += thread.consequences.len() as u64;
        case.before_filing |=
            is_on_tax(finding) || thread.consequences.iter().any(|consequence| is_on_tax(consequence));
        case.oldest = case.oldest.into_iter().chain(finding.date).min();
    }
    // The customers in the order of their most urgent case, the cases of each by age.
    let order: HashMap<_, usize> = cases.iter().enumerate().rev().map(|(at, case)| (case.party, at)).collect();
    cases.sort_by_key(|case| (order.get(&case.party).copied(), case.oldest.is_none(), case.oldest));
    cases
}

/// `1, 4–6`.
fn ranges(numbers: &[u64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for number in sorted {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => spans.push((number, number)),
        }
    }
    let words = spans.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}–{to}") });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fold_into_spans() {
        assert_eq!(ranges(&[5, 1, 4, 6]), "1, 4–6");
    }
}
