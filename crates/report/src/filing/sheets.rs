//! The papers themselves: which figures stand where, and by which formula a spreadsheet gets them.

mod overall;
mod registers;

use tieout_model::filing::{Basis, Bridge, Cause, Cell as Place, Exemption, Filing, Kind, Papers, ReturnLine};

use self::overall::{items, landed, landed_tax, population, reference, tie};
use self::registers::{certificates, customers, cutoff, filed, prior, register, traced, unsupported};
use super::sheet::{Cell, Column, Sheet, figures, record, words};
use super::{FilledForm, Heading};

/// All papers of a return, in the order of reading.
pub(super) fn of_filing(heading: &Heading<'_>, filing: &Filing, forms: &[FilledForm<'_>]) -> Vec<Sheet> {
    let mut sheets = vec![cover(heading, filing)];
    if !filing.lines.is_empty() {
        sheets.push(lines("Return", "return", filing));
    }
    sheets.extend(forms.iter().map(form));
    sheets.extend([
        bridge(filing),
        schedule(filing),
        register(filing, "Over-collected", "over_collected", |row| row.is_over()),
        register(filing, "Under-collected", "under_collected", |row| !row.is_over()),
        customers(filing),
        certificates(filing),
        unsupported(filing),
        traced(filing, "Credits", "credits"),
        traced(filing, "Bad debts", "bad_debts"),
        cutoff(filing),
        prior(filing),
        filed(filing),
        rules(filing),
        sources(heading),
    ]);
    sheets
}

/// Papers about all returns.
pub(super) fn of_papers(papers: &Papers) -> Vec<Sheet> {
    vec![population(papers), landed(papers), landed_tax(papers), tie(papers), items(papers), reference(papers)]
}

fn cover(heading: &Heading<'_>, filing: &Filing) -> Sheet {
    let columns = vec![words("What", "what", 34), words("Is", "is", 70)];
    let mut sheet = Sheet::new("Cover", "cover", &[], columns);
    let mut say = |what: &str, is: String| sheet.row(vec![Cell::text(what), Cell::Text(is)]);
    say("Seller", filing.entity.clone());
    say("State", filing.state.clone());
    say("Registration", filing.registration_no.clone().unwrap_or_else(|| "not given".to_owned()));
    say("Period", format!("{} ({})", filing.period_name, filing.period));
    say("To be filed by", filing.due_date.map_or_else(|| "not given".to_owned(), |day| day.to_string()));
    say("Basis", if filing.basis == Basis::Cash { "cash" } else { "accrual" }.to_owned());
    let kind = if filing.is_amended { "amended: it replaces the one on file in full" } else { "original" };
    say("Return", if filing.lines.is_empty() { "none: see the remarks" } else { kind }.to_owned());
    say("Currency", filing.currency.clone());
    say("As at", heading.as_of.map_or_else(|| "not given".to_owned(), |day| day.to_string()));
    let (records, net) = filing.unverified;
    say("Jurisdiction assigned by the biller, not verified", lines_and_money(records, net));
    let (records, net) = filing.unverified_taxability;
    say("Taxability assigned by the biller, not verified", lines_and_money(records, net));
    let bound = i128::from(filing.rounded) * 5_000;
    let rounding: i128 = filing.schedule.iter().map(|row| row.differences[0]).sum();
    let words = format!(
        "{}, within {} ({} rounded amounts, half a cent each)",
        Cell::Money(rounding).shown(),
        Cell::Money(bound).shown(),
        filing.rounded
    );
    say("Rounding in all", words);
    let (over, under) = filing.errors();
    say("Over-collected by error", Cell::Money(over).shown());
    say("Under-collected by error", Cell::Money(-under).shown());
    for remark in &filing.remarks {
        say("Remark", remark.clone());
    }
    sheet
}

/// What the state wants, and who says so.
fn rules(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Table", "table", 12),
        words("About", "about", 30),
        words("Says", "says", 18),
        words("In force from", "from", 14),
        words("Citation", "cite", 50),
    ];
    let intro =
        ["Rows of the tables that were in force at the end of the period; rates are named on the sheet Schedule."];
    let mut sheet = Sheet::new("Rules", "rules", &intro, columns);
    for row in &filing.rules {
        let texts = [&row.table, &row.about, &row.says].map(Cell::text);
        sheet.row([&texts[..], &[Cell::Day(row.from), Cell::text(&row.cite)]].concat());
    }
    sheet
}

