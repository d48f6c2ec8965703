//! The hold list for a spreadsheet: a line for each draft and finding that shows it, and one for a draft that none does.

use std::collections::BTreeMap;
use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use tieout_model::amount::minor_units;
use tieout_model::stage::HoldLine;
use tieout_model::{AuditReport, Finding};

use super::csv::text;
use crate::words;

/// Findings of a draft, those that speak against it first; the others are remarks.
pub(super) fn told<'r>(report: &'r AuditReport) -> impl Fn(&HoldLine) -> Vec<(bool, &'r Finding)> {
    let findings: BTreeMap<&str, &Finding> =
        report.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect();
    move |line| {
        let reasons = line.reasons.iter().map(|print| (true, print));
        let all = reasons.chain(line.remarks.iter().map(|print| (false, print)));
        all.filter_map(|(speaks, print)| Some((speaks, *findings.get(print.as_str())?))).collect()
    }
}

/// Writes the lines; new columns are added at the end. A report without a list has the header only.
pub fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(out);
    sheet.write_record([
        "verdict",
        "document",
        "number",
        "customer",
        "gross",
        "currency",
        "against",
        "rule",
        "message",
        "money",
        "remedy",
        "fingerprint",
    ])?;
    let told = told(report);
    for line in report.hold.iter().flat_map(|list| &list.lines) {
        let places = minor_units(&line.currency).unwrap_or(2);
        let own = || {
            vec![
                line.verdict.name().to_owned(),
                text(&line.document),
                text(&line.number),
                text(line.customer.as_deref().unwrap_or_default()),
                line.gross.map_or(String::new(), |gross| gross.to_places(places)),
                text(&line.currency),
            ]
        };
        let findings = told(line);
        if findings.is_empty() {
            sheet.write_record([own(), vec![String::new(); 6]].concat())?;
        }
        for (speaks, finding) in findings {
            let stakes: Vec<String> = finding.effects.iter().map(|effect| words::stake(finding, effect)).collect();
            let of = [
                if speaks { "yes" } else { "no" }.to_owned(),
                text(&finding.rule),
                text(&finding.message),
                text(&stakes.join("; ")),
                text(&finding.remedy),
                text(&finding.fingerprint),
            ];
            sheet.write_record([own(), of.into()].concat())?;
        }
    }
    sheet.flush()
}
