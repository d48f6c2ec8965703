//! Waivers: accepted findings, applied after harvest; every mismatch is a diagnostic, and a waived finding stays.

use serde::Deserialize;
use tieout_model::diagnostic::Place;
use tieout_model::finding::Disposition;
use tieout_model::{Amount, Code, Date, Diagnostic, EffectClass, Figure, Finding};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverFile {
    #[serde(default)]
    waiver: Vec<Waiver>,
}

/// One accepted finding; everything is mandatory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    rule: String,
    fingerprint: Spanned<String>,
    content: String,
    reason: String,
    prepared_by: String,
    approved_by: Spanned<String>,
    expires: Spanned<String>,
    cap: Spanned<String>,
}

/// Marks findings as waived; complaints come back.
pub fn apply(path: &str, text: &str, as_of: Option<Date>, findings: &mut [Finding]) -> Vec<Diagnostic> {
    let file: WaiverFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let at = error.span().map_or_else(
                || Place { file: path.to_owned(), ..Place::default() },
                |span| Place::in_text(path, text, span),
            );
            let keys = "rule, fingerprint, content, reason, prepared_by, approved_by, expires, cap";
            return vec![
                Diagnostic::new(Code::WaiverSyntax, error.message().to_owned())
                    .at(at)
                    .help(format!("a [[waiver]] has {keys}")),
            ];
        }
    };
    let mut complaints = Vec::new();
    for waiver in &file.waiver {
        if let Err(complaint) = one(path, text, as_of, waiver, findings) {
            complaints.push(*complaint);
        }
    }
    complaints
}

fn one(
    path: &str,
    text: &str,
    as_of: Option<Date>,
    waiver: &Waiver,
    findings: &mut [Finding],
) -> Result<(), Box<Diagnostic>> {
    let at = |spanned: &Spanned<String>| Place::in_text(path, text, spanned.span());
    let complain =
        |code: Code, message: String, spanned: &Spanned<String>| Diagnostic::new(code, message).at(at(spanned));
    let person = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if person(waiver.approved_by.as_ref()) == person(&waiver.prepared_by) {
        let message = format!("`{}` prepared and approved this waiver", waiver.prepared_by);
        return Err(Box::new(
            complain(Code::WaiverSelfApproved, message, &waiver.approved_by).help("another person approves"),
        ));
    }
    let expires: Date = waiver
        .expires
        .as_ref()
        .parse()
        .map_err(|error| complain(Code::WaiverSyntax, format!("{error}"), &waiver.expires))?;
    let cap: Amount = waiver
        .cap
        .as_ref()
        .parse()
        .map_err(|error| complain(Code::WaiverSyntax, format!("cap: {error}"), &waiver.cap))?;
    let print = waiver.fingerprint.as_ref();
    let Some(finding) =
        findings.iter_mut().find(|finding| finding.fingerprint == *print && finding.rule == waiver.rule)
    else {
        let message = format!("no finding of `{}` has the fingerprint {print}", waiver.rule);
        return Err(Box::new(
            complain(Code::WaiverUnmatched, message, &waiver.fingerprint)
                .help("remove the waiver if the matter is settled"),
        ));
    };
    if finding.content != waiver.content {
        let message = format!("finding {print} is not what was waived: its content is {} now", finding.content);
        return Err(Box::new(
            complain(Code::WaiverChanged, message, &waiver.fingerprint)
                .help("look at it again and waive the new content, or correct it"),
        ));
    }
    if as_of.is_some_and(|as_of| as_of >= expires) {
        let complaint = complain(Code::WaiverExpired, format!("this waiver expired on {expires}"), &waiver.expires);
        return Err(Box::new(complaint.help("correct the finding, or have it approved anew with a later expiry")));
    }
    let most = finding.effects.iter().max_by_key(|effect| effect.gross.abs());
    if let Some(effect) = most.filter(|effect| effect.gross.abs() > cap) {
        let stake = Figure::Money { amount: effect.gross.abs(), currency: effect.currency.clone() };
        let capped = Figure::Money { amount: cap, currency: effect.currency.clone() };
        let message = format!("the finding's {stake} exceeds the cap of {capped}");
        let complaint = complain(Code::WaiverExceeded, message, &waiver.cap);
        return Err(Box::new(complaint.help("correct the finding, or have the higher amount approved")));
    }
    let over = finding
        .effects
        .iter()
        .any(|effect| matches!(effect.class, EffectClass::OverBilled | EffectClass::TaxOverCollected));
    let loud = if over { "over-billing kept from the customer: " } else { "" };
    finding.disposition = Disposition::Waived {
        reason: format!("{loud}{}", waiver.reason),
        prepared_by: waiver.prepared_by.clone(),
        approved_by: waiver.approved_by.as_ref().clone(),
        expires: expires.to_string(),
    };
    Ok(())
}