/// What the papers were made of.
fn sources(heading: &Heading<'_>) -> Sheet {
    let columns = vec![
        words("File", "file", 40),
        figures("Bytes", "bytes"),
        figures("Records", "records"),
        words("BLAKE3", "blake3", 66),
    ];
    let mut sheet = Sheet::new("Sources", "sources", &["The files that all of this was made of."], columns);
    for source in heading.sources {
        let cells =
            [Cell::text(&source.path), Cell::Count(source.bytes), Cell::Count(source.read), Cell::text(&source.hash)];
        sheet.row(cells.to_vec());
    }
    sheet
}

fn lines_and_money(records: u64, net: i128) -> String {
    format!("{} lines, {} net", records, Cell::Money(net).shown())
}

fn lines(title: &'static str, file: &'static str, filing: &Filing) -> Sheet {
    let intro = [
        "Elements of the Simplified Electronic Return (SST implementation guide, chapter 5), whatever the state's own form.",
        "Lines and hash: the lines of documents behind a figure, in the order of detail.csv.",
    ];
    let mut sheet = Sheet::new(title, file, &intro, line_columns());
    for line in &filing.lines {
        let amount = match formula_of(line, filing) {
            Some(formula) => Cell::Formula(formula, line.amount),
            None => Cell::Money(line.amount),
        };
        let key = KEYS.iter().find(|key| **key == line.code);
        let cells = line_cells(line, amount);
        match key {
            Some(key) => sheet.keyed(key, cells),
            None => sheet.row(cells),
        }
    }
    sheet
}

/// Elements that others refer to.
const KEYS: [&str; 20] = [
    "TotalSales",
    "ExemptionsDeductions",
    "Breakout.agriculture",
    "Breakout.other",
    "TaxableSales",
    "StateTaxDueSalesInState",
    "StateTaxDueSalesOrigOutOfState",
    "StateTaxDueOwnPurchWithdraw",
    "StateTaxDueFoodDrug",
    "TotalTaxDue",
    "InterestDue",
    "PenaltyDue",
    "Discounts",
    "SSTPAllowance",
    "Priorpayments",
    "NewPrepayments",
    "AmountDueOrRefund",
    "Breakout.direct_pay",
    "Breakout.manufacturing",
    "Breakout.resale",
];

fn line_columns() -> Vec<Column> {
    vec![
        words("Line", "code", 38),
        words("What it is", "label", 44),
        figures("Amount", "amount"),
        words("How it is made", "formula", 52),
        figures("Lines", "lines"),
        words("Hash of the lines", "hash", 20),
    ]
}

fn line_cells(line: &ReturnLine, amount: Cell) -> Vec<Cell> {
    vec![
        Cell::text(&line.code),
        Cell::text(&line.label),
        amount,
        Cell::text(&line.formula),
        if line.records > 0 { Cell::Count(line.records) } else { Cell::Empty },
        Cell::text(line.hash.get(..16).unwrap_or_default()),
    ]
}

/// The formula of an element over other sheets.
fn formula_of(line: &ReturnLine, filing: &Filing) -> Option<String> {
    const DUE: &str = "Schedule!$K${Schedule:first}:$K${Schedule:last}";
    const ID: &str = "Schedule!$A${Schedule:first}:$A${Schedule:last}";
    const CLASS: &str = "Schedule!$E${Schedule:first}:$E${Schedule:last}";
    const SCOPE: &str = "Schedule!$F${Schedule:first}:$F${Schedule:last}";
    let has_rows = !filing.schedule.is_empty();
    let sum = |id: &str, class: &str, scope: &str| {
        // A double quote in an id would end the text.
        let is_plain = |text: &str| !text.contains('"');
        let ids = is_plain(id).then(|| format!("{ID},\"{id}\""))?;
        Some(format!("SUMIFS({DUE},{ids}{class}{scope})"))
    };
    let inside = format!(",{SCOPE},\"intrastate\"");
    let outside = format!(",{SCOPE},\"interstate\"");
    let not_food = format!(",{CLASS},\"<>food_drug\"");
    let food = format!(",{CLASS},\"food_drug\"");
    let own = &filing.authority;
    match line.code.as_str() {
        "TotalSales" => Some("Bridge!$D${Bridge:gross}".to_owned()),
        "ExemptionsDeductions" => Some("SUM(C{Return:Breakout.agriculture}:C{Return:Breakout.other})".to_owned()),
        "TaxableSales" => Some("C{Return:TotalSales}-C{Return:ExemptionsDeductions}".to_owned()),
        "StateTaxDueSalesInState" if has_rows => sum(own, &not_food, &inside),
        "StateTaxDueSalesOrigOutOfState" if has_rows => sum(own, &not_food, &outside),
        "StateTaxDueFoodDrug" if has_rows => sum(own, &food, ""),
        "TotalTaxDue" => Some("SUM(C{Return:StateTaxDueSalesInState}:C{above})".to_owned()),
        "AmountDueOrRefund" => Some(
            "C{Return:TotalTaxDue}+C{Return:InterestDue}+C{Return:PenaltyDue}+C{Return:NewPrepayments}-C{Return:Discounts}\
             -C{Return:SSTPAllowance}-C{Return:Priorpayments}"
                .to_owned(),
        ),
        code => {
            let rest = code.strip_prefix("JurisdictionDetail.")?;
            let (id, element) = rest.rsplit_once('.')?;
            let scope = if element == "JurisTaxDueSalesInState" { &inside } else { &outside };
            sum(id, "", scope)
        }
    }
}

