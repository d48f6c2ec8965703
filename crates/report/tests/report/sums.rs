//! Counts and sums by rule and class: every format is parsed back, and all say the same.

use std::collections::BTreeMap;

use calamine::{Data, Range};
use serde_json::Value;
use tieout_model::AuditReport;
use tieout_model::EffectClass;
use tieout_model::report::class_totals;

use crate::{csv_lines, json, rendered, sample, units, workbook};

/// Findings of a rule, and money by class and currency in units of the sixth decimal.
type Rules = BTreeMap<String, (u64, BTreeMap<(String, String), i128>)>;

fn add(rules: &mut Rules, rule: &str, class: &str, currency: &str, units: i128) {
    let money = &mut rules.entry(rule.to_owned()).or_default().1;
    *money.entry((class.to_owned(), currency.to_owned())).or_default() += units;
}

fn of_model(report: &AuditReport) -> Rules {
    let mut rules = Rules::new();
    for finding in &report.findings {
        rules.entry(finding.rule.clone()).or_default().0 += 1;
        for total in class_totals(std::iter::once(finding)) {
            add(&mut rules, &finding.rule, total.class.name(), &total.currency, total.gross.units);
        }
    }
    rules
}

/// From findings with `effects` of class, gross and currency, and whether they count.
fn of_documents(findings: &[Value], rule: &str, effects: impl Fn(&Value) -> (Value, bool)) -> Rules {
    let word = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let mut rules = Rules::new();
    for finding in findings {
        let rule = word(finding, rule);
        rules.entry(rule.clone()).or_default().0 += 1;
        let (effects, counted) = effects(finding);
        for effect in effects.as_array().unwrap().iter().filter(|_| counted) {
            let gross = units(&word(effect, "gross"));
            if effect["class"] != "misposted" || gross > 0 {
                add(&mut rules, &rule, &word(effect, "class"), &word(effect, "currency"), gross);
            }
        }
    }
    rules
}

fn of_csv(report: &AuditReport) -> Rules {
    let (mut rules, mut last) = (Rules::new(), String::new());
    for line in csv_lines(report) {
        if line["finding"] != last {
            rules.entry(line["rule"].clone()).or_default().0 += 1;
        }
        last = line["finding"].clone();
        if line["counted"] == "yes" {
            add(&mut rules, &line["rule"], &line["class"], &line["currency"], units(&line["gross"]));
        }
    }
    rules
}

/// Cells by header, a map a line.
pub fn lines(range: &Range<Data>, first: &str) -> Vec<BTreeMap<String, String>> {
    let (height, width) = range.end().unwrap();
    let text = |row, column| range.get_value((row, column)).map_or(String::new(), ToString::to_string);
    let header = (0..height).find(|row| text(*row, 0) == first).unwrap();
    let line = |row| (0..=width).map(|column| (text(header, column), text(row, column))).collect();
    (header + 1..=height).map(line).collect()
}

fn class_of(words: &str) -> &'static str {
    EffectClass::ALL.into_iter().find(|class| class.words() == words).unwrap().name()
}

/// Over every sheet of findings.
fn of_workbook(report: &AuditReport, rows_max: u32) -> Rules {
    let mut rules = Rules::new();
    for (_, range) in workbook::sheets(report, rows_max).iter().filter(|(name, _)| name.starts_with("Findings")) {
        for line in lines(range, "No.") {
            if !line["Digest"].is_empty() {
                rules.entry(line["Rule"].clone()).or_default().0 += 1;
            }
            if line["Counted"] == "yes" {
                add(&mut rules, &line["Rule"], class_of(&line["Class"]), &line["Currency"], units(&line["Gross"]));
            }
        }
    }
    rules
}

fn of_junit(report: &AuditReport) -> Rules {
    let document = quick_junit::Report::deserialize_from_str(&rendered(report, "junit")).unwrap();
    let mut rules = Rules::new();
    for case in
        document.test_suites.iter().filter(|suite| suite.name.as_str() == "rules").flat_map(|suite| &suite.test_cases)
    {
        for property in &case.properties {
            let (name, value) = (property.name.as_str(), property.value.as_str());
            match name.split_once(' ') {
                Some((class, currency)) => add(&mut rules, case.name.as_str(), class, currency, units(value)),
                None if name == "findings" && value != "0" => {
                    rules.entry(case.name.as_str().to_owned()).or_default().0 += value.parse::<u64>().unwrap();
                }
                None => {}
            }
        }
    }
    rules
}

