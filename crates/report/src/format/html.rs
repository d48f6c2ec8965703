//! The page: one file without a request anywhere, for whoever has a browser.
//!
//! What is the same for every reader (sums, charts, sources, rules) is written here; lists of findings are data, from which
//! `page.js` makes what is looked at, so that twenty thousand findings stay usable. Data is JSON in blocks that are no scripts,
//! with every `<` written as its code point; the script puts it into the page as text only. The policy of the page admits its own
//! style and script by their hash and nothing else.

mod charts;
mod data;
mod tables;

use std::io::{self, Write};

use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tieout_model::{AuditReport, Code};

use crate::layout::{counted, money, visible};
use crate::{past, words};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Money of one class and currency.
#[derive(Serialize)]
struct Total {
    class: &'static str,
    words: &'static str,
    amount: String,
    findings: String,
}

/// What the template is given; text that comes from exports is visible already.
#[derive(Serialize)]
struct Page<'a> {
    name: String,
    version: &'a str,
    facts: String,
    result: String,
    rules_line: String,
    baseline: Option<String>,
    totals: Vec<Total>,
    hold: Option<tables::Hold>,
    shortfalls: Vec<String>,
    suspects: Vec<String>,
    complete: bool,
    charts: Vec<charts::Chart>,
    unlock: String,
    untested: Vec<tables::Untested>,
    diagnostics: Vec<String>,
    populations: Vec<tables::Population>,
    files: Vec<tables::File>,
    netting: Vec<tables::Netted>,
    netting_line: String,
    rules: Vec<tables::Rule>,
    style: &'a str,
    style_hash: String,
    script: &'a str,
    script_hash: String,
    data: String,
    chunks: Vec<String>,
}

/// Writes the page.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", PAGE).map_err(io::Error::other)?;
    let template = environment.get_template("page").map_err(io::Error::other)?;
    let data = data::Data::new(report);
    let totals: Vec<Total> = report
        .class_totals()
        .into_iter()
        .map(|total| Total {
            class: total.class.name(),
            words: total.class.words(),
            amount: money(total.gross, &total.currency),
            findings: counted(total.findings, "finding", "findings"),
        })
        .collect();
    let suspects = report.diagnostics.iter().filter(|one| one.code == Code::MappingSuspect);
    let baseline = report
        .baseline
        .as_ref()
        .map(|baseline| format!("Against {}: {}.", baseline.name, past::standings(report, baseline)));
    let page = Page {
        name: visible(&report.name).into_owned(),
        version: &report.version,
        facts: visible(&words::facts(report)).into_owned(),
        result: words::result(report),
        rules_line: words::rules_line(report).trim().to_owned(),
        baseline: baseline.map(|words| visible(&words).into_owned()),
        totals,
        hold: tables::hold(report),
        shortfalls: report.shortfalls.iter().map(|text| visible(text).into_owned()).collect(),
        suspects: suspects.map(|one| visible(&one.message).into_owned()).collect(),
        complete: report.completeness_established,
        charts: charts::all(report),
        unlock: visible(&report.unlock.join(", ")).into_owned(),
        untested: tables::untested(report),
        diagnostics: tables::diagnostics(report)?,
        populations: tables::populations(report),
        files: tables::files(report),
        netting: tables::netting(report),
        netting_line: tables::netting_line(report),
        rules: tables::rules(report),
        style: STYLE,
        style_hash: base64(&Sha256::digest(STYLE)),
        script: SCRIPT,
        script_hash: base64(&Sha256::digest(SCRIPT)),
        data: inert(&data.index)?,
        chunks: data.chunks.iter().map(inert).collect::<io::Result<_>>()?,
    };
    let values = minijinja::Value::from(minijinja::value::Serde(&page));
    template.render_captured_to(values, out).map_err(io::Error::other)?;
    Ok(())
}

/// JSON that no reader of HTML can take for the end of its block.
fn inert(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

/// Base 64 with padding, as the policy wants hashes.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = usize::try_from(bits >> shift & 63).unwrap_or(0);
            text.push(if place > group.len() { '=' } else { char::from(LETTERS[letter]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, expected) in vectors {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn data_cannot_end_its_block() {
        let text = inert(&"</script><!--&amp;").unwrap();
        assert!(!text.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "</script><!--&amp;");
    }
}