fn form(form: &FilledForm<'_>) -> Sheet {
    let intro = [form.title];
    let mut sheet = Sheet::new("Form", "form", &intro, line_columns());
    for line in &form.lines {
        sheet.row(line_cells(line, Cell::Money(line.amount)));
    }
    sheet
}

fn bridge(filing: &Filing) -> Sheet {
    let bridge = &filing.bridge;
    let intro = [
        "Every line of the return stands in exactly one row; what is taxable is what is left of gross.",
        "Taxable sales are counted once, at the state's level; tax is summed over all levels on the sheet Schedule.",
    ];
    let columns = vec![
        words("Row", "row", 44),
        words("Goes", "goes", 10),
        figures("Lines", "lines"),
        figures("Net", "net"),
        figures("Taxed part", "taxed"),
        words("Hash of the lines", "hash", 20),
    ];
    let mut sheet = Sheet::new("Bridge", "bridge", &intro, columns);
    for row in &bridge.rows {
        let sign = match row.cell {
            Place::Taxable => "",
            Place::Credit => "below",
            Place::Marketplace if !bridge.has_marketplace => "left out",
            _ => "less",
        };
        let cells = vec![
            Cell::Text(row.cell.words()),
            Cell::text(sign),
            Cell::Count(row.lines),
            Cell::Money(row.net),
            Cell::Money(row.taxed),
            Cell::text(row.hash.get(..16).unwrap_or_default()),
        ];
        match row.cell {
            Place::Taxable => sheet.keyed("taxable", cells),
            Place::Credit => sheet.keyed("credit", cells),
            Place::Marketplace => sheet.keyed("marketplace", cells),
            Place::Exempt(Exemption::Agriculture) => sheet.keyed("agriculture", cells),
            _ => sheet.row(cells),
        }
    }
    for (state, lines, net) in &bridge.elsewhere {
        sheet.row(vec![
            Cell::Text(format!("sourced to {state}, on its return")),
            Cell::text("less"),
            Cell::Count(*lines),
            Cell::Money(*net),
            Cell::Empty,
            Cell::Empty,
        ]);
    }
    totals(&mut sheet, bridge);
    sheet
}

