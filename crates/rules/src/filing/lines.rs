//! The return: elements of the Simplified Electronic Return, discounts and payments, and what was filed against now.

use std::collections::{BTreeMap, BTreeSet};

use tieout_model::amount::{MONEY_SCALE, RATE_SCALE, minor_units, pow10, round_units};
use tieout_model::filing::{Cell, Exemption, FiledRow, Filing, RegisterRow, ReturnLine, ScheduleRow};
use tieout_model::{Date, Rounding};

use super::reference::Reference;
use super::tie::After;

/// Cells that are taken from gross as "other".
const OTHER: [Cell; 4] = [Cell::Exempt(Exemption::Other), Cell::NonTaxable, Cell::Holiday, Cell::Marketplace];

/// Fills in the return's lines.
pub(super) fn fill(
    filing: &mut Filing,
    (reference, after): (&Reference, &After),
    as_of: Option<Date>,
    remarks: &mut BTreeSet<String>,
) {
    let is_late = filing.due_date.zip(as_of).is_some_and(|(due, as_of)| as_of > due);
    let mut lines = Lines { filing, is_late, made: Vec::new() };
    lines.sales();
    let total = lines.tax();
    lines.rest(total, reference, after, remarks);
    let made = lines.made;
    filing.lines = made;
    filed(filing, after);
}

struct Lines<'a> {
    filing: &'a Filing,
    /// True if it is prepared after its day.
    is_late: bool,
    made: Vec<ReturnLine>,
}

