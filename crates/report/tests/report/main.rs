//! The three formats over one rich report: same findings, same sums, safe to read.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
mod sample;
mod sums;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tieout_model::{AuditReport, Period};
use tieout_report::{FORMATS, Format, Reference, Sample, render, render_check, render_finding};

fn rendered(report: &AuditReport, format: &str) -> String {
    let mut out = Vec::new();
    render(report, Format::parse(format).unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(report: &AuditReport) -> Value {
    serde_json::from_str(&rendered(report, "json")).unwrap()
}

fn csv_lines(report: &AuditReport) -> Vec<BTreeMap<String, String>> {
    let text = rendered(report, "csv");
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|line| line.unwrap()).collect()
}

/// What the page's script is given.
fn page_data(report: &AuditReport) -> Value {
    let page = rendered(report, "html");
    let block = page.split("<script type=\"application/json\" id=\"data\">").nth(1).unwrap();
    serde_json::from_str(block.split("</script>").next().unwrap()).unwrap()
}

/// Units of the sixth decimal.
fn units(amount: &str) -> i128 {
    amount.replace(',', "").parse::<tieout_model::Amount>().unwrap().units_at(6).unwrap()
}

type Totals = BTreeMap<(String, String), i128>;

fn model_totals(report: &AuditReport) -> Totals {
    let totals = report.class_totals();
    totals.iter().map(|total| ((total.class.name().to_owned(), total.currency.clone()), total.gross.units)).collect()
}

#[test]
fn every_format_holds_every_finding_and_the_same_sums() {
    let report = sample::report();
    let expected = model_totals(&report);
    assert_eq!(expected.len(), 4, "over-billed, tax in two currencies, misposted");

    let json = json(&report);
    assert_eq!(json["findings"].as_array().unwrap().len(), report.findings.len());
    let word = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let mut from_findings = Totals::new();
    for finding in json["findings"].as_array().unwrap() {
        if finding["disposition"] != "open" || !finding["caused_by"].is_null() {
            continue;
        }
        for effect in finding["effects"].as_array().unwrap() {
            let gross = units(&word(effect, "gross"));
            if effect["class"] != "misposted" || gross > 0 {
                *from_findings.entry((word(effect, "class"), word(effect, "currency"))).or_default() += gross;
            }
        }
    }
    assert_eq!(from_findings, expected);
    let stated = json["totals"].as_array().unwrap().iter();
    let stated = stated.map(|total| ((word(total, "class"), word(total, "currency")), units(&word(total, "gross"))));
    assert_eq!(stated.collect::<Totals>(), expected);

    let lines = csv_lines(&report);
    let numbers: BTreeSet<_> = lines.iter().map(|line| line["finding"].clone()).collect();
    assert_eq!(numbers.len(), report.findings.len());
    let mut from_lines = Totals::new();
    for line in lines.iter().filter(|line| line["counted"] == "yes") {
        *from_lines.entry((line["class"].clone(), line["currency"].clone())).or_default() += units(&line["gross"]);
    }
    assert_eq!(from_lines, expected);

    let page = page_data(&report);
    let own = page["findings"].as_array().unwrap();
    let fingerprints: Vec<_> = own.iter().map(|finding| word(finding, "i")).collect();
    assert!(fingerprints.iter().eq(report.findings.iter().map(|finding| &finding.fingerprint)));
    let mut from_page = Totals::new();
    let class =
        |place: &Value| tieout_model::EffectClass::ALL[usize::try_from(place.as_u64().unwrap()).unwrap()].name();
    for stake in
        own.iter().flat_map(|finding| finding["x"].as_array().unwrap()).filter(|stake| stake["counted"] == true)
    {
        let gross: i128 = word(stake, "z").parse().unwrap();
        *from_page.entry((class(&stake["o"]).to_owned(), word(stake, "currency"))).or_default() += gross;
    }
    assert_eq!(from_page, expected);

    let text = rendered(&report, "text");
    for total in report.class_totals() {
        let amount = total.gross.to_display(tieout_model::amount::minor_units(&total.currency).unwrap());
        let line = text.lines().find(|line| {
            line.trim_start().starts_with(total.class.words())
                && line.contains(&format!(" {amount} {} ", total.currency))
        });
        assert!(line.is_some_and(|line| line.contains(&format!("{} finding", total.findings))), "{total:?}");
    }
}

#[test]
fn the_text_accounts_for_what_it_folds() {
    let report = sample::report();
    let text = rendered(&report, "text").replace('\n', " ");
    // 15 own findings: one each of three rules and twelve of wrong-tax-rate; one consequence; one waived.
    assert!(text.contains("15 open findings (13 certain, 1 likely, 1 for review)"), "{text}");
    assert!(text.contains("1 more is a consequence of these; 1 waived"), "{text}");
    assert!(text.contains("wrong-tax-rate: and 2 more (in the JSON and CSV reports)"), "{text}");
    assert_eq!(text.matches("finding wrong-tax-rate:INV-60").count(), 10);
}

#[test]
fn a_consequence_stands_under_its_cause_without_money() {
    let text = rendered(&sample::report(), "text");
    let after = text.split("  finding double-billed-order-line:INV-20433\n").nth(1).unwrap();
    assert!(after.starts_with("  consequence  tax-total-differs   INV-20433: "), "{after}");
    assert!(!after.lines().next().unwrap().contains("USD"));
}

#[test]
fn text_fits_eighty_columns_and_hides_nothing() {
    let text = rendered(&sample::report(), "text");
    for line in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
        assert!(!line.chars().any(|character| character.is_control() || character == '\u{202e}'), "{line:?}");
        assert!(!line.starts_with("forged line"));
    }
}