fn totals(sheet: &mut Sheet, bridge: &Bridge) {
    let has = |cell: Place| bridge.row(cell).is_some();
    let mut total = |key: &'static str, words: &str, amount: Cell| {
        sheet.total(key, vec![Cell::text(words), Cell::Empty, Cell::Empty, amount, Cell::Empty, Cell::Empty]);
    };
    let mut gross = "SUM(D{first}:D{last})".to_owned();
    if has(Place::Credit) {
        // Of credits, what is not taxed takes from gross; what is taxed is deducted below.
        gross.push_str("-E{Bridge:credit}");
    }
    if has(Place::Marketplace) && !bridge.has_marketplace {
        gross.push_str("-D{Bridge:marketplace}");
    }
    total("gross", "Gross sales", Cell::Formula(gross, bridge.gross));
    let mut part: Vec<&str> = Vec::new();
    if has(Place::Taxable) {
        part.push("+D{Bridge:taxable}-E{Bridge:taxable}");
    }
    if has(Place::Credit) {
        part.push("+D{Bridge:credit}-E{Bridge:credit}");
    }
    let part = if part.is_empty() { "0".to_owned() } else { part.concat() };
    total(
        "part",
        "Part of taxable lines that is not taxed (thresholds, allowances)",
        Cell::Formula(part, bridge.part_not_taxed),
    );
    let credits = if has(Place::Credit) { "-E{Bridge:credit}" } else { "0" };
    total("credits", "Credits for taxable sales", Cell::Formula(credits.to_owned(), bridge.credits));
    total("bad_debts", "Bad debts less recoveries", Cell::Money(bridge.bad_debts));
    let mut deducted = "D{Bridge:gross}-SUM(D{first}:D{last})".to_owned();
    // Neither taxable lines nor credits are deducted as a whole, nor what gross does not hold.
    if has(Place::Taxable) {
        deducted.push_str("+D{Bridge:taxable}");
    }
    if has(Place::Credit) {
        deducted.push_str("+D{Bridge:credit}");
    }
    if has(Place::Marketplace) && !bridge.has_marketplace {
        deducted.push_str("+D{Bridge:marketplace}");
    }
    deducted.push_str("-D{Bridge:part}-D{Bridge:credits}-D{Bridge:bad_debts}");
    total("left", "Taxable sales", Cell::Formula(deducted, bridge.taxable));
    total("elsewhere", "Of it, not taxed by the state itself", Cell::Money(bridge.not_by_state));
}

fn schedule(filing: &Filing) -> Sheet {
    let intro = [
        "Jurisdiction × rate × original period. Tax due is base × rate, rounded once; the difference to what was collected is split by cause.",
        "Rounding: what lawful rounding of documents makes of it (SSUTA 324). Each row names the row of the rate table it relies on.",
    ];
    let mut columns = vec![
        words("Jurisdiction", "jurisdiction", 16),
        words("Level", "level", 9),
        words("Name", "name", 20),
        words("Kind", "kind", 10),
        words("Class", "class", 11),
        words("Scope", "scope", 11),
        words("Original period", "original_period", 10),
        figures("Documents", "documents"),
        figures("Rate", "rate"),
        figures("Taxable base", "base"),
        figures("Tax due", "due"),
        figures("Tax collected", "collected"),
    ];
    const CAUSES: [&str; 6] =
        ["Rounding", "Wrong rate", "Wrong jurisdiction", "Exempt taxed", "Taxable untaxed", "Arithmetic"];
    for (cause, header) in Cause::ALL.into_iter().zip(CAUSES) {
        columns.push(figures(header, cause.name()));
    }
    columns.push(record("Relies on", "relied_on"));
    let mut sheet = Sheet::new("Schedule", "schedule", &intro, columns);
    for row in &filing.schedule {
        let due = match row.rate.filter(|_| !row.flat) {
            Some(_) => Cell::Formula("ROUND(J{row}*I{row},2)".to_owned(), row.due),
            None => Cell::Money(row.due),
        };
        let mut cells = vec![
            Cell::text(&row.jurisdiction),
            Cell::text(&row.level),
            Cell::text(&row.name),
            Cell::text(if row.kind == Kind::Sales { "sales" } else { "bad debts" }),
            Cell::text(&row.class),
            Cell::text(if row.is_intrastate { "intrastate" } else { "interstate" }),
            Cell::text(&row.original),
            Cell::Count(row.documents),
            Cell::rate(row.rate),
            Cell::Money(row.base),
            due,
            Cell::Money(row.collected),
        ];
        cells.extend(row.differences.iter().map(|units| Cell::Money(*units)));
        cells.push(row.relied_on.map_or(Cell::Empty, Cell::Record));
        sheet.row(cells);
    }
    if filing.schedule.is_empty() {
        return sheet;
    }
    let sum = |column: &str, units: i128| Cell::Formula(format!("SUM({column}{{first}}:{column}{{last}})"), units);
    let all = |of: &dyn Fn(&tieout_model::filing::ScheduleRow) -> i128| filing.schedule.iter().map(of).sum::<i128>();
    let mut cells = vec![Cell::text("All jurisdictions")];
    cells.extend((1..10).map(|_| Cell::Empty));
    cells.push(sum("K", all(&|row| row.due)));
    cells.push(sum("L", all(&|row| row.collected)));
    for (at, column) in ["M", "N", "O", "P", "Q", "R"].into_iter().enumerate() {
        cells.push(sum(column, all(&|row| row.differences[at])));
    }
    cells.push(Cell::Empty);
    sheet.total("all", cells);
    sheet
}
