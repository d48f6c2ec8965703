//! The bills of the days after the period, as drafts: most are right, some must not go out as they are, and `drafts.csv` says which.

use std::path::Path;

use crate::Result;
use crate::company::{NE, PLAN};
use crate::document::{Document, Taxing};
use crate::ordinary::{period_bill, write_subscription};
use crate::world::{World, invoice_key};

/// Drafts beside the posted documents.
#[derive(Clone, Copy, Debug)]
pub struct Drafts {
    /// Right ones, about; of each wrong kind there is one for every ten of them, and one at least.
    pub right: u64,
    /// Whether what was held is left out and what was to be fixed is right: the run after the list was worked off.
    pub mended: bool,
}

/// What is to be done with a draft, and the rule that says so.
type Label = (String, &'static str, &'static str);

/// Writes the drafts, dated today, and their labels.
pub fn write(world: &mut World, drafts: Drafts, folder: &Path) -> Result<()> {
    let mut labels: Vec<Label> = Vec::new();
    for _ in 0..drafts.right {
        let customer = world.customers[world.rng.index(world.customers.len())];
        let lines = world.rng.range(1, 4);
        let basket = world.basket(lines);
        let bill = world.sale(customer, &basket)?;
        labels.push(drafted(world, bill, ("send", ""))?);
    }
    for _ in 0..drafts.right.div_ceil(10).max(1) {
        let own = wrong(world, drafts.mended)?;
        labels.extend(own);
    }
    let mut writer = csv::Writer::from_path(folder.join("drafts.csv"))?;
    writer.write_record(["document", "verdict", "rule"])?;
    for (document, verdict, rule) in &labels {
        writer.write_record([document.as_str(), verdict, rule])?;
    }
    Ok(writer.flush()?)
}

/// One of each wrong kind, and two that only look wrong.
fn wrong(world: &mut World, mended: bool) -> Result<Vec<Label>> {
    let (today, rounding) = (world.today, world.settings.rounding);
    let mut labels = Vec::new();
    let mut put = |world: &mut World, bill: Document, verdict: &'static str, rule: &'static str| -> Result<()> {
        // What was held is not billed; what was to be fixed is.
        if mended && verdict == "hold" {
            return Ok(());
        }
        let label = if mended { ("send", "") } else { (verdict, rule) };
        labels.push(drafted(world, bill, label)?);
        Ok(())
    };
    // Billed yesterday, and drafted again.
    let posted = newcomers_sale(world)?;
    let again = world.again(&posted, today);
    world.post(posted)?;
    put(world, again, "hold", "order-line-over-billed")?;
    // A subscription's month twice.
    let customer = world.newcomer(NE, |_| ())?;
    let subscription = world.next("SUB");
    let month = (today.month_start(), today.month_start().add_months(1));
    let whose = (customer.id, customer.currency);
    write_subscription(world, subscription, ((whose), PLAN), (month.0, None), (false, "active", "monthly"))?;
    for verdict in ["post", "hold"] {
        let bill = period_bill(world, customer, (subscription, PLAN), month, today);
        if verdict == "post" {
            world.post(bill)?;
        } else {
            put(world, bill, verdict, "subscription-period-billed-twice")?;
        }
    }
    // Dearer than ordered.
    let mut dear = newcomers_sale(world)?;
    if !mended {
        dear.lines[0].price += 12_500;
        dear.total(Taxing::Lawful, rounding);
    }
    put(world, dear, "fix", "price-differs-from-order")?;
    // No tax where some is due.
    let mut untaxed = newcomers_sale(world)?;
    if !mended {
        untaxed.total(Taxing::None, rounding);
    }
    put(world, untaxed, "fix", "taxable-sale-untaxed")?;
    // Totals that were typed over.
    let mut typed = newcomers_sale(world)?;
    if !mended {
        typed.gross += 1_000;
    }
    put(world, typed, "fix", "totals-do-not-cross-foot")?;
    // The second of two equal deliveries of one order, and a bill like one of another order.
    let customer = world.newcomer(NE, |_| ())?;
    let order = world.order(customer, today.add_days(-6), &[(0, 8_000)], "on_shipment")?;
    for verdict in ["post", "send"] {
        let part = world.ship(&order, today, &[(1, 4_000)], "")?;
        let bill = world.bill(&order, &part, today);
        if verdict == "post" {
            world.post(bill)?;
        } else {
            put(world, bill, verdict, "")?;
        }
    }
    Ok(labels)
}

/// Sixteen brackets to a fresh account, ordered and shipped.
fn newcomers_sale(world: &mut World) -> Result<Document> {
    let customer = world.newcomer(NE, |_| ())?;
    world.sale(customer, &[(0, 16_000)])
}

fn drafted(world: &mut World, mut bill: Document, (verdict, rule): (&'static str, &'static str)) -> Result<Label> {
    bill.status = "draft";
    // It is not sent yet.
    bill.sent = None;
    let key = invoice_key(&bill);
    world.post(bill)?;
    Ok((key, verdict, rule))
}

/// How a hold list compares with its labels: drafts by verdict, labelled and found; and every difference in words.
#[derive(Debug, Default)]
pub struct HoldScore {
    /// Labelled and found alike, by verdict.
    pub verdicts: std::collections::BTreeMap<String, [u64; 2]>,
    /// Every difference in words.
    pub differences: Vec<String>,
}

/// Compares `drafts.csv` with a JSON report of `tieout audit --stage draft`: verdicts, and the rule among the reasons.
pub fn score(labels: &Path, report: &Path) -> Result<HoldScore> {
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let texts = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let findings = report["findings"].as_array().ok_or("the report has no list of findings")?;
    let rule =
        |print: &String| findings.iter().find(|one| one["fingerprint"] == **print).map(|one| one["rule"].clone());
    let mut found = std::collections::BTreeMap::new();
    for line in report["hold_list"].as_array().ok_or("the report has no hold list")? {
        let verdict = line["verdict"].as_str().unwrap_or_default();
        let rules: Vec<_> = texts(&line["reasons"]).iter().filter_map(rule).collect();
        found.insert(line["document"].as_str().unwrap_or_default(), (verdict, rules));
    }
    let mut score = HoldScore::default();
    let mut reader = csv::Reader::from_path(labels)?;
    for record in reader.records() {
        let record = record?;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let (document, verdict, because) = (cell(0), cell(1), cell(2));
        let counts = score.verdicts.entry(verdict.to_owned()).or_default();
        counts[0] += 1;
        match found.remove(document) {
            None => score.differences.push(format!("missed  {document}, labelled {verdict}")),
            Some((told, rules)) if told != verdict => {
                score.differences.push(format!("verdict {document}: labelled {verdict}, found {told} {rules:?}"));
            }
            Some((_, rules)) if !because.is_empty() && rules.iter().all(|rule| rule != because) => {
                score.differences.push(format!("reason  {document}: labelled {because}, found {rules:?}"));
            }
            Some(_) => counts[1] += 1,
        }
    }
    score.differences.extend(found.keys().map(|document| format!("extra   {document}")));
    Ok(score)
}
