//! SARIF 2.1.0, for the places where code is reviewed: a finding is a result at the line of the wrong record.
//!
//! The fingerprint tells a finding from run to run, the content whether it changed; `baselineState` is what a former report says
//! of it; a waiver is a suppression with its justification. Paths are relative to the folder of the data (`DATA`). Messages are
//! plain text: what a viewer could take for a link is parted by a space, and control characters are visible.

mod wire;

use std::collections::BTreeMap;
use std::io::{self, Write};

use tieout_model::amount::minor_units;
use tieout_model::finding::{Disposition, Standing};
use tieout_model::report::counts;
use tieout_model::{AuditReport, Diagnostic, Evidence, Figure, Finding, Level, RuleResult, Severity, Status};

use wire::{
    Artifact, ArtifactLocation, Configuration, Described, Descriptor, Driver, Facts, Invocation, Location, Log, Money,
    Notification, PhysicalLocation, Reference, Region, Run, SarifResult, Suppression, Text, Tool,
};

use crate::layout::visible;
use crate::words::key_words;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to.
const BASE: &str = "DATA";

/// Writes the log.
pub(super) fn render(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run::new(report)] };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

impl Run {
    fn new(report: &AuditReport) -> Self {
        let indices: BTreeMap<&str, usize> =
            report.rules.iter().enumerate().map(|(index, rule)| (rule.card.id.as_str(), index)).collect();
        let period = report.period.map_or(String::new(), |period| format!("/{}", period.from));
        let base = Described { id: None, description: text("the folder that holds the data of the engagement") };
        let invocation = Invocation {
            execution_successful: !report.rules.iter().any(|rule| matches!(rule.status, Status::Error(_))),
            tool_execution_notifications: report.diagnostics.iter().map(notification).collect(),
        };
        Self {
            tool: Tool {
                driver: Driver {
                    name: "tieout",
                    version: report.version.clone(),
                    rules: report.rules.iter().map(descriptor).collect(),
                },
            },
            automation_details: Described { id: Some(format!("tieout{period}")), description: text(&report.name) },
            invocations: [invocation],
            original_uri_base_ids: BTreeMap::from([(BASE, base)]),
            artifacts: report.sources.iter().map(artifact).collect(),
            results: report.findings.iter().map(|finding| result(report, finding, &indices)).collect(),
            column_kind: "unicodeCodePoints",
            properties: BTreeMap::from([("shortfalls", report.shortfalls.clone()), ("askFor", report.unlock.clone())]),
        }
    }
}

fn artifact(source: &tieout_model::report::SourceFile) -> Artifact {
    Artifact {
        location: location_of(&source.path),
        length: source.bytes,
        hashes: BTreeMap::from([("blake3", source.hash.clone())]),
    }
}

fn descriptor(rule: &RuleResult) -> Descriptor {
    let card = &rule.card;
    Descriptor {
        id: card.id.clone(),
        short_description: text(&card.title),
        full_description: text(&format!("{}. {} Criteria: {}", card.title, card.why, card.criteria)),
        help: text(&format!("{} Criteria: {} What to do: {}", card.why, card.criteria, card.remedy)),
        default_configuration: Configuration { level: level(card.severity) },
        properties: BTreeMap::from([("family", card.family.clone()), ("status", rule.status.name().to_owned())]),
    }
}

fn notification(complaint: &Diagnostic) -> Notification {
    let place = complaint.place.iter().map(|place| Location {
        physical_location: Some(PhysicalLocation {
            artifact_location: own_file(&place.file),
            region: place.line.filter(|line| *line > 0).map(|line| Region { start_line: line }),
        }),
        message: None,
    });
    let help = complaint.help.as_ref().map_or(String::new(), |help| format!(" Help: {help}"));
    Notification {
        level: match complaint.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        message: text(&format!("{}{help}", complaint.message)),
        descriptor: Reference { id: complaint.code.name() },
        locations: place.collect(),
    }
}

fn result(report: &AuditReport, finding: &Finding, indices: &BTreeMap<&str, usize>) -> SarifResult {
    let mut records = finding.evidence.iter().map(|evidence| location(report, evidence));
    SarifResult {
        rule_id: finding.rule.clone(),
        rule_index: indices.get(finding.rule.as_str()).copied(),
        level: level(finding.severity),
        message: text(&finding.message),
        locations: records.next().into_iter().collect(),
        related_locations: records.collect(),
        partial_fingerprints: BTreeMap::from([
            ("tieout/v1", finding.fingerprint.clone()),
            ("tieoutContent/v1", finding.content.clone()),
        ]),
        baseline_state: finding.history.map(|history| match history.standing {
            Standing::New => "new",
            Standing::Changed => "updated",
            Standing::Unchanged => "unchanged",
        }),
        suppressions: suppressions(&finding.disposition),
        properties: facts(report, finding),
    }
}

fn facts(report: &AuditReport, finding: &Finding) -> Facts {
    let figure = |figure: &Option<Figure>| figure.as_ref().map(ToString::to_string);
    let effects = finding.effects.iter().map(|effect| Money {
        customer: effect.party.clone(),
        class: effect.class.name(),
        gross: effect.gross.to_places(minor_units(&effect.currency).unwrap_or(2)),
        currency: effect.currency.clone(),
    });
    Facts {
        confidence: finding.confidence.name(),
        customer: finding.party.clone(),
        key: key_words(finding),
        gates: report.gates(finding),
        expected: figure(&finding.expected),
        stated: figure(&finding.stated),
        difference: figure(&finding.difference),
        effects: effects.collect(),
        counted: counts(finding),
        caused_by: finding.caused_by.clone(),
        remedy: finding.remedy.clone(),
        sentence: (plain(&finding.message) != finding.message).then(|| finding.message.clone()),
    }
}

fn suppressions(disposition: &Disposition) -> Vec<Suppression> {
    let Disposition::Waived { reason, prepared_by, approved_by, expires } = disposition else { return Vec::new() };
    let justification = format!("{reason} (prepared by {prepared_by}, approved by {approved_by}, expires {expires})");
    vec![Suppression { kind: "external", status: "accepted", justification }]
}

fn location(report: &AuditReport, evidence: &Evidence) -> Location {
    let source = usize::try_from(evidence.record.source).ok().and_then(|index| report.sources.get(index));
    let place = source.map(|source| PhysicalLocation {
        artifact_location: location_of(&source.path),
        region: evidence.line.filter(|line| *line > 0).map(|line| Region { start_line: line }),
    });
    let words = format!("{}: record {} of {}", evidence.role, evidence.record.record, evidence.population);
    Location { physical_location: place, message: Some(text(&words)) }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

/// A file of the settings, which is named as on the command line and not relative to the data.
fn own_file(path: &str) -> ArtifactLocation {
    let uri = location_of(path).uri;
    ArtifactLocation { uri: if uri.starts_with('/') { format!("file://{uri}") } else { uri }, uri_base_id: None }
}

/// A path as a URI reference: everything but letters, digits and a few marks is percent-encoded.
fn location_of(path: &str) -> ArtifactLocation {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    ArtifactLocation { uri, uri_base_id: Some(BASE) }
}

fn text(text: &str) -> Text {
    Text { text: plain(text) }
}

/// `[words](target)` is a link in a message, also in a plain one.
fn plain(text: &str) -> String {
    visible(text).replace("](", "] (")
}
