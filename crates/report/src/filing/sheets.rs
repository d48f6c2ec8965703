//! The papers themselves: which figures stand where, and by which formula a spreadsheet gets them.

use tieout_model::filing::{
    Basis, Bridge, Cause, Cell as Place, Exemption, Filing, Kind, Papers, RegisterRow, ReturnLine, by_cell,
};

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
        register(filing, "Over-collected", "over_collected", |row| row.difference() > 0),
        register(filing, "Under-collected", "under_collected", |row| row.difference() < 0),
        customers(filing),
        certificates(filing),
        unsupported(filing),
        traced(filing, "Credits", "credits"),
        traced(filing, "Bad debts", "bad_debts"),
        cutoff(filing),
        prior(filing),
        filed(filing),
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
        words("Sign", "sign", 6),
        figures("Lines", "lines"),
        figures("Net", "net"),
        figures("Taxed part", "taxed"),
        words("Hash of the lines", "hash", 20),
    ];
    let mut sheet = Sheet::new("Bridge", "bridge", &intro, columns);
    for row in &bridge.rows {
        let sign = match row.cell {
            Place::Taxable => "",
            Place::Credit => "−",
            Place::Marketplace if !bridge.has_marketplace => "no",
            _ => "−",
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
    if bridge.out_of_state != 0 {
        sheet.row(vec![
            Cell::text("taxed in other states"),
            Cell::text("−"),
            Cell::Empty,
            Cell::Money(bridge.out_of_state),
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
    total("part", "Part of taxable lines that is not taxed (thresholds)", Cell::Formula(part, bridge.part_not_taxed));
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

fn register(filing: &Filing, title: &'static str, file: &'static str, keep: fn(&RegisterRow) -> bool) -> Sheet {
    let intro = if title == "Over-collected" {
        "Tax collected above what is due and not explained by rounding: it belongs to the customer or to the state, never to the seller."
    } else {
        "Tax due that was not collected: the seller owes it all the same."
    };
    let columns = vec![
        words("Invoice", "number", 16),
        words("Issued", "issued", 12),
        words("Customer", "customer", 16),
        words("Jurisdiction", "jurisdiction", 16),
        words("Cause", "cause", 18),
        figures("Base", "base"),
        figures("Rate", "rate"),
        figures("Due", "due"),
        figures("Collected", "collected"),
        figures("Difference", "difference"),
        figures("Rate that fits", "rate_that_fits"),
        words("In force from", "rate_that_fits_from", 12),
        figures("Given back", "refunded"),
        words("Given back on", "refunded_on", 12),
        words("Remitted in", "remitted_in", 12),
        words("What to do", "action", 22),
    ];
    let mut sheet = Sheet::new(title, file, &[intro], columns);
    let rows: Vec<&RegisterRow> = filing.register.iter().filter(|row| keep(row)).collect();
    for row in &rows {
        let difference = row.difference();
        let action = match difference {
            over if over > 0 && row.refunded.0 >= over => "none: given back",
            over if over > 0 && row.remitted_in.is_some() => "remit, unless refunded",
            over if over > 0 => "refund or remit",
            _ => "bill or bear it",
        };
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::day(row.issued),
            Cell::option(row.customer.as_deref()),
            Cell::text(&row.jurisdiction),
            Cell::text(row.cause.words()),
            Cell::Money(row.base),
            Cell::rate(row.rate),
            Cell::Money(row.due),
            Cell::Money(row.collected),
            Cell::Formula("I{row}-H{row}".to_owned(), difference),
            Cell::rate(row.other_rate.map(|(rate, _)| rate)),
            Cell::day(row.other_rate.map(|(_, from)| from)),
            Cell::Money(row.refunded.0),
            Cell::day(row.refunded.1),
            Cell::option(row.remitted_in.as_deref()),
            Cell::text(action),
        ]);
    }
    if !rows.is_empty() {
        let sum: i128 = rows.iter().map(|row| row.difference()).sum();
        let mut cells: Vec<Cell> = vec![Cell::text("All")];
        cells.extend((1..9).map(|_| Cell::Empty));
        cells.push(Cell::Formula("SUM(J{first}:J{last})".to_owned(), sum));
        cells.extend((10..16).map(|_| Cell::Empty));
        sheet.total("all", cells);
    }
    sheet
}

fn customers(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Customer", "customer", 20),
        figures("Documents", "documents"),
        figures("Over-collected", "over_collected"),
        figures("Given back", "refunded"),
        figures("Under-collected", "under_collected"),
    ];
    let intro = ["The registers by customer."];
    let mut sheet = Sheet::new("By customer", "by_customer", &intro, columns);
    let mut by: std::collections::BTreeMap<&str, (std::collections::BTreeMap<&str, i128>, i128, i128)> =
        Default::default();
    for row in &filing.register {
        let sum = by.entry(row.customer.as_deref().unwrap_or("")).or_default();
        sum.0.insert(&row.document, row.refunded.0);
        let difference = row.difference();
        if difference > 0 { sum.1 += difference } else { sum.2 -= difference }
    }
    for (customer, (documents, over, under)) in by {
        sheet.row(vec![
            Cell::text(customer),
            Cell::Count(documents.len() as u64),
            Cell::Money(over),
            Cell::Money(documents.values().sum()),
            Cell::Money(under),
        ]);
    }
    sheet
}

fn certificates(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Certificate", "certificate", 18),
        words("Customer", "customer", 18),
        words("State", "state", 8),
        words("Reason", "reason", 28),
        words("Scope", "scope", 16),
        words("From", "from", 12),
        words("To", "to", 12),
        words("Received", "received", 12),
        figures("Lines", "lines"),
        figures("Net", "net"),
    ];
    let intro = ["What exempt sales rest on. `To` is the last day."];
    let mut sheet = Sheet::new("Certificates", "certificates", &intro, columns);
    for row in &filing.certificates {
        sheet.row(vec![
            Cell::text(&row.certificate),
            Cell::text(&row.customer),
            Cell::text(&filing.state),
            Cell::text(row.reason.words()),
            Cell::text(&row.scope),
            Cell::Day(row.from),
            Cell::day(row.to.map(|to| to.add_days(-1))),
            Cell::day(row.received),
            Cell::Count(row.lines),
            Cell::Money(row.net),
        ]);
    }
    sheet
}

fn unsupported(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Invoice", "number", 16),
        words("Line", "line", 8),
        words("Customer", "customer", 18),
        words("Tax date", "day", 12),
        figures("Net", "net"),
        words("Why", "why", 70),
    ];
    let intro = ["Untaxed as exempt, and no certificate supports it: in the return as taxable."];
    let mut sheet = Sheet::new("Unsupported", "unsupported_exemptions", &intro, columns);
    for row in &filing.unsupported {
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::text(&row.line),
            Cell::option(row.customer.as_deref()),
            Cell::Day(row.day),
            Cell::Money(row.net),
            Cell::text(&row.why),
        ]);
    }
    sheet
}

