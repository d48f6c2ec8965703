//! The pack on a page: how the report's money becomes the proposals', then the proposals by action, then what is asked.

use std::collections::BTreeMap;
use std::io;

use tieout_model::correction::{Action, Pack};
use tieout_model::{Amount, AuditReport};

use super::maps::Map;
use crate::layout::{Page, count, counted, money};

pub(super) fn render(report: &AuditReport, pack: &Pack, maps: &[Map]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut page = Page::new(&mut out);
    let as_of = report.as_of.map_or(String::new(), |as_of| format!("as of {as_of}"));
    page.pair(&format!("Corrections: {}", report.name), &as_of)?;
    actions(pack, &mut page)?;
    bridge(pack, &mut page)?;
    questions(pack, &mut page)?;
    imports(pack, maps, &mut page)?;
    Ok(out)
}

fn actions(pack: &Pack, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("What is proposed, a proposal a case")?;
    let mut sums: BTreeMap<(Action, &str), (u64, i128, i128)> = BTreeMap::new();
    for proposal in &pack.proposals {
        let sum = sums.entry((proposal.action, proposal.currency.as_str())).or_default();
        sum.0 += 1;
        sum.1 += proposal.net().units;
        sum.2 += proposal.tax().units;
    }
    if sums.is_empty() {
        page.line("Nothing.")?;
    }
    for action in Action::ALL {
        for ((_, currency), (number, net, tax)) in sums.iter().filter(|((one, _), _)| *one == action) {
            let proposals = counted(*number, "proposal", "proposals");
            if currency.is_empty() {
                page.line(&format!("  {:<26} {proposals}", action.words()))?;
                continue;
            }
            let gross = money(Amount::money(net + tax), currency);
            page.line(&format!("  {:<26} {gross:>20}   {proposals}", action.words()))?;
            let (net, tax) = (money(Amount::money(*net), currency), money(Amount::money(*tax), currency));
            page.line(&format!("    net {net}, tax {tax}"))?;
        }
    }
    Ok(())
}

/// The report's figure less what is asked, with the tax that goes with it, is what is proposed.
fn bridge(pack: &Pack, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("From the report to the proposals")?;
    for bridge in &pack.bridge {
        let row = |page: &mut Page<'_>, words: &str, amount: Amount| {
            page.line(&format!("    {words:<48} {:>22}", money(amount, &bridge.currency)))
        };
        page.line(&format!("{}, {}", bridge.class.words(), bridge.currency))?;
        row(page, "in the report", bridge.reported)?;
        row(page, "less what has to be asked first", Amount::money(-bridge.asked.units))?;
        row(page, "tax that the report's figure leaves out", bridge.tax)?;
        for (words, amount) in &bridge.other {
            row(page, words, *amount)?;
        }
        if !bridge.closes() {
            row(page, "not explained: a fault of tieout, tell us", bridge.unexplained)?;
        }
        row(page, "proposed", bridge.proposed)?;
        let tax = bridge.tax.plus_money(bridge.tax_stated);
        if !tax.is_zero() && !bridge.class.is_tax() {
            let stated = money(bridge.tax_stated, &bridge.currency);
            row(page, "  of it tax", tax)?;
            page.line(&format!("      {stated} of that tax is in the report's figure"))?;
        }
    }
    Ok(())
}

fn questions(pack: &Pack, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("What has to be asked first")?;
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for question in &pack.questions {
        *reasons.entry(question.rule.as_str()).or_default() += 1;
    }
    for (rule, number) in reasons {
        page.line(&format!("  {:>6}  {rule}", count(number)))?;
    }
    if pack.questions.is_empty() {
        page.line("Nothing.")?;
    }
    if pack.without_money > 0 {
        let findings = counted(pack.without_money, "finding has", "findings have");
        page.paragraph(0, &format!("{findings} no money at stake: there is nothing to correct on an account."))?;
    }
    Ok(())
}

/// What has to be known before a file is imported or a letter sent.
fn imports(pack: &Pack, maps: &[Map], page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Before you import or send anything")?;
    page.paragraph(0, "Nothing is approved yet: approve each proposal first, then import and send.")?;
    let mut numbers: BTreeMap<Action, u64> = BTreeMap::new();
    pack.proposals.iter().for_each(|proposal| *numbers.entry(proposal.action).or_default() += 1);
    let of = |wanted: &dyn Fn(Action) -> bool| -> Vec<(Action, u64)> {
        numbers.iter().filter(|(action, _)| wanted(**action)).map(|(action, number)| (*action, *number)).collect()
    };
    for map in maps.iter().filter(|map| numbers.keys().any(|action| map.takes(*action))) {
        let (file, dates) = map.about();
        page.line(&format!("  {file:<40} days as {dates}"))?;
    }
    if !pack.proposals.is_empty() && pack.proposals.iter().all(|proposal| proposal.account.is_none()) {
        page.paragraph(0, "Account columns are empty: name accounts in `[corrections.accounts]` of the engagement.")?;
    }
    let list = |actions: Vec<(Action, u64)>| {
        actions.iter().map(|(action, number)| format!("{}: {number}", action.words())).collect::<Vec<_>>().join("; ")
    };
    let none = of(&|action| !maps.iter().any(|map| map.takes(action)));
    if !none.is_empty() {
        page.paragraph(0, &format!("In no import file, to be booked by hand. {}.", list(none)))?;
    }
    let silent = of(&|action| !super::letters::has_letter(action));
    let moved = pack.proposals.iter().filter(|one| one.action == Action::Transfer && one.customer != one.rightful);
    let moved = moved.count();
    if moved > 0 {
        let words = "the customer who gets the money has a letter; tell the other one, whose invoice is open again";
        page.paragraph(0, &format!("Transfers from one account to another: {moved}; {words}."))?;
    }
    if !silent.is_empty() {
        page.paragraph(0, &format!("Without a letter to the customer. {}.", list(silent)))?;
    }
    Ok(())
}
