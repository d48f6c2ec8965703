//! What must be true of a return before it may be printed; each identity by name, with both sides.

use super::{Cause, Cell, Exemption, Filing, Kind, Papers, by_cell};
use crate::amount::Amount;
use crate::coverage::Measure;

/// An identity that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which, in words.
    pub identity: String,
    /// The left side: money units, or a count.
    pub left: i128,
    /// The right side.
    pub right: i128,
}

struct Proof {
    broken: Vec<Broken>,
}

impl Proof {
    fn equal(&mut self, identity: impl Into<String>, left: i128, right: i128) {
        if left != right {
            self.broken.push(Broken { identity: identity.into(), left, right });
        }
    }
}

/// Every identity of a return that does not hold.
pub fn check(filing: &Filing) -> Vec<Broken> {
    let mut proof = Proof { broken: Vec::new() };
    bridge(&mut proof, filing);
    schedule(&mut proof, filing);
    register(&mut proof, filing);
    // Papers for a part of a filing period hold no return.
    if !filing.lines.is_empty() {
        ser(&mut proof, filing);
    }
    proof.broken
}

/// What must be true of all returns of a period together: each line of the exports lands once, in records and money.
pub fn check_papers(papers: &Papers) -> Vec<Broken> {
    let mut proof = Proof { broken: Vec::new() };
    let mut all = Measure::default();
    by_cell(&papers.landed).values().for_each(|measure| all.add(measure));
    proof.equal("Σ lines by cell = lines of the exports", all.records.into(), papers.population.records.into());
    let currencies = all.money.keys().chain(papers.population.money.keys()).collect::<std::collections::BTreeSet<_>>();
    let of = |measure: &Measure, currency: &String| measure.money.get(currency).copied().unwrap_or(0);
    for currency in currencies {
        let name = format!("Σ net by cell = net of the exports, {currency}");
        proof.equal(name, of(&all, currency), of(&papers.population, currency));
    }
    if let Some(tax) = &papers.tax {
        let mut compared: std::collections::BTreeMap<&str, i128> = std::collections::BTreeMap::new();
        for filing in &papers.filings {
            let collected: i128 = filing.schedule.iter().map(|row| row.collected).sum();
            *compared.entry(&filing.currency).or_default() += collected;
        }
        let aside = papers.landed_tax.iter().map(|one| &one.measure).chain([&papers.stray_tax]);
        for (currency, units) in aside.flat_map(|measure| &measure.money) {
            *compared.entry(currency).or_default() += units;
        }
        for currency in tax.money.keys() {
            let left = compared.get(currency.as_str()).copied().unwrap_or(0);
            let name = format!("Σ tax collected + tax not compared = tax rows of the exports, {currency}");
            proof.equal(name, left, of(tax, currency));
        }
    }
    for filing in &papers.filings {
        for row in &filing.bridge.rows {
            let landed = papers
                .landed
                .iter()
                .filter(|one| one.entity == filing.entity && one.state == filing.state && one.cell == row.cell);
            let (mut lines, mut net) = (0i128, 0);
            for one in landed.filter(|one| one.measure.money.contains_key(&filing.currency)) {
                lines += i128::from(one.measure.records);
                net += of(&one.measure, &filing.currency);
            }
            let of = format!("{} {}", filing.state, row.cell.words());
            proof.equal(format!("lines of the bridge = lines that landed: {of}"), row.lines.into(), lines);
            proof.equal(format!("net of the bridge = net that landed: {of}"), row.net, net);
        }
    }
    proof.broken
}