fn traced(filing: &Filing, title: &'static str, file: &'static str) -> Sheet {
    let (rows, intro, stated) = if title == "Credits" {
        let intro =
            "Credits traced to the sale that they take back: its rate, its period. Due: tax at the original's rates.";
        (&filing.credits, intro, "Tax credited")
    } else {
        let intro = "Debts written off (the tax base of it alone), and recoveries added back, traced to the sale.";
        (&filing.bad_debts, intro, "Tax written off")
    };
    let columns = vec![
        words("Document", "number", 16),
        words("Day", "day", 12),
        words("Customer", "customer", 18),
        words("Original", "original", 16),
        words("Its tax date", "original_day", 12),
        words("Its period", "original_period", 10),
        words("Filed", "was_filed", 10),
        figures("Taxable base", "base"),
        figures("Tax at its rates", "due"),
        figures(stated, "stated"),
        figures("Difference", "difference"),
        words("Why not deducted", "why_not", 40),
    ];
    let mut sheet = Sheet::new(title, file, &[intro], columns);
    for row in rows {
        let filed = row.was_filed.map_or("not known", |was| if was { "yes" } else { "no" });
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::Day(row.day),
            Cell::option(row.customer.as_deref()),
            Cell::text(&row.original),
            Cell::Day(row.original_day),
            Cell::text(&row.original_period),
            Cell::text(filed),
            Cell::Money(row.base),
            Cell::Money(row.due),
            Cell::Money(row.stated),
            Cell::Formula("J{row}-I{row}".to_owned(), row.stated - row.due),
            Cell::text(&row.why_not),
        ]);
    }
    sheet
}