#[test]
fn the_words_of_an_opinion_do_not_occur() {
    let text = rendered(&sample::report(), "text").to_lowercase();
    let words: BTreeSet<_> = text.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
    for word in ["clean", "verdict", "anomaly", "violation", "issue", "alert", "validate", "qualified"] {
        assert!(!words.contains(word), "{word}");
    }
}

#[test]
fn json_holds_everything_and_obeys_its_schema() {
    let draft = tieout_model::stage::HoldLine {
        document: "1".to_owned(),
        number: "INV-1".to_owned(),
        customer: None,
        gross: Some(tieout_model::Amount::money(1_000_000)),
        currency: "USD".to_owned(),
        verdict: tieout_model::stage::Verdict::Fix,
        reasons: vec!["a".to_owned()],
        remarks: Vec::new(),
    };
    let list = tieout_model::stage::HoldList { lines: vec![draft], left_out: 0 };
    let report = AuditReport { hold: Some(list), ..sample::report() };
    let mut schema: Value = serde_json::from_str(include_str!("../../schema/report-1.json")).unwrap();
    // Readers must accept new fields; here a field that the schema does not know is a mistake.
    seal(&mut schema);
    let json = json(&report);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&json).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let counts = [
        ("sources", report.sources.len()),
        ("populations", report.populations.len()),
        ("diagnostics", report.diagnostics.len()),
        ("rules", report.rules.len()),
        ("findings", report.findings.len()),
        ("unlock", report.unlock.len()),
        ("root_causes", report.root_causes.len()),
        ("shortfalls", report.shortfalls.len()),
        ("hold_list", 1),
    ];
    for (list, count) in counts {
        assert_eq!(json[list].as_array().unwrap().len(), count, "{list}");
    }
    assert_eq!(json["netting"]["entries"].as_array().unwrap().len(), report.netting.entries.len());
    let evidence = |finding: &Value| finding["evidence"].as_array().unwrap().len();
    let records: usize = json["findings"].as_array().unwrap().iter().map(evidence).sum();
    assert_eq!(records, report.findings.iter().map(|finding| finding.evidence.len()).sum::<usize>());
    let mut wrong = json;
    wrong["findings"][0]["effects"][0]["gross"] = Value::from(1);
    assert!(!validator.is_valid(&wrong), "an amount that is a number must be refused");
}

fn seal(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(seal);
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(seal),
        _ => {}
    }
}

