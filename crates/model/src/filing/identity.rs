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
    ser(&mut proof, filing);
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
