//! The workbook as other programs read it: typed cells, formulas with their results, the same bytes each time.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use calamine::{Data, Range, Reader as _, Xlsx};
use tieout_model::{Amount, AuditReport, Figure};
use tieout_report::{ROWS_MAX, render_split};

use crate::sample;
use crate::sums::lines;

pub fn bytes(report: &AuditReport, rows_max: u32) -> Vec<u8> {
    let mut out = Vec::new();
    render_split(report, rows_max, &mut out).unwrap();
    out
}

/// Every sheet with its cells, in order.
pub fn sheets(report: &AuditReport, rows_max: u32) -> Vec<(String, Range<Data>)> {
    sheets_of(bytes(report, rows_max))
}

/// Every sheet of a file.
pub fn sheets_of(bytes: Vec<u8>) -> Vec<(String, Range<Data>)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    names.into_iter().map(|name| (name.clone(), book.worksheet_range(&name).unwrap())).collect()
}

/// The text of every part of the file, by its path.
pub fn parts(bytes: Vec<u8>) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        parts.insert(entry.name().unwrap().into_owned(), text);
    }
    parts
}

/// Formula and stored result of every computed cell.
fn formulas(report: &AuditReport) -> Vec<(String, String)> {
    let mut formulas = Vec::new();
    for text in parts(bytes(report, ROWS_MAX)).values() {
        for cell in text.split("<f>").skip(1) {
            let (formula, rest) = cell.split_once("</f>").unwrap();
            let result = rest.strip_prefix("<v>").unwrap().split_once("</v>").unwrap().0;
            formulas.push((formula.to_owned(), result.to_owned()));
        }
    }
    formulas
}

#[test]
fn sheets_stand_in_the_order_of_reading() {
    let names: Vec<_> = sheets(&sample::report(), ROWS_MAX).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "Work list",
        "In common",
        "Not tested",
        "Sources",
        "Files",
        "Findings",
        "Evidence",
        "Former findings",
        "Netting register",
        "Waivers",
        "Rules",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert!(bytes(&sample::report(), ROWS_MAX) == bytes(&sample::report(), ROWS_MAX));
}

#[test]
fn computed_cells_are_rounded_and_hold_their_exact_result() {
    let formulas = formulas(&sample::report());
    assert!(formulas.len() >= 4, "{formulas:?}");
    for (formula, result) in &formulas {
        assert!(formula.starts_with("ROUND("), "{formula}");
        assert!(result.parse::<Amount>().is_ok(), "{formula} = {result}");
    }
    // Difference and effect of the double billing: 2380.00 - 1190.00, and the sums of the work list.
    assert!(formulas.iter().any(|(formula, result)| formula.contains('-') && result == "1190"), "{formulas:?}");
    assert!(formulas.iter().any(|(formula, _)| formula.contains("SUBTOTAL(109,")), "{formulas:?}");
}

#[test]
fn an_amount_beyond_fifteen_digits_is_text_to_the_last_digit() {
    let mut report = sample::report();
    let amount = Amount::new(12_345_678_901_234_567, 2);
    report.findings[0].stated = Some(Figure::Money { amount, currency: "USD".to_owned() });
    report.findings[0].difference = report.findings[0].stated.clone();
    let book = sheets(&report, ROWS_MAX);
    let findings = &book.iter().find(|(name, _)| name == "Findings").unwrap().1;
    let line = lines(findings, "No.").into_iter().find(|line| line["Stated"].starts_with("1234")).unwrap();
    assert_eq!(line["Stated"], "123456789012345.67");
    assert_eq!(line["Difference"], "123456789012345.67");
    let is_text = findings.cells().any(|(_, _, cell)| *cell == Data::String("123456789012345.67".to_owned()));
    assert!(is_text, "as a number it would lose a digit");
}

#[test]
fn ids_are_text_and_days_are_days() {
    let mut report = sample::report();
    report.findings[0].party = Some("0042".to_owned());
    report.findings[0].effects.iter_mut().for_each(|effect| effect.party = Some("0042".to_owned()));
    let book = sheets(&report, ROWS_MAX);
    let findings = &book.iter().find(|(name, _)| name == "Findings").unwrap().1;
    assert!(findings.cells().any(|(_, _, cell)| *cell == Data::String("0042".to_owned())));
    assert!(findings.cells().any(|(_, _, cell)| matches!(cell, Data::DateTime(_))));
}

#[test]
fn tax_stands_on_top_of_the_work_list_and_a_customer_s_cases_together() {
    let book = sheets(&sample::report(), ROWS_MAX);
    let cases = lines(&book[0].1, "First");
    let firsts: Vec<_> = cases.iter().map(|line| line["First"].as_str()).collect();
    assert_eq!(firsts, ["before filing"; 5].iter().chain(&[""; 2]).copied().collect::<Vec<_>>(), "{cases:?}");
    let numbers: u64 = cases.iter().map(|line| line["Findings"].parse::<u64>().unwrap()).sum();
    assert_eq!(numbers, 15, "every open finding that nothing explains");
}