#[test]
fn a_spreadsheet_runs_no_cell() {
    let report = sample::report();
    for line in csv_lines(&report) {
        for (column, cell) in &line {
            let amount = ["net", "tax", "gross", "stated", "difference"].contains(&column.as_str());
            assert!(amount || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{column}: {cell}");
        }
    }
    let lines = csv_lines(&report);
    assert!(lines.iter().any(|line| line["gross"] == "-50.00" && line["counted"] == "no"));
    assert!(lines.iter().any(|line| line["message"].contains("\u{1b}[31m\nforged")), "data is kept as it is");
    assert!(lines.iter().any(|line| line["expected"] == "'-1" && line["stated"] == "-1.5"));
}

#[test]
fn an_empty_report_says_so_in_every_format() {
    let report = AuditReport {
        findings: Vec::new(),
        sources: Vec::new(),
        populations: Vec::new(),
        diagnostics: Vec::new(),
        rules: Vec::new(),
        unlock: Vec::new(),
        root_causes: Vec::new(),
        shortfalls: Vec::new(),
        netting: Default::default(),
        period: None::<Period>,
        as_of: None,
        ..sample::report()
    };
    let text = rendered(&report, "text");
    assert!(text.contains("no open findings") && text.contains("Completeness of the extract was not established"));
    assert_eq!(csv_lines(&report).len(), 0);
    assert_eq!(rendered(&report, "csv").lines().count(), 1);
    assert!(json(&report)["period"].is_null());
}

#[test]
fn findings_that_explain_each_other_are_not_lost() {
    let mut report = sample::report();
    report.findings[0].caused_by = Some(report.findings[1].fingerprint.clone());
    let text = rendered(&report, "text");
    assert!(text.contains("\n  finding double-billed-order-line:INV-20433\n"));
    assert!(text.contains("\n  finding tax-total-differs:INV-20433\n"));
}

#[test]
fn a_finding_about_a_customer_names_him_once() {
    let mut report = sample::report();
    report.findings.truncate(1);
    report.findings[0].key = vec![("customer_id".to_owned(), "C-1042".to_owned())];
    let text = rendered(&report, "text");
    assert!(text.contains("double-billed-order-line   C-1042    "), "{text}");
}

#[test]
fn formats_are_found_by_name() {
    for format in FORMATS {
        assert_eq!(Format::parse(format.name).map(|found| found.name), Some(format.name));
    }
    assert_eq!(Format::names(), ["text", "json", "html", "csv", "xlsx", "sarif", "junit", "markdown"]);
    assert!(Format::parse("xml").is_none());
}

#[test]
fn the_wording_of_the_text() {
    insta::assert_snapshot!("text", rendered(&sample::report(), "text"));
}

#[test]
fn one_finding_in_full() {
    let report = sample::report();
    let mut out = Vec::new();
    render_finding(&report, &report.findings[0], &mut out).unwrap();
    insta::assert_snapshot!("finding", String::from_utf8(out).unwrap());
}

#[test]
fn a_check_shows_mapping_sample_and_what_is_missing() {
    let cells =
        |cells: &[(&str, &str)]| cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect();
    let sample = Sample {
        population: "invoice".to_owned(),
        place: "exports/invoices.csv:2".to_owned(),
        received: cells(&[("Invoice No", "INV-1"), ("Total", "1.190,00")]),
        converted: cells(&[("invoice_id", "INV-1"), ("gross_total", "1190.00")]),
    };
    let mut out = Vec::new();
    render_check(&sample::report(), &[sample], &[references()], &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for part in [
        "      invoice_id  header `Invoice No`\n",
        "      as received    Invoice No=INV-1  Total=1.190,00\n",
        "      as understood  invoice_id=INV-1  gross_total=1190.00\n",
        "8 of 10 selected rules can run\n",
        "    ask for: order\n",
        "error[file-missing]: ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// References of which three are lost.
fn references() -> Reference {
    Reference {
        population: "invoice_line".to_owned(),
        columns: "invoice_id".to_owned(),
        into: "invoice".to_owned(),
        stated: 1_203,
        found: 1_200,
    }
}
