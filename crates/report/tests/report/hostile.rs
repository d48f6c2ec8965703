//! Exports hold whatever was typed into a billing system: it arrives whole and does nothing, in every format.

use serde_json::Value;
use tieout_model::finding::Disposition;
use tieout_model::{AuditReport, Finding};
use tieout_report::{ROWS_MAX, visible};

use crate::sums::{lines, page_data};
use crate::{csv_lines, json, rendered, sample, workbook};

/// What each text field begins with in turn.
fn payloads() -> Vec<String> {
    let mut payloads: Vec<String> = [
        "=HYPERLINK(\"http://x\")",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "<script>alert(1)</script>",
        "</testcase>",
        "]]>",
        "&amp;",
        "\u{1b}[2J",
        "\u{202e}drawkcab",
        "a\0b",
        "line\nforged",
        "| a | b |",
        "[x](http://y)",
        "`code` **b**",
        "_x000D_",
        "\u{fffe}\u{ffff}",
        "\"quoted\"",
        "'",
        "{0} {{1}}",
    ]
    .map(str::to_owned)
    .to_vec();
    payloads.push("x".repeat(32_768));
    payloads
}

fn put(field: &mut String, payload: &str) {
    field.insert_str(0, payload);
}

/// Every text of the report that comes from data, a rule file or a person.
fn hostile(payload: &str) -> AuditReport {
    let mut report = sample::report();
    put(&mut report.name, payload);
    report.unlock.iter_mut().chain(&mut report.shortfalls).for_each(|text| put(text, payload));
    for source in &mut report.sources {
        put(&mut source.path, payload);
        source.excluded.iter_mut().for_each(|(reason, _)| put(reason, payload));
    }
    for population in &mut report.populations {
        put(&mut population.name, payload);
        population.unmapped.iter_mut().for_each(|text| put(text, payload));
    }
    for diagnostic in &mut report.diagnostics {
        put(&mut diagnostic.message, payload);
        diagnostic.notes.iter_mut().chain(&mut diagnostic.help).for_each(|text| put(text, payload));
        diagnostic.place.iter_mut().for_each(|place| put(&mut place.file, payload));
    }
    for rule in &mut report.rules {
        put(&mut rule.card.title, payload);
        put(&mut rule.card.why, payload);
        put(&mut rule.card.criteria, payload);
        put(&mut rule.card.family, payload);
        rule.params.iter_mut().for_each(|(_, value)| put(value, payload));
        rule.coverage.not_tested.iter_mut().for_each(|reason| put(&mut reason.reason, payload));
    }
    report.findings.iter_mut().for_each(|one| of_finding(one, payload));
    for entry in &mut report.netting.entries {
        [&mut entry.credit, &mut entry.bill, &mut entry.tier].into_iter().for_each(|text| put(text, payload));
        put(&mut entry.currency, payload);
    }
    for customer in &mut report.customers {
        put(&mut customer.id, payload);
        customer.name.iter_mut().chain(&mut customer.owner).for_each(|text| put(text, payload));
    }
    report
}

fn of_finding(finding: &mut Finding, payload: &str) {
    [
        &mut finding.message,
        &mut finding.remedy,
        &mut finding.confidence_reason,
        &mut finding.case,
        &mut finding.population,
    ]
    .into_iter()
    .for_each(|text| put(text, payload));
    finding
        .party
        .iter_mut()
        .chain(&mut finding.limited)
        .chain(&mut finding.corrected_by)
        .for_each(|text| put(text, payload));
    finding.key.iter_mut().for_each(|(_, value)| put(value, payload));
    finding.chain.iter_mut().for_each(|text| put(text, payload));
    finding.effects.iter_mut().flat_map(|effect| &mut effect.party).for_each(|party| put(party, payload));
    for evidence in &mut finding.evidence {
        put(&mut evidence.role, payload);
        evidence.cells.iter_mut().chain(&mut evidence.received).for_each(|(_, cell)| put(cell, payload));
    }
    if let Disposition::Waived { reason, prepared_by, .. } = &mut finding.disposition {
        put(reason, payload);
        put(prepared_by, payload);
    }
}

/// What a cell of a workbook shows of a text.
fn in_cell(text: &str) -> String {
    let text = visible(text);
    if text.encode_utf16().count() <= 32_767 {
        return text.into_owned();
    }
    let note = format!("… [shortened: {} characters, whole in the JSON report]", text.chars().count());
    text.chars().take(32_767 - note.chars().count()).collect::<String>() + &note
}

