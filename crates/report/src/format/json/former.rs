//! The baseline on the wire: what a former report had and this one has not.

use serde::Serialize;
use tieout_model::report::{Baseline, Former, Gone};

use super::{Named, Span, Total, named};

#[derive(Serialize)]
pub(super) struct Wire<'a> {
    name: &'a str,
    period: Option<Span>,
    as_of: Option<String>,
    gone: Vec<Lost<'a>>,
}

#[derive(Serialize)]
struct Lost<'a> {
    fingerprint: &'a str,
    rule: &'a str,
    key: Vec<Named<'a, &'a str>>,
    party: Option<&'a str>,
    message: &'a str,
    severity: &'static str,
    confidence: &'static str,
    totals: Vec<Total>,
    first_seen: Option<String>,
    gone: &'static str,
    reason: Option<&'a str>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(baseline: &'a Baseline) -> Self {
        Self {
            name: &baseline.name,
            period: baseline.period.map(Span::new),
            as_of: baseline.as_of.map(|day| day.to_string()),
            gone: baseline.gone.iter().map(Lost::new).collect(),
        }
    }
}

impl<'a> Lost<'a> {
    fn new(former: &'a Former) -> Self {
        let (gone, reason) = match &former.gone {
            Gone::Resolved => ("resolved", None),
            Gone::NotTested(reason) => ("not tested", Some(reason.as_str())),
        };
        Self {
            fingerprint: &former.fingerprint,
            rule: &former.rule,
            key: named(&former.key),
            party: former.party.as_deref(),
            message: &former.message,
            severity: former.severity.name(),
            confidence: former.confidence.name(),
            totals: former.totals.iter().cloned().map(Total::new).collect(),
            first_seen: former.first_seen.map(|day| day.to_string()),
            gone,
            reason,
        }
    }
}