/// What the page's script reads.
pub fn page_data(report: &AuditReport) -> Value {
    let page = rendered(report, "html");
    let data = page.split("<script type=\"application/json\" id=\"data\">").nth(1).unwrap();
    serde_json::from_str(data.split("</script>").next().unwrap()).unwrap()
}

fn of_page(report: &AuditReport) -> Rules {
    let data = page_data(report);
    let mut rules = Rules::new();
    for finding in data["findings"].as_array().unwrap() {
        let rule = usize::try_from(finding["r"].as_u64().unwrap()).unwrap();
        let rule = data["rules"][rule]["id"].as_str().unwrap();
        rules.entry(rule.to_owned()).or_default().0 += 1;
        for effect in finding["x"].as_array().unwrap().iter().filter(|effect| effect["counted"] == true) {
            let (class, units) = (effect["o"].as_u64().unwrap(), effect["z"].as_str().unwrap().parse().unwrap());
            let class = EffectClass::ALL[usize::try_from(class).unwrap()];
            add(&mut rules, rule, class.name(), effect["currency"].as_str().unwrap(), units);
        }
    }
    rules
}

/// From the table of rules.
fn of_markdown(report: &AuditReport) -> Rules {
    let text = rendered(report, "markdown");
    let table = text.split("| rule | findings | money |\n|---|--:|--:|\n").nth(1).unwrap();
    let mut rules = Rules::new();
    for line in table.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let rule = cells[0].replace('\\', "");
        rules.entry(rule.clone()).or_default().0 += cells[1].parse::<u64>().unwrap();
        for total in cells[2].split("<br>").filter(|total| !total.is_empty()) {
            let (rest, currency) = total.rsplit_once(' ').unwrap();
            let (class, amount) = rest.rsplit_once(' ').unwrap();
            add(&mut rules, &rule, class_of(class), currency, units(amount));
        }
    }
    rules
}

#[test]
fn counts_and_sums_by_rule_and_class_are_the_same_in_every_format() {
    let report = sample::report();
    let expected = of_model(&report);
    assert_eq!(expected.len(), 5, "rules with findings");
    assert_eq!(expected["wrong-tax-rate"].1.len(), 2, "two currencies");

    let document = json(&report);
    let findings = document["findings"].as_array().unwrap();
    let counts = |finding: &Value| finding["disposition"] == "open" && finding["caused_by"].is_null();
    assert_eq!(of_documents(findings, "rule", |finding| (finding["effects"].clone(), counts(finding))), expected);
    let log: Value = serde_json::from_str(&rendered(&report, "sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let effects = |result: &Value| (result["properties"]["effects"].clone(), result["properties"]["counted"] == true);
    assert_eq!(of_documents(results, "ruleId", effects), expected);
    assert_eq!(of_csv(&report), expected);
    assert_eq!(of_workbook(&report, tieout_report::ROWS_MAX), expected);
    assert_eq!(of_junit(&report), expected);
    assert_eq!(of_page(&report), expected);
    assert_eq!(of_markdown(&report), expected);
}

#[test]
fn a_workbook_that_needs_more_sheets_loses_nothing() {
    let mut report = sample::report();
    let more: Vec<_> = (0..300)
        .map(|number| {
            let mut finding = report.findings[5 + number % 12].clone();
            finding.fingerprint = format!("{}-{number}", finding.fingerprint);
            finding
        })
        .collect();
    report.findings.extend(more);
    let names: Vec<_> = workbook::sheets(&report, 64).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"Index".to_owned()) && names.contains(&"Findings 3".to_owned()), "{names:?}");
    assert_eq!(of_workbook(&report, 64), of_model(&report));
    let index = &workbook::sheets(&report, 64)[1].1;
    let counted: u64 = lines(index, "Sheet")
        .iter()
        .filter(|line| line["Sheet"].starts_with("Findings"))
        .map(|line| line["Lines"].parse::<u64>().unwrap())
        .sum();
    let effects = |finding: &tieout_model::Finding| finding.effects.len().max(1) as u64;
    assert_eq!(counted, report.findings.iter().map(effects).sum::<u64>());
}
