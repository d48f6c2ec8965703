//! Causes, cases and root causes from exports to the report, worked through by hand.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

fn audited(folder: &Path) -> Value {
    let run = super::tieout(folder, &["audit", "--quiet", "--report", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn totals(report: &Value) -> Vec<(String, String, u64)> {
    let total = |total: &Value| {
        let text = |name: &str| total[name].as_str().unwrap().to_owned();
        (text("class"), text("gross"), total["findings"].as_u64().unwrap())
    };
    report["totals"].as_array().unwrap().iter().map(total).collect()
}

/// `fixtures/cases/wrong-price/tieout.toml` reckons it by hand.
#[test]
fn a_wrong_price_is_one_case_with_its_tax_and_total() {
    let report = audited(&Path::new(super::HERE).join("../../fixtures/cases/wrong-price"));
    let findings = report["findings"].as_array().unwrap();
    let of = |invoice: &str| -> Vec<&Value> {
        findings.iter().filter(|finding| finding["key"][0]["value"] == invoice).collect()
    };
    let rule = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
    // INV-1: the price is the cause; the total differs by the same 50.00, the tax by 4.12, the tax on them.
    let first = of("I-1");
    let cause = first.iter().find(|finding| rule(finding) == "price-not-as-agreed").unwrap();
    assert_eq!(first.len(), 3);
    for finding in &first {
        let is_cause = finding["fingerprint"] == cause["fingerprint"];
        assert_eq!(finding["caused_by"].is_null(), is_cause, "{}", rule(finding));
        assert!(is_cause || finding["caused_by"] == cause["fingerprint"]);
        assert_eq!(finding["case"], cause["case"]);
    }
    let difference = |name: &str| {
        let finding = first.iter().find(|finding| rule(finding) == name).unwrap();
        finding["difference"]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (difference("lines-do-not-add-up"), difference("tax-differs-from-rate")),
        ("-50.00".into(), "-4.12".into())
    );
    // INV-2 is as agreed. INV-3 has the wrong price too, and a tax of 50.00 that the price does not explain: its own money.
    assert_eq!(of("I-2").len(), 0);
    assert!(of("I-3").iter().all(|finding| finding["caused_by"].is_null()));
    assert_eq!(
        totals(&report),
        [("over_billed".into(), "100.00".into(), 2), ("tax_over_collected".into(), "8.75".into(), 1)]
    );
}

/// 1,131 of 1,140 bills of tax code SVC-2 since July 2025 are taxed at 8.6 % where 8.5 % is due; bills of other codes, and
/// those before July, are right. Each bill is 100.00, so each is 0.10 too much: 113.10.
#[test]
fn a_thousand_findings_have_one_root_cause() {
    let folder = tempfile::tempdir().unwrap();
    let (mut invoices, mut lines, mut taxes) = (
        String::from("invoice_id,issue_date,customer_id,entered_by\n"),
        String::from("invoice_id,line_no,net_amount\n"),
        String::from("invoice_id,tax_no,tax_category,taxable_amount,tax_amount\n"),
    );
    let mut bill = |number: u32, day: &str, code: &str, tax: &str| {
        writeln!(invoices, "I-{number},{day},C-{},user-{}", number % 97, number % 7).unwrap();
        writeln!(lines, "I-{number},1,100.00").unwrap();
        writeln!(taxes, "I-{number},1,{code},100.00,{tax}").unwrap();
    };
    for number in 0..1_140 {
        // Nine corrected by hand.
        let tax = if number < 1_131 { "8.60" } else { "8.50" };
        bill(number, &format!("2025-{:02}-{:02}", 7 + number % 6, 1 + number % 28), "SVC-2", tax);
    }
    for number in 2_000..3_000 {
        bill(number, &format!("2025-{:02}-15", 7 + number % 6), "SVC-1", "8.50");
    }
    for number in 4_000..4_900 {
        bill(number, &format!("2025-{:02}-15", 1 + number % 6), "SVC-2", "8.50");
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("invoice.csv", &invoices);
    write("invoice_line.csv", &lines);
    write("invoice_tax.csv", &taxes);
    write("tax_rate.csv", "jurisdiction_id,rate,effective_from\nCO,0.085,2020-01-01\n");
    write(
        "tieout.toml",
        r#"
[engagement]
name   = "One tax code"
period = "2025"
as_of  = "2026-01-05"
[rules]
select = ["tax-differs-from-rate"]
[[source]]
population = "invoice"
path = "invoice.csv"
columns = { invoice_id = "invoice_id", invoice_no = "invoice_id", document_type = { constant = "invoice" }, status = { constant = "posted" }, issue_date = "issue_date", customer_id = "customer_id", currency = { constant = "USD" }, entered_by = "entered_by" }
[[source]]
population = "invoice_line"
path = "invoice_line.csv"
columns = { invoice_id = "invoice_id", line_no = "line_no", net_amount = "net_amount" }
[[source]]
population = "invoice_tax"
path = "invoice_tax.csv"
columns = { invoice_id = "invoice_id", tax_no = "tax_no", tax_type = { constant = "SALES" }, jurisdiction_id = { constant = "CO" }, tax_category = "tax_category", taxable_amount = "taxable_amount", tax_amount = "tax_amount" }
[[source]]
population = "tax_rate"
path = "tax_rate.csv"
columns = { jurisdiction_id = "jurisdiction_id", tax_type = { constant = "SALES" }, rate_class = { constant = "general" }, scope = { constant = "intrastate" }, rate = "rate", effective_from = "effective_from", source = { constant = "rates.csv" } }
"#,
    );
    let report = audited(folder.path());
    let roots = report["root_causes"].as_array().unwrap();
    assert_eq!(roots.len(), 1, "{roots:#?}");
    let root = &roots[0];
    assert_eq!(root["words"], "tax code SVC-2, since 2025-07-01");
    assert_eq!(
        (root["findings"].as_u64(), root["records"].as_u64(), root["customers"].as_u64()),
        (Some(1_131), Some(1_140), Some(97))
    );
    assert_eq!(root["totals"], report["totals"]);
    assert_eq!(totals(&report), [("tax_over_collected".into(), "113.10".into(), 1_131)]);
    let covered = report["findings"].as_array().unwrap().iter().filter(|finding| finding["root_cause"] == root["id"]);
    assert_eq!(covered.count(), 1_131);
    let text = super::tieout(folder.path(), &["audit", "--quiet"]).out;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("1,131 findings of 1,140 tested records with tax code SVC-2, since 2025-07-01; 97 customers")
    );
}