impl Lines<'_> {
    fn put(&mut self, code: &str, label: &str, formula: &str, amount: i128, (records, hash): (u64, String)) {
        let [code, label, formula] = [code, label, formula].map(str::to_owned);
        self.made.push(ReturnLine { code, label, formula, amount, records, hash });
    }

    /// Lines of cells, and one hash over theirs.
    fn behind(&self, cells: &[Cell]) -> (u64, String) {
        let rows = self.filing.bridge.rows.iter().filter(|row| cells.contains(&row.cell));
        let rows: Vec<_> = rows.collect();
        (rows.iter().map(|row| row.lines).sum(), joined(rows.iter().map(|row| row.hash.as_str())))
    }

    fn sales(&mut self) {
        let bridge = &self.filing.bridge;
        let is_in = |cell: &Cell| cell.is_on_return() && (bridge.has_marketplace || *cell != Cell::Marketplace);
        let on: Vec<Cell> = Cell::ALL.into_iter().filter(is_in).collect();
        let deducted: Vec<Cell> = on.iter().copied().filter(|cell| *cell != Cell::Taxable).collect();
        let formula = match bridge.has_marketplace {
            true => "taxable + exempt + not taxable + holiday + marketplace + other states",
            false => "taxable + exempt + not taxable + holiday + other states",
        };
        let elsewhere: u64 = bridge.elsewhere.iter().map(|(_, lines, _)| lines).sum();
        let (own, hash) = self.behind(&on);
        self.put("TotalSales", "Gross sales", formula, bridge.gross, (own + elsewhere, hash));
        let deductions = bridge.gross - bridge.taxable;
        let formula = "Σ breakout";
        self.put("ExemptionsDeductions", "Exemptions and deductions", formula, deductions, self.behind(&deducted));
        for reason in Exemption::ALL.into_iter().filter(|reason| *reason != Exemption::Other) {
            let cell = Cell::Exempt(reason);
            let code = format!("Breakout.{}", reason.name());
            self.put(&code, &format!("Of it {}", reason.words()), &cell.name(), bridge.net(cell), self.behind(&[cell]));
        }
        let named: i128 = Exemption::ALL
            .into_iter()
            .filter(|reason| *reason != Exemption::Other)
            .map(|reason| bridge.net(Cell::Exempt(reason)))
            .sum();
        let formula =
            "exempt.other + nontaxable + holiday + marketplace + other states + part not taxed + credits + bad debts";
        let marketplace = if bridge.has_marketplace { bridge.net(Cell::Marketplace) } else { 0 };
        let other = bridge.net(Cell::Exempt(Exemption::Other))
            + bridge.net(Cell::NonTaxable)
            + bridge.net(Cell::Holiday)
            + marketplace
            + bridge.out_of_state
            + bridge.part_not_taxed
            + bridge.credits
            + bridge.bad_debts;
        debug_assert_eq!(named + other, deductions);
        let cells: Vec<Cell> = OTHER.into_iter().chain([Cell::Credit]).collect();
        self.put("Breakout.other", "Of it other", formula, other, self.behind(&cells));
        let formula = "TotalSales − ExemptionsDeductions";
        self.put("TaxableSales", "Taxable sales", formula, bridge.taxable, self.behind(&[Cell::Taxable, Cell::Credit]));
    }

    fn tax(&mut self) -> i128 {
        let rows: Vec<&ScheduleRow> = self.filing.schedule.iter().collect();
        let is_state = |row: &&&ScheduleRow| row.jurisdiction == self.filing.authority;
        let is_food = |row: &&&ScheduleRow| row.class == "food_drug";
        let state: Vec<_> = rows.iter().filter(is_state).copied().collect();
        let of = |rows: &[&ScheduleRow]| -> i128 { rows.iter().map(|row| row.due).sum() };
        let pick = |keep: &dyn Fn(&ScheduleRow) -> bool| -> Vec<&ScheduleRow> {
            state.iter().filter(|row| !is_food(row)).filter(|row| keep(row)).copied().collect()
        };
        let (inside, outside) = (pick(&|row| row.is_intrastate), pick(&|row| !row.is_intrastate));
        let food: Vec<_> = state.iter().filter(is_food).copied().collect();
        let formula = "Σ due of the state's rows, sales within the state";
        self.put(
            "StateTaxDueSalesInState",
            "State tax, sales within the state",
            formula,
            of(&inside),
            evidence(&inside),
        );
        let formula = "Σ due of the state's rows, sales from elsewhere";
        let label = "State tax, sales from outside the state";
        self.put("StateTaxDueSalesOrigOutOfState", label, formula, of(&outside), evidence(&outside));
        let formula = "own purchases are not in the exports";
        self.put("StateTaxDueOwnPurchWithdraw", "State tax on own purchases", formula, 0, (0, String::new()));
        let formula = "Σ due of the state's rows of the class food_drug";
        self.put("StateTaxDueFoodDrug", "State tax on food and drugs", formula, of(&food), evidence(&food));
        let mut local: BTreeMap<(usize, &str, &str, bool), Vec<&ScheduleRow>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| !is_state(row)) {
            let first = rows.iter().position(|other| other.jurisdiction == row.jurisdiction).unwrap_or(at);
            local.entry((first, &row.jurisdiction, &row.reporting_code, !row.is_intrastate)).or_default().push(row);
        }
        for ((_, id, reporting_code, is_outside), rows) in local {
            let (element, words) = match is_outside {
                false => ("JurisTaxDueSalesInState", "within the state"),
                true => ("JurisTaxDueSalesOrigOutOfState", "from outside the state"),
            };
            let label = format!("Local tax of {reporting_code}, sales {words}");
            let formula = "Σ due of the jurisdiction's rows";
            self.put(&format!("JurisdictionDetail.{id}.{element}"), &label, formula, of(&rows), evidence(&rows));
        }
        let total = of(&rows);
        let formula = "Σ StateTaxDue… + Σ JurisdictionDetail";
        self.put("TotalTaxDue", "Tax due in all", formula, total, evidence(&rows));
        total
    }

    fn rest(&mut self, total: i128, reference: &Reference, after: &After, remarks: &mut BTreeSet<String>) {
        let none = || (0, String::new());
        for (code, label) in [("InterestDue", "Interest"), ("PenaltyDue", "Penalty")] {
            self.put(code, label, "not worked out: to be set by the preparer", 0, none());
        }
        let discount = self.discount(total, reference, remarks);
        self.put("Discounts", "Vendor's discount", "tiers of the discount table on TotalTaxDue", discount, none());
        self.put("SSTPAllowance", "Allowance of a certified provider", "not worked out", 0, none());
        let (paid, payments) = after.paid(&self.filing.entity, &self.filing.authority, &self.filing.period_name);
        self.put(
            "Priorpayments",
            "Paid for the period so far",
            "Σ payments for the period",
            paid,
            (payments, String::new()),
        );
        self.put("NewPrepayments", "New prepayments", "not worked out: to be set by the preparer", 0, none());
        let formula =
            "TotalTaxDue + InterestDue + PenaltyDue + NewPrepayments − Discounts − SSTPAllowance − Priorpayments";
        self.put("AmountDueOrRefund", "Amount due, or refund", formula, total - discount - paid, none());
        let open: i128 =
            self.filing.register.iter().filter(|row| row.to_remit_with.is_some()).map(RegisterRow::open).sum();
        let label = "Over-collected tax to remit, not in the amount due above";
        self.put("ExcessTaxCollected", label, "Σ of the over-collected register that is to be remitted", open, none());
    }

    /// The vendor's discount: each tier's rate on the tax within it; of an original return only.
    fn discount(&self, total: i128, reference: &Reference, remarks: &mut BTreeSet<String>) -> i128 {
        let number = self.filing.registration_no.as_deref().unwrap_or_default();
        let tiers = reference.discounts.get(number).map(Vec::as_slice).unwrap_or_default();
        let in_force = tiers.iter().filter(|tier| tier.from < self.filing.period.to).map(|tier| tier.from).max();
        let Some(in_force) = in_force.filter(|_| total > 0) else { return 0 };
        if self.filing.is_amended {
            remarks.insert("a discount is for an original return only".to_owned());
            return 0;
        }
        if self.is_late {
            return 0;
        }
        remarks.insert("the discount is lost where the return is late".to_owned());
        let mut tiers: Vec<_> = tiers.iter().filter(|tier| tier.from == in_force).collect();
        tiers.sort_by_key(|tier| tier.up_to.unwrap_or(i128::MAX));
        let (mut below, mut exact, mut cap) = (0i128, 0i128, None::<i128>);
        for tier in tiers {
            let upper = tier.up_to.unwrap_or(i128::MAX).min(total);
            exact += (upper - below).max(0) * tier.rate;
            below = below.max(upper);
            cap = cap.or(tier.cap);
        }
        let places = minor_units(&self.filing.currency).unwrap_or(2);
        let drop = u32::from(MONEY_SCALE + RATE_SCALE - places);
        let rounded = round_units(exact, drop, Rounding::HalfUp) * pow10(u32::from(MONEY_SCALE - places));
        cap.map_or(rounded, |cap| rounded.min(cap))
    }
}