fn cutoff(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Invoice", "number", 16),
        words("Tax date", "day", 12),
        words("Jurisdiction", "jurisdiction", 16),
        words("Rates changed on", "change", 14),
        figures("Rate in force", "due_rate"),
        figures("Rate charged", "charged_rate"),
        figures("Difference", "difference"),
    ];
    let intro = ["Documents that were taxed by the rate of the other side of a change."];
    let mut sheet = Sheet::new("Rate changes", "rate_changes", &intro, columns);
    for row in &filing.cutoff {
        sheet.row(vec![
            Cell::text(&row.number),
            Cell::Day(row.day),
            Cell::text(&row.jurisdiction),
            Cell::Day(row.change),
            Cell::Rate(row.due_rate),
            Cell::Rate(row.charged_rate),
            Cell::Money(row.difference),
        ]);
    }
    sheet
}

/// What of this return belongs to sales of earlier periods.
fn prior(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Original period", "original_period", 14),
        words("Jurisdiction", "jurisdiction", 16),
        words("Kind", "kind", 12),
        figures("Taxable base", "base"),
        figures("Tax due", "due"),
        figures("Tax collected", "collected"),
    ];
    let intro = ["Rows of the schedule whose sale was in an earlier period: corrections taken in this return."];
    let mut sheet = Sheet::new("Earlier periods", "earlier_periods", &intro, columns);
    let mut rows: Vec<_> = filing.schedule.iter().filter(|row| row.original != filing.period_name).collect();
    rows.sort_by(|a, b| (&a.original, &a.jurisdiction).cmp(&(&b.original, &b.jurisdiction)));
    for row in rows {
        sheet.row(vec![
            Cell::text(&row.original),
            Cell::text(&row.jurisdiction),
            Cell::text(if row.kind == Kind::Sales { "credits" } else { "bad debts" }),
            Cell::Money(row.base),
            Cell::Money(row.due),
            Cell::Money(row.collected),
        ]);
    }
    sheet
}

fn filed(filing: &Filing) -> Sheet {
    let columns = vec![
        words("Line", "code", 44),
        figures("As filed", "filed"),
        figures("Now", "now"),
        figures("Difference", "difference"),
    ];
    let intro =
        ["The return on file for the period against this one, line by line. An amended return replaces the whole."];
    let mut sheet = Sheet::new("Filed return", "filed_return", &intro, columns);
    for row in &filing.filed {
        let or_none = |units: Option<i128>| units.map_or(Cell::Empty, Cell::Money);
        let difference = row.now.unwrap_or(0) - row.filed.unwrap_or(0);
        sheet.row(vec![
            Cell::text(&row.code),
            or_none(row.filed),
            or_none(row.now),
            Cell::Formula("C{row}-B{row}".to_owned(), difference),
        ]);
    }
    sheet
}

fn population(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Cell", "cell", 34),
        figures("Lines", "lines"),
        words("Currency", "currency", 9),
        figures("Net", "net"),
    ];
    let intro = ["Every line of the exports once. The sums are those of the exports."];
    let mut sheet = Sheet::new("All lines", "all_lines", &intro, columns);
    for (cell, measure) in by_cell(&papers.landed) {
        for (at, (currency, amount)) in measure.amounts().enumerate() {
            sheet.row(vec![
                Cell::Text(cell.words()),
                if at == 0 { Cell::Count(measure.records) } else { Cell::Empty },
                Cell::text(currency),
                Cell::Money(amount.units),
            ]);
        }
    }
    for (at, (currency, amount)) in papers.population.amounts().enumerate() {
        let count = if at == 0 { Cell::Count(papers.population.records) } else { Cell::Empty };
        sheet.total("exports", vec![Cell::text("the exports"), count, Cell::text(currency), Cell::Money(amount.units)]);
    }
    sheet
}

fn landed_rows(sheet: &mut Sheet, landed: &[tieout_model::filing::Landed]) {
    for one in landed {
        for (currency, amount) in one.measure.amounts() {
            sheet.row(vec![
                Cell::text(&one.entity),
                Cell::text(&one.state),
                Cell::Text(one.cell.words()),
                Cell::text(&one.reason),
                Cell::Count(one.measure.records),
                Cell::text(currency),
                Cell::Money(amount.units),
            ]);
        }
    }
}