#[test]
fn a_workbook_holds_it_as_text_and_computes_nothing_of_it() {
    for payload in payloads() {
        let report = hostile(&payload);
        let bytes = workbook::bytes(&report, ROWS_MAX);
        let book = workbook::sheets_of(bytes.clone());
        let findings = lines(&book.iter().find(|(name, _)| name == "Findings").unwrap().1, "No.");
        for finding in &report.findings {
            let line = findings.iter().find(|line| line["Fingerprint"] == finding.fingerprint).unwrap();
            assert!(line["What is wrong"].starts_with(&in_cell(&finding.message)[..20]), "{}", line["What is wrong"]);
            assert_eq!(line["What to do"], in_cell(&finding.remedy));
            assert_eq!(line["Customer"], in_cell(finding.party.as_deref().unwrap_or_default()));
        }
        for (path, text) in workbook::parts(bytes) {
            let bad = |one: char| (one.is_control() && !matches!(one, '\n' | '\r' | '\t')) || one == '\u{202e}';
            assert!(!text.chars().any(bad), "{path}");
            for formula in text.split("<f>").skip(1).map(|rest| rest.split("</f>").next().unwrap()) {
                assert!(
                    formula.starts_with("ROUND(") && !formula.contains('"') && !formula.contains("HYPERLINK"),
                    "{formula}"
                );
            }
            assert!(!text.contains("<hyperlink"), "{path}");
        }
    }
}

#[test]
fn json_and_sarif_hold_it_to_the_letter() {
    for payload in payloads() {
        let report = hostile(&payload);
        let (document, log) = (json(&report), rendered(&report, "sarif"));
        let log: Value = serde_json::from_str(&log).unwrap();
        for (index, finding) in report.findings.iter().enumerate() {
            assert_eq!(document["findings"][index]["message"], finding.message.as_str());
            let result = &log["runs"][0]["results"][index];
            let text = result["message"]["text"].as_str().unwrap();
            assert!(!text.chars().any(char::is_control) && !text.contains("]("), "{text}");
            let exact = result["properties"]["sentence"].as_str().unwrap_or(text);
            assert_eq!(exact, finding.message);
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte)), "{uri}");
        }
    }
}

#[test]
fn junit_holds_it_visibly_and_stays_xml() {
    for payload in payloads() {
        let report = hostile(&payload);
        let text = rendered(&report, "junit");
        assert!(!text.chars().any(|one| one.is_control() && one != '\n') && !text.contains("<script"), "{payload}");
        let document = quick_junit::Report::deserialize_from_str(&text).unwrap();
        let cases: Vec<_> = document.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
        assert_eq!(cases.len(), report.rules.len() + 1);
        let title = cases[0].properties.iter().find(|property| property.name.as_str() == "title").unwrap();
        let expected = visible(&report.rules[0].card.title).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        assert_eq!(title.value.as_str(), expected);
    }
}

#[test]
fn markdown_keeps_its_tables_and_runs_nothing() {
    for payload in payloads() {
        let text = rendered(&hostile(&payload), "markdown");
        let allowed = ["<br>", "<details>", "<summary>", "</summary>", "</details>"];
        let bare = allowed.iter().fold(text.replace("\\]", "").replace("\\://", ""), |text, tag| text.replace(tag, ""));
        assert!(!bare.contains('<') && !bare.contains("](") && !bare.contains("://"), "{bare}");
        assert!(!text.chars().any(|one| (one.is_control() && one != '\n') || one == '\u{202e}'));
        let plain = text.replace("\\\\", "").replace("\\|", "");
        let mut cells = 0;
        for line in plain.lines() {
            let pipes = line.matches('|').count();
            assert!(!line.starts_with('|') || cells == 0 || pipes == cells, "{line}");
            cells = if line.starts_with('|') { pipes } else { 0 };
        }
    }
}

#[test]
fn the_page_holds_it_to_the_letter_and_runs_nothing() {
    let scripts = rendered(&sample::report(), "html").matches("<script").count();
    for payload in payloads() {
        let report = hostile(&payload);
        let page = rendered(&report, "html");
        // Its own scripts, and no other element that begins with data.
        assert_eq!(page.matches("<script").count(), scripts, "{payload}");
        assert_eq!(page.matches("</script>").count(), scripts, "{payload}");
        assert!(!page.contains("<script>alert(1)") && !page.contains("</testcase>"), "{payload}");
        let data = page_data(&report);
        for (line, finding) in data["findings"].as_array().unwrap().iter().zip(&report.findings) {
            assert_eq!(line["m"], finding.message.as_str());
        }
    }
}

#[test]
fn csv_and_text_run_nothing() {
    for payload in payloads() {
        let report = hostile(&payload);
        for line in csv_lines(&report) {
            assert!(
                line["customer_name"].is_empty()
                    || !line["customer_name"].starts_with(['=', '+', '-', '@', '\t', '\r'])
            );
            assert!(!line["message"].starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", line["message"]);
        }
        let text = rendered(&report, "text");
        assert!(!text.chars().any(|one| (one.is_control() && one != '\n') || one == '\u{202e}'));
    }
}