fn bridge(proof: &mut Proof, filing: &Filing) {
    let bridge = &filing.bridge;
    let mut cells: Vec<Cell> = bridge.rows.iter().map(|row| row.cell).collect();
    cells.sort_unstable();
    let before = cells.len();
    cells.dedup();
    proof.equal("each cell of the bridge stands once", before as i128, cells.len() as i128);
    let exempt: i128 = Exemption::ALL.into_iter().map(|reason| bridge.net(Cell::Exempt(reason))).sum();
    let marketplace = if bridge.has_marketplace { bridge.net(Cell::Marketplace) } else { 0 };
    let sold =
        bridge.net(Cell::Taxable) + exempt + bridge.net(Cell::NonTaxable) + bridge.net(Cell::Holiday) + marketplace;
    // A credit's part that is not taxed takes from what is not taxed.
    let credit = bridge.row(Cell::Credit).map_or((0, 0), |row| (row.net, row.taxed));
    let untaxed_credit = credit.0 - credit.1;
    proof.equal(
        "gross = taxable + exempt + not taxable + holiday + marketplace + out of state",
        bridge.gross,
        sold + untaxed_credit + bridge.out_of_state,
    );
    let taxable = bridge.row(Cell::Taxable).map_or((0, 0), |row| (row.net, row.taxed));
    let part = taxable.0 - taxable.1 + untaxed_credit;
    let elsewhere: i128 = bridge.elsewhere.iter().map(|(_, _, net)| net).sum();
    proof.equal("out of state = Σ by state", bridge.out_of_state, elsewhere);
    proof.equal("part not taxed = net of taxable lines and credits − their taxed part", bridge.part_not_taxed, part);
    proof.equal("credits = taxed part of the credits, turned round", bridge.credits, -credit.1);
    let deducted =
        exempt + bridge.net(Cell::NonTaxable) + bridge.net(Cell::Holiday) + marketplace + bridge.out_of_state;
    proof.equal(
        "taxable = gross − exempt − not taxable − holiday − marketplace − out of state − credits − bad debts",
        bridge.taxable,
        bridge.gross - deducted - bridge.part_not_taxed - bridge.credits - bridge.bad_debts,
    );
}

fn schedule(proof: &mut Proof, filing: &Filing) {
    for row in &filing.schedule {
        let name = || format!("{} {} {}", row.name, row.class, row.original);
        if row.kind == Kind::Sales {
            let differences: i128 = row.differences.iter().sum();
            proof.equal(
                format!("collected = due + differences by cause: {}", name()),
                row.collected,
                row.due + differences,
            );
        } else {
            proof.equal(format!("no tax is collected by a bad debt: {}", name()), row.collected, 0);
        }
        if let Some(rate) = row.rate.filter(|_| !row.flat) {
            proof.equal(format!("base × rate = exact tax: {}", name()), row.base * rate, row.exact);
        }
        let places = crate::amount::minor_units(&filing.currency).unwrap_or(2);
        let rounded = Amount::new(row.exact, super::TAX_SCALE).round(places, crate::Rounding::HalfUp);
        let rounded = rounded.units_at(crate::amount::MONEY_SCALE).unwrap_or(rounded.units);
        proof.equal(format!("due = exact tax rounded once: {}", name()), row.due, rounded);
    }
    // Sales are counted once, at the state's level; where the state taxes nothing there is no such row.
    let state = filing.schedule.iter().filter(|row| row.jurisdiction == filing.authority);
    if state.clone().any(|row| row.rate.is_some()) {
        let base: i128 = state.map(|row| row.base).sum();
        let taxable = filing.bridge.taxable - filing.bridge.not_by_state;
        proof.equal("Σ base of the state's rows = taxable sales of the state", base, taxable);
    }
}

fn register(proof: &mut Proof, filing: &Filing) {
    for cause in Cause::ALL.into_iter().skip(1) {
        let schedule: i128 = filing.schedule.iter().map(|row| row.differences[cause.index()]).sum();
        let rows = filing.register.iter().filter(|row| row.cause == cause);
        let register: i128 = rows.map(super::RegisterRow::difference).sum();
        proof.equal(format!("register = schedule: {}", cause.words()), register, schedule);
    }
}