fn landed_columns() -> Vec<Column> {
    vec![
        words("Seller", "entity", 14),
        words("State", "state", 9),
        words("Cell", "cell", 30),
        words("Why", "reason", 70),
        figures("Lines", "lines"),
        words("Currency", "currency", 9),
        figures("Net", "net"),
    ]
}

fn landed(papers: &Papers) -> Sheet {
    let intro = ["Where every line landed, by seller and state, and why it is on no return where it is on none."];
    let mut sheet = Sheet::new("Where lines landed", "where_lines_landed", &intro, landed_columns());
    landed_rows(&mut sheet, &papers.landed);
    sheet
}

fn landed_tax(papers: &Papers) -> Sheet {
    let intro = ["Tax as billed that is compared on no return of the period, and why."];
    let mut sheet = Sheet::new("Tax not compared", "tax_not_compared", &intro, landed_columns());
    landed_rows(&mut sheet, &papers.landed_tax);
    for (currency, amount) in papers.stray_tax.amounts() {
        sheet.row(vec![
            Cell::Empty,
            Cell::Empty,
            Cell::text("no line"),
            Cell::text("tax of documents without lines"),
            Cell::Count(papers.stray_tax.records),
            Cell::text(currency),
            Cell::Money(amount.units),
        ]);
    }
    sheet
}

fn tie(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Seller", "entity", 16),
        words("Currency", "currency", 9),
        words("Source", "source", 44),
        figures("Tax of the period", "tax"),
        figures("Records", "records"),
    ];
    let intro =
        ["Tax of the period as each source tells it. What keeps them apart stands on the sheet Reconciling items."];
    let mut sheet = Sheet::new("Tie-out", "tie_out", &intro, columns);
    for tie in &papers.ties {
        let mut say = |source: &str, tax: Option<i128>, records: Option<u64>| {
            sheet.row(vec![
                Cell::text(&tie.entity),
                Cell::text(&tie.currency),
                Cell::text(source),
                tax.map_or_else(|| Cell::text("not given"), Cell::Money),
                records.map_or(Cell::Empty, Cell::Count),
            ]);
        };
        for source in &tie.sources {
            say(&source.name, source.tax, Some(source.records));
        }
        say("ledger: opening balance", tie.opening, None);
        say("ledger: accrued", Some(tie.accrued), None);
        say("ledger: paid", Some(-tie.paid), None);
        let computed = tie.opening.map(|opening| opening + tie.accrued - tie.paid);
        say("ledger: closing balance as computed", computed, None);
        say("ledger: closing balance as stated", tie.closing, None);
    }
    sheet
}

fn items(papers: &Papers) -> Sheet {
    let columns = vec![
        words("Seller", "entity", 16),
        words("Currency", "currency", 9),
        words("Between", "between", 22),
        words("What", "what", 56),
        words("Document", "document", 18),
        words("Day", "day", 12),
        words("Age in days", "age_days", 8),
        figures("Second less first", "amount"),
    ];
    let intro = ["Each item explains a part of a difference between two sources; the oldest first."];
    let mut sheet = Sheet::new("Reconciling items", "reconciling_items", &intro, columns);
    for tie in &papers.ties {
        for item in &tie.items {
            sheet.row(vec![
                Cell::text(&tie.entity),
                Cell::text(&tie.currency),
                Cell::text(&item.between),
                Cell::text(&item.what),
                Cell::text(&item.document),
                Cell::day(item.day),
                item.age.map_or(Cell::Empty, |age| Cell::Text(age.to_string())),
                Cell::Money(item.amount),
            ]);
        }
    }
    sheet
}

fn reference(papers: &Papers) -> Sheet {
    let columns = vec![words("Kind", "kind", 16), words("What", "what", 80), record("First row", "first_row")];
    let intro = ["What a preparer should know of rates, boundaries and rules before relying on them."];
    let mut sheet = Sheet::new("Reference data", "reference_data", &intro, columns);
    for remark in &papers.reference {
        let first = remark.rows.first().map_or(Cell::Empty, |row| Cell::Record(*row));
        sheet.row(vec![Cell::text(&remark.kind), Cell::text(&remark.text), first]);
    }
    for name in &papers.unasked {
        let text = format!("the exports have no `{name}`, so it was not asked");
        sheet.row(vec![Cell::text("not given"), Cell::Text(text), Cell::Empty]);
    }
    sheet
}
