//! Sales-tax returns: what each marked sale becomes, the papers against those of an independent script, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(super::HERE).join("../../fixtures").join(name)
}

type Record = BTreeMap<String, String>;

/// The records of a table by header; none if there is no such file.
fn table(path: &Path) -> Vec<Record> {
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let named =
        |record: csv::StringRecord| header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(|record| named(record.unwrap())).collect()
}

/// Cents of a plain amount.
fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{:0<2}", part);
    assert!(part.len() <= 2, "{text} has parts of a cent");
    digits.parse().unwrap_or_else(|_| panic!("{text} is no amount"))
}

fn shown(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// Half a cent away from zero, of a decimal with any number of places.
fn rounded(text: &str) -> i64 {
    let negative = text.starts_with('-');
    let (whole, part) = text.trim_start_matches('-').split_once('.').unwrap_or((text, "0"));
    let part = format!("{part:0<3}");
    let up = i64::from(part.as_bytes()[2] >= b'5');
    let units = whole.parse::<i64>().unwrap() * 100 + part[..2].parse::<i64>().unwrap() + up;
    if negative { -units } else { units }
}

/// What the papers say of one document, in the words of the fixture's last column.
fn verdict(papers: &Path, folder: &Path, number: &str) -> String {
    let of =
        |file: &Path| -> Vec<Record> { table(file).into_iter().filter(|record| record["number"] == number).collect() };
    let aside = of(&papers.join("on_no_return.csv"));
    if let Some(first) = aside.first() {
        return format!("{}: {}", first["cell"].replace('_', " "), first["why"]);
    }
    let lines = of(&folder.join("detail.csv"));
    if lines.is_empty() {
        return "on no paper".to_owned();
    }
    let cells: Vec<&str> = lines.iter().map(|line| line["cell"].as_str()).collect();
    let taxed: i64 = lines.iter().map(|line| cents(&line["taxed"])).sum();
    let mut exact: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &lines {
        for (place, tax) in
            line["jurisdictions"].split(' ').zip(line["taxes"].split(' ')).filter(|(place, _)| !place.is_empty())
        {
            // Lines of a marked document have tax in whole thousandths at the most.
            let thousandths = |text: &str| {
                let (whole, part) = text.trim_start_matches('-').split_once('.').unwrap();
                let units: i64 = format!("{whole}{part:0<6}").parse().unwrap();
                if text.starts_with('-') { -units } else { units }
            };
            *exact.entry(place).or_default() += thousandths(tax);
        }
    }
    let due: i64 = exact
        .values()
        .map(|units| {
            rounded(&format!(
                "{}{}.{:06}",
                if *units < 0 { "-" } else { "" },
                units.abs() / 1_000_000,
                units.abs() % 1_000_000
            ))
        })
        .sum();
    let mut verdict = format!("{} {} due {}", cells.join("+"), shown(taxed), shown(due));
    for (file, word) in [("over_collected.csv", "over"), ("under_collected.csv", "under")] {
        let mut causes: BTreeMap<String, i64> = BTreeMap::new();
        for record in of(&folder.join(file)) {
            *causes.entry(record["cause"].clone()).or_default() += cents(&record["difference"]).abs();
        }
        for (cause, sum) in causes {
            verdict.push_str(&format!(" {word} {} {cause}", shown(sum)));
        }
    }
    if !of(&folder.join("unsupported_exemptions.csv")).is_empty() {
        verdict.push_str(" unsupported");
    }
    verdict
}

#[test]
fn each_marked_sale_becomes_what_its_mark_says() {
    let place = tempfile::tempdir().unwrap();
    let case = fixture("cases/sales-tax");
    let out = place.path().display().to_string();
    let run = super::tieout(&case, &["return", "--quiet", "--out", &out]);
    assert_eq!(run.code, 0, "{}", run.err);
    let folder = place.path().join("E1-US-NE-2026-10-USD");
    let mut wrong = Vec::new();
    let marked = table(&case.join("invoice.csv"));
    assert!(marked.len() > 45);
    for record in &marked {
        let found = verdict(place.path(), &folder, &record["invoice_no"]);
        let expect = match record["expect"].as_str() {
            text if text == "other period" || text.starts_with("no posted bill") => "on no paper",
            text => text,
        };
        if found != expect {
            wrong.push(format!("{}: {found}\n    not: {expect}", record["invoice_no"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is on no paper is in the accounting, with its reason.
    let landed = table(&place.path().join("where_lines_landed.csv"));
    let count = |cell: &str| -> usize {
        landed
            .iter()
            .filter(|record| record["cell"] == cell)
            .map(|record| record["lines"].parse::<usize>().unwrap())
            .sum()
    };
    assert_eq!((count("in another period"), count("no posted bill")), (2, 1));
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

#[test]
fn every_line_lands_once_in_records_and_money() {
    for (case, period) in [("cases/sales-tax", "2026-10"), ("sales-tax", "2026-08"), ("sales-tax", "2026Q3")] {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().display().to_string();
        let run = super::tieout(&fixture(case), &["return", "--quiet", "--period", period, "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.err);
        let file = if case == "sales-tax" { "invoice_lines.csv" } else { "invoice_line.csv" };
        let exported = table(&fixture(case).join(file));
        let net: i64 = exported
            .iter()
            .map(|line| &line["net_amount"])
            .filter(|net| !net.contains('O'))
            .map(|net| cents(net))
            .sum();
        let landed = table(&place.path().join("where_lines_landed.csv"));
        let lines: usize = landed.iter().map(|record| record["lines"].parse::<usize>().unwrap()).sum();
        assert_eq!(lines, exported.len());
        assert_eq!(landed.iter().map(|record| cents(&record["net"])).sum::<i64>(), net);
        // And tax: what schedules hold, what is compared nowhere, and nothing else.
        let billed: i64 = table(&fixture(case).join(file.replace("line", "tax").replace("taxs", "taxes")))
            .iter()
            .map(|row| cents(&row["tax_amount"]))
            .sum();
        let mut collected: i64 =
            table(&place.path().join("tax_not_compared.csv")).iter().map(|row| cents(&row["net"])).sum();
        for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
            collected +=
                table(&entry.path().join("schedule.csv")).iter().map(|row| cents(&row["collected"])).sum::<i64>();
        }
        assert_eq!(collected, billed, "{case} {period}");
    }
}