fn evidence(rows: &[&ScheduleRow]) -> (u64, String) {
    (rows.iter().map(|row| row.lines).sum(), joined(rows.iter().map(|row| row.hash.as_str())))
}

/// One hash over several; empty over nothing.
fn joined<'h>(hashes: impl Iterator<Item = &'h str>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut is_any = false;
    for hash in hashes {
        is_any = true;
        hasher.update(hash.as_bytes());
    }
    if is_any { hasher.finalize().to_hex().to_string() } else { String::new() }
}

/// What was filed last for the period, line by line against now.
fn filed(filing: &mut Filing, after: &After) {
    let last = after.filed(&filing.entity, &filing.period_name);
    let mut rows: BTreeMap<String, FiledRow> = BTreeMap::new();
    for (jurisdiction, code, amount) in last {
        let is_own = jurisdiction == filing.authority;
        let local = format!("JurisdictionDetail.{jurisdiction}.{code}");
        let is_ours = is_own || filing.schedule.iter().any(|row| row.jurisdiction == jurisdiction);
        if !is_ours {
            continue;
        }
        let code = if is_own { code } else { local };
        let row = rows.entry(code.clone()).or_insert(FiledRow { code, jurisdiction, filed: None, now: None });
        row.filed = Some(row.filed.unwrap_or(0) + amount);
    }
    if rows.is_empty() {
        return;
    }
    for line in &filing.lines {
        let known = rows.contains_key(&line.code);
        // What was not filed and is nothing now is no difference.
        if known || line.amount != 0 {
            let jurisdiction = filing.authority.clone();
            let row = rows.entry(line.code.clone()).or_insert(FiledRow {
                code: line.code.clone(),
                jurisdiction,
                filed: None,
                now: None,
            });
            row.now = Some(line.amount);
        }
    }
    let place = |code: &str| filing.lines.iter().position(|line| line.code == code).unwrap_or(usize::MAX);
    let mut rows: Vec<FiledRow> = rows.into_values().collect();
    rows.sort_by(|a, b| (place(&a.code), &a.code).cmp(&(place(&b.code), &b.code)));
    filing.filed = rows;
}