/// The return's own identities (SST implementation guide, chapter 5).
fn ser(proof: &mut Proof, filing: &Filing) {
    let of = |code: &str| filing.line(code).unwrap_or(0);
    proof.equal("TotalSales = gross of the bridge", of("TotalSales"), filing.bridge.gross);
    proof.equal(
        "TaxableSales = TotalSales − ExemptionsDeductions",
        of("TaxableSales"),
        of("TotalSales") - of("ExemptionsDeductions"),
    );
    proof.equal("TaxableSales = taxable of the bridge", of("TaxableSales"), filing.bridge.taxable);
    let starts = |start: &str| -> i128 {
        filing.lines.iter().filter(|line| line.code.starts_with(start)).map(|line| line.amount).sum()
    };
    proof.equal("Σ breakout = ExemptionsDeductions", starts("Breakout."), of("ExemptionsDeductions"));
    let due = starts("StateTaxDue") + starts("JurisdictionDetail.");
    proof.equal("TotalTaxDue = Σ state and jurisdiction elements", of("TotalTaxDue"), due);
    let schedule: i128 = filing.schedule.iter().map(|row| row.due).sum();
    proof.equal("TotalTaxDue = Σ due of the schedule", of("TotalTaxDue"), schedule);
    let own = format!("JurisdictionDetail.{}.", filing.authority);
    let state_in_detail = filing.lines.iter().filter(|line| line.code.starts_with(&own)).count();
    proof.equal("no tax of the state in JurisdictionDetail", state_in_detail as i128, 0);
    proof.equal(
        "AmountDueOrRefund = TotalTaxDue + InterestDue + PenaltyDue + NewPrepayments − Discounts − SSTPAllowance − Priorpayments",
        of("AmountDueOrRefund"),
        of("TotalTaxDue") + of("InterestDue") + of("PenaltyDue") + of("NewPrepayments")
            - of("Discounts")
            - of("SSTPAllowance")
            - of("Priorpayments"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::pow10;
    use crate::filing::{Basis, Bridge, BridgeRow, Landed, RegisterRow, ReturnLine, ScheduleRow};
    use crate::{Date, Period};

    const CENT: i128 = 10_000;

    fn row(cell: Cell, lines: u64, net: i128, taxed: i128) -> BridgeRow {
        BridgeRow { cell, lines, net: net * CENT, taxed: taxed * CENT, hash: String::new() }
    }

    fn schedule(jurisdiction: &str, kind: Kind, base: i128, rate: i128, due: i128, collected: i128) -> ScheduleRow {
        ScheduleRow {
            jurisdiction: jurisdiction.to_owned(),
            level: "state".to_owned(),
            name: jurisdiction.to_owned(),
            reporting_code: jurisdiction.to_owned(),
            kind,
            class: "general".to_owned(),
            is_intrastate: true,
            rate: Some(rate * pow10(8)),
            flat: false,
            relied_on: None,
            original: "2026-10".to_owned(),
            lines: 1,
            documents: 1,
            base: base * CENT,
            exact: base * CENT * rate * pow10(8),
            due: due * CENT,
            collected: collected * CENT,
            differences: [0; 6],
            hash: String::new(),
        }
    }

    /// 100.00 sold, of it 40.00 above a threshold and taxed; 30.00 resale; 20.00 at a marketplace; 10.00 credited; 5.00 bad debts.
    fn sound() -> Filing {
        let mut state = schedule("S", Kind::Sales, 3_000, 500, 150, 155);
        state.differences[Cause::WrongRate.index()] = 5 * CENT;
        let lines = [
            ("TotalSales", 15_000),
            ("ExemptionsDeductions", 12_500),
            ("Breakout.resale", 3_000),
            ("Breakout.other", 9_500),
            ("TaxableSales", 2_500),
            ("StateTaxDueSalesInState", 125),
            ("JurisdictionDetail.C.JurisTaxDueSalesInState", 30),
            ("TotalTaxDue", 155),
            ("InterestDue", 0),
            ("PenaltyDue", 0),
            ("Discounts", 2),
            ("SSTPAllowance", 0),
            ("Priorpayments", 50),
            ("NewPrepayments", 0),
            ("AmountDueOrRefund", 103),
        ];
        Filing {
            entity: "E".to_owned(),
            state: "US-XX".to_owned(),
            authority: "S".to_owned(),
            period: Period { from: Date(0), to: Date(31) },
            period_name: "1970-01".to_owned(),
            currency: "USD".to_owned(),
            registration_no: None,
            due_date: None,
            basis: Basis::Accrual,
            is_amended: false,
            bridge: Bridge {
                rows: vec![
                    row(Cell::Taxable, 2, 10_000, 4_000),
                    row(Cell::Credit, 1, -1_000, -1_000),
                    row(Cell::Exempt(Exemption::Resale), 1, 3_000, 0),
                    row(Cell::Marketplace, 1, 2_000, 0),
                ],
                gross: 15_000 * CENT,
                out_of_state: 0,
                elsewhere: Vec::new(),
                part_not_taxed: 6_000 * CENT,
                credits: 1_000 * CENT,
                bad_debts: 500 * CENT,
                taxable: 2_500 * CENT,
                not_by_state: 0,
                has_marketplace: true,
            },
            schedule: vec![
                state,
                schedule("S", Kind::BadDebts, -500, 500, -25, 0),
                schedule("C", Kind::Sales, 3_000, 100, 30, 30),
            ],
            register: vec![RegisterRow {
                document: "D".to_owned(),
                number: "D".to_owned(),
                issued: None,
                customer: None,
                jurisdiction: "S".to_owned(),
                cause: Cause::WrongRate,
                base: 3_000 * CENT,
                rate: None,
                due: 150 * CENT,
                collected: 155 * CENT,
                other_rate: None,
                is_reversal: false,
                refunded: (0, None),
                to_remit_with: None,
            }],
            certificates: Vec::new(),
            unsupported: Vec::new(),
            credits: Vec::new(),
            bad_debts: Vec::new(),
            cutoff: Vec::new(),
            lines: lines
                .into_iter()
                .map(|(code, amount)| ReturnLine {
                    code: code.to_owned(),
                    label: String::new(),
                    formula: String::new(),
                    amount: amount * CENT,
                    records: 0,
                    hash: String::new(),
                })
                .collect(),
            filed: Vec::new(),
            rounded: 0,
            unverified: (0, 0),
            unverified_taxability: (0, 0),
            rules: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn line<'a>(filing: &'a mut Filing, code: &str) -> &'a mut i128 {
        &mut filing.lines.iter_mut().find(|line| line.code == code).unwrap().amount
    }

    #[test]
    fn a_sound_return_has_nothing_broken() {
        // Gross holds 100 + 30 + 20; deductions 30 + 20 + 60 + 10 + 5; left 25. Marketplace is in gross and out again.
        let mut filing = sound();
        assert_eq!(check(&filing), []);
        // The figures above by hand: the state's rows are 30.00 less 5.00.
        filing.bridge.has_marketplace = false;
        assert!(!check(&filing).is_empty(), "gross holds marketplace sales that it should not");
    }

    #[test]
    fn papers_without_a_return_are_held_to_all_but_its_elements() {
        let mut filing = sound();
        filing.lines.clear();
        assert_eq!(check(&filing), []);
        filing.bridge.gross += CENT;
        assert!(check(&filing)[0].identity.starts_with("gross = taxable + exempt"));
    }

    type Break = fn(&mut Filing);

    #[test]
    fn each_identity_that_is_broken_is_named() {
        let breaks: [(&str, Break); 20] = [
            ("each cell of the bridge stands once", |one| one.bridge.rows.push(row(Cell::Taxable, 0, 0, 0))),
            ("gross = taxable + exempt", |one| one.bridge.gross += CENT),
            ("gross = taxable + exempt", |one| one.bridge.rows[2].net += CENT),
            ("out of state = Σ by state", |one| one.bridge.elsewhere.push(("US-YY".to_owned(), 1, CENT))),
            ("part not taxed = net of taxable", |one| one.bridge.part_not_taxed -= CENT),
            ("credits = taxed part of the credits", |one| one.bridge.credits += CENT),
            ("taxable = gross − exempt", |one| one.bridge.bad_debts += CENT),
            ("taxable = gross − exempt", |one| one.bridge.taxable += CENT),
            ("collected = due + differences by cause: S", |one| one.schedule[0].collected += CENT),
            ("no tax is collected by a bad debt", |one| one.schedule[1].collected += CENT),
            ("base × rate = exact tax: C", |one| one.schedule[2].base += CENT),
            ("due = exact tax rounded once: C", |one| one.schedule[2].due += CENT),
            ("Σ base of the state's rows = taxable sales", |one| one.bridge.not_by_state += CENT),
            ("register = schedule: wrong rate", |one| one.register.clear()),
            ("TotalSales = gross of the bridge", |one| *line(one, "TotalSales") += CENT),
            ("TaxableSales = TotalSales − ExemptionsDeductions", |one| *line(one, "TaxableSales") += CENT),
            ("Σ breakout = ExemptionsDeductions", |one| *line(one, "Breakout.resale") += CENT),
            ("TotalTaxDue = Σ state and jurisdiction elements", |one| *line(one, "StateTaxDueSalesInState") += CENT),
            ("no tax of the state in JurisdictionDetail", |one| {
                one.lines[6].code = "JurisdictionDetail.S.JurisTaxDueSalesInState".to_owned();
            }),
            ("AmountDueOrRefund = TotalTaxDue", |one| *line(one, "Priorpayments") += CENT),
        ];
        for (name, broken) in breaks {
            let mut filing = sound();
            broken(&mut filing);
            let found: Vec<String> = check(&filing).into_iter().map(|one| one.identity).collect();
            assert!(found.iter().any(|identity| identity.starts_with(name)), "{name}: {found:?}");
        }
    }

    fn measure_of(cents: i128) -> Measure {
        Measure { records: 1, money: [("USD".to_owned(), cents * CENT)].into() }
    }

    fn papers() -> Papers {
        let filing = sound();
        let measure = |records, cents: i128| Measure { records, money: [("USD".to_owned(), cents * CENT)].into() };
        let landed = |cell, records, cents| Landed {
            entity: "E".to_owned(),
            state: "US-XX".to_owned(),
            cell,
            reason: String::new(),
            measure: measure(records, cents),
        };
        Papers {
            landed: vec![
                landed(Cell::Taxable, 2, 10_000),
                landed(Cell::Credit, 1, -1_000),
                landed(Cell::Exempt(Exemption::Resale), 1, 3_000),
                landed(Cell::Marketplace, 1, 2_000),
                landed(Cell::Unassigned, 3, 700),
            ],
            population: measure(8, 14_700),
            filings: vec![filing],
            ..Papers::default()
        }
    }

    #[test]
    fn a_line_that_lands_twice_or_nowhere_is_told_in_records_and_money() {
        assert_eq!(check_papers(&papers()), []);
        let mut lost = papers();
        lost.landed.pop();
        let found = check_papers(&lost);
        assert_eq!((found[0].left, found[0].right), (5, 8));
        assert_eq!(found[1].identity, "Σ net by cell = net of the exports, USD");
        let mut untaxed = papers();
        untaxed.tax = Some(measure_of(185));
        assert_eq!(check_papers(&untaxed), [], "155 and 30 are collected");
        untaxed.tax = Some(measure_of(186));
        assert!(check_papers(&untaxed)[0].identity.starts_with("Σ tax collected + tax not compared"));
        let mut twice = papers();
        twice.filings[0].bridge.rows[0].lines += 1;
        assert!(check_papers(&twice)[0].identity.contains("US-XX taxable"));
    }
}
