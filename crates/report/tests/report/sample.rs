//! One report that holds a bit of everything: three currencies, every status, a case over customers, a consequence, a
//! waiver, hostile cells, more findings of one rule than the text shows.

use std::collections::BTreeMap;

use tieout_model::finding::{Disposition, History, Standing};
use tieout_model::report::{
    Baseline, ClassTotal, ControlTotal, Customer, Former, Gone, Latency, NettingEntry, NettingRegister,
    PopulationFacts, RootCause, SourceFile,
};
use tieout_model::{
    Amount, AuditReport, Code, Confidence, Coverage, Date, Diagnostic, Effect, EffectClass, Evidence, Figure, Finding,
    Measure, NotTested, Occurrences, Place, RecordRef, RuleCard, RuleResult, Severity, Status,
};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn pairs(cells: &[(&str, &str)]) -> Vec<(String, String)> {
    cells.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn cents(cents: i128) -> Amount {
    Amount::money(cents * 10_000)
}

fn measure(records: u64, usd_cents: i128) -> Measure {
    Measure { records, money: BTreeMap::from([("USD".to_owned(), usd_cents * 10_000)]) }
}

fn effect(class: EffectClass, party: &str, gross_cents: i128) -> Effect {
    let party = Some(party.to_owned());
    Effect { party, class, net: None, tax: None, gross: cents(gross_cents), currency: "USD".to_owned() }
}

fn evidence(record: u64, role: &str, cells: &[(&str, &str)]) -> Evidence {
    Evidence {
        population: "invoice".to_owned(),
        record: RecordRef { source: 0, record },
        role: role.to_owned(),
        cells: pairs(cells),
        line: Some(record + 1),
        received: pairs(&[("Invoice No", cells[0].1), ("Total", "1.190,00")]),
    }
}

fn finding(rule: &str, party: &str, document: &str) -> Finding {
    Finding {
        fingerprint: format!("{rule}:{document}"),
        content: "c0ffee".to_owned(),
        rule: rule.to_owned(),
        severity: Severity::Error,
        confidence: Confidence::Certain,
        confidence_reason: "order line, quantity and price agree".to_owned(),
        population: "invoice".to_owned(),
        key: pairs(&[("invoice_id", document), ("invoice_no", document), ("customer_id", party)]),
        party: Some(party.to_owned()),
        date: Date::from_ymd(2026, 10, 6),
        message: format!("invoice {document} bills what another invoice billed before"),
        expected: None,
        stated: None,
        difference: None,
        effects: Vec::new(),
        evidence: vec![evidence(811, "stated", &[("document_number", document), ("gross_amount", "1190.00")])],
        chain: Vec::new(),
        remedy: format!("credit {document} in full, tax included, and tell the customer"),
        caused_by: None,
        root_cause: None,
        limited: None,
        corrected_by: None,
        case: format!("{party}:{rule}"),
        disposition: Disposition::Open,
        history: None,
    }
}

fn former(rule: &str, document: &str, gone: Gone) -> Former {
    let total =
        ClassTotal { class: EffectClass::OverBilled, currency: "USD".to_owned(), gross: cents(1_000), findings: 1 };
    Former {
        fingerprint: format!("{rule}:{document}"),
        rule: rule.to_owned(),
        key: pairs(&[("invoice_id", document)]),
        party: Some("C-7".to_owned()),
        message: format!("invoice {document} bills what another invoice billed before"),
        severity: Severity::Error,
        confidence: Confidence::Certain,
        totals: vec![total],
        first_seen: Date::from_ymd(2026, 9, 5),
        gone,
    }
}

fn double_billing() -> Finding {
    let usd = |cents_: i128| Some(Figure::Money { amount: cents(cents_), currency: "USD".to_owned() });
    Finding {
        expected: usd(119_000),
        stated: usd(238_000),
        difference: usd(119_000),
        effects: vec![Effect {
            net: Some(cents(100_000)),
            tax: Some(cents(19_000)),
            ..effect(EffectClass::OverBilled, "C-1042", 119_000)
        }],
        evidence: vec![
            evidence(9339, "stated", &[("document_number", "INV-20433"), ("document_date", "2026-10-06")]),
            evidence(811, "counterpart", &[("document_number", "INV-20417"), ("document_date", "2026-10-04")]),
        ],
        chain: strings(&["CN-7 credits 10.00 USD of INV-20417 for a return"]),
        limited: Some("3 records of credit_note were excluded".to_owned()),
        corrected_by: Some("CN-99 of 2026-11-03".to_owned()),
        history: Some(History { standing: Standing::Changed, first_seen: Date::from_ymd(2026, 9, 5) }),
        ..finding("double-billed-order-line", "C-1042", "INV-20433")
    }
}

fn findings() -> Vec<Finding> {
    let mut findings = vec![
        double_billing(),
        Finding {
            caused_by: Some("double-billed-order-line:INV-20433".to_owned()),
            effects: vec![effect(EffectClass::TaxOverCollected, "C-1042", 19_000)],
            ..finding("tax-total-differs", "C-1042", "INV-20433")
        },
        Finding {
            effects: vec![effect(EffectClass::Misposted, "C-7", 5_000), effect(EffectClass::Misposted, "C-8", -5_000)],
            confidence: Confidence::Likely,
            ..finding("posted-to-wrong-customer", "C-7", "INV-3")
        },
        Finding {
            message: "the cell reads =1+1\u{1b}[31m\nforged line \u{202e}".to_owned(),
            confidence: Confidence::Review,
            severity: Severity::Warning,
            key: pairs(&[("invoice_id", "=cmd|' /C calc'!A0")]),
            expected: Some(Figure::Text("-1".to_owned())),
            stated: Some(Figure::Number(Amount::new(-15, 1))),
            party: None,
            ..finding("duplicate-document-number", "", "INV-4")
        },
        Finding {
            effects: vec![effect(EffectClass::OverBilled, "C-9", 70_000)],
            disposition: Disposition::Waived {
                reason: "agreed with the customer".to_owned(),
                prepared_by: "preparer".to_owned(),
                approved_by: "approver".to_owned(),
                expires: "2027-01-31".to_owned(),
            },
            ..finding("double-billed-order-line", "C-9", "INV-5")
        },
    ];
    // Twelve findings of one case over four customers: the text shows ten.
    for number in 0..12 {
        let party = format!("C-{}", 2000 + number % 4);
        let yen = Effect {
            currency: "JPY".to_owned(),
            gross: Amount::money(31_000_000),
            ..effect(EffectClass::TaxOverCollected, &party, 0)
        };
        findings.push(Finding {
            effects: vec![effect(EffectClass::TaxOverCollected, &party, 9), yen],
            case: "rate 2026-10 of 06037".to_owned(),
            ..finding("wrong-tax-rate", &party, &format!("INV-60{number:02}"))
        });
    }
    findings
}

fn rule(id: &str, status: Status, coverage: Coverage, findings: u64) -> RuleResult {
    RuleResult {
        card: RuleCard {
            id: id.to_owned(),
            title: format!("Title of {id}"),
            family: "double-billing".to_owned(),
            reference: Some("DUP-01".to_owned()),
            assertion: "occurrence".to_owned(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            reliability: None,
            scope_date: None,
            by_period: true,
            criteria: "one delivery is billed once".to_owned(),
            why: "the customer pays twice".to_owned(),
            remedy: "credit the second".to_owned(),
            kind: "duplicate".to_owned(),
            hash: "0123456789abcdef".to_owned(),
        },
        population: "invoice".to_owned(),
        status,
        coverage,
        guards_missing: Vec::new(),
        params: pairs(&[("window_days", "7")]),
        findings,
    }
}

fn rules() -> Vec<RuleResult> {
    let whole =
        Coverage { total: measure(48_110, 120_491_317), tested: measure(48_110, 120_491_317), ..Coverage::default() };
    let some = Coverage { exceptions: measure(2, 238_000), ..whole.clone() };
    let partly = Coverage {
        total: measure(48_110, 120_491_317),
        excluded: 3,
        tested: measure(48_072, 120_490_000),
        not_tested: vec![NotTested { reason: "unreadable `net_amount`".to_owned(), measure: measure(38, 1_317) }],
        guarded: vec![NotTested { reason: "exemption_certificate".to_owned(), measure: measure(4, 40_000) }],
        ..Coverage::default()
    };
    let not_performed = |reason: &str| Status::NotPerformed { reason: reason.to_owned(), unlock: strings(&["order"]) };
    vec![
        RuleResult {
            guards_missing: strings(&["promotion"]),
            ..rule("double-billed-order-line", Status::Exceptions, some.clone(), 2)
        },
        rule("duplicate-document-number", Status::Exceptions, some.clone(), 1),
        rule("gap-in-sequence", Status::PartlyTested, partly, 0),
        rule("order-not-billed", not_performed("population `order` is missing"), Coverage::default(), 0),
        rule("posted-to-wrong-customer", Status::Exceptions, some.clone(), 1),
        rule("price-differs-from-order", not_performed("population `order` is missing"), Coverage::default(), 0),
        rule("rounding-drift", Status::Error("the plan has no order".to_owned()), Coverage::default(), 0),
        rule("status-mismatch", Status::NoExceptions, whole.clone(), 0),
        rule("tax-total-differs", Status::Exceptions, some.clone(), 1),
        rule("wrong-tax-rate", Status::Exceptions, some, 12),
    ]
}

fn diagnostics() -> Vec<Diagnostic> {
    let place = Place {
        file: "exports/invoices.csv".to_owned(),
        line: Some(4812),
        column: Some(41),
        width: 8,
        excerpt: Some("INV-20931;ACME GmbH;2025-07-03;EUR;19;S;1.234,50".to_owned()),
    };
    vec![
        Diagnostic::new(Code::ControlMissing, "population `credit_note` has no control figure"),
        Diagnostic::new(Code::AmountFormat, "`1.234,50` is not an amount in profile `sap`")
            .at(place)
            .label("decimal mark is `.` here")
            .occurring(Occurrences { count: 38, of: 48_120, first_line: 4812, last_line: 47_903 })
            .note("kept, not tested by the 4 rules that use `net_amount`")
            .help("set `decimal_mark = \",\"` under [format] in the profile"),
        Diagnostic::new(Code::FileMissing, "`exports/orders-*.csv` matches no file"),
    ]
}

fn populations() -> Vec<PopulationFacts> {
    let invoices = PopulationFacts {
        name: "invoice".to_owned(),
        sources: vec![0],
        read: 48_120,
        kept: 48_110,
        excluded: 3,
        elsewhere: 2,
        merged: 5,
        versions: 1,
        mapped: pairs(&[("invoice_id", "header `Invoice No`"), ("status", "constant `posted`")]),
        unmapped: strings(&["Internal Memo"]),
        unreadable: vec![("net_amount".to_owned(), 38)],
        extract: "2025-10-01/2026-11-06".parse().ok(),
        control: ControlTotal {
            column: Some("gross_amount".to_owned()),
            totals: BTreeMap::from([("USD".to_owned(), 1_204_913_170_000)]),
            without_amount: 38,
            control_records: Some(48_110),
            control_total: Some(cents(120_501_317)),
        },
    };
    let credits = PopulationFacts { name: "credit_note".to_owned(), ..PopulationFacts::default() };
    vec![invoices, credits]
}

fn netting() -> NettingRegister {
    let entry = |number: u32| NettingEntry {
        tier: if number == 0 { "explicit reference" } else { "content (inferred)" }.to_owned(),
        inferred: number > 0,
        credit: format!("CN-{number}"),
        bill: format!("INV-{number}"),
        rebill: (number == 0).then(|| "INV-100".to_owned()),
        amount: cents(10_000),
        currency: "USD".to_owned(),
        crosses_period: number == 1,
    };
    NettingRegister { entries: (0..12).map(entry).collect(), ambiguous: 1 }
}

/// Ten bills of one tax code.
fn root_cause() -> RootCause {
    let total = ClassTotal {
        class: EffectClass::TaxOverCollected,
        currency: "USD".to_owned(),
        gross: Amount::money(12_500_000),
        findings: 10,
    };
    RootCause {
        id: "root-1".to_owned(),
        rule: "wrong-tax-rate".to_owned(),
        what: vec![("tax code".to_owned(), "=SVC-2".to_owned())],
        since: "2026-10-01".parse().ok(),
        findings: 10,
        records: 11,
        customers: 7,
        totals: vec![total],
        fingerprints: Vec::new(),
    }
}

/// The report.
pub fn report() -> AuditReport {
    AuditReport {
        version: "0.0.0".to_owned(),
        name: "October 2026".to_owned(),
        period: "2026-10".parse().ok(),
        as_of: "2026-11-05".parse().ok(),
        sources: vec![SourceFile {
            path: "exports/invoices.csv".to_owned(),
            hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            bytes: 5_123_456,
            read: 48_120,
            excluded: vec![("record-ragged".to_owned(), 3)],
        }],
        populations: populations(),
        diagnostics: diagnostics(),
        rules: rules(),
        findings: findings(),
        root_causes: vec![root_cause()],
        netting: netting(),
        completeness_established: false,
        unlock: strings(&["order", "order_line"]),
        shortfalls: strings(&["3 records were excluded from exports/invoices.csv", "rule rounding-drift failed"]),
        customers: vec![Customer {
            id: "C-1042".to_owned(),
            name: Some("=HYPERLINK(\"x\") & <b>Söhne</b>".to_owned()),
            owner: Some("owner-1".to_owned()),
            email: None,
        }],
        latency: vec![Latency {
            stage: "invoiced to sent".to_owned(),
            classes: vec![("same day".to_owned(), 40), ("1 to 3 days".to_owned(), 7)],
            unknown: 2,
        }],
        baseline: Some(Baseline {
            name: "September 2026".to_owned(),
            period: "2026-09".parse().ok(),
            as_of: Date::from_ymd(2026, 10, 5),
            gone: vec![
                former("double-billed-order-line", "INV-1", Gone::Resolved),
                former("tax-total-differs", "INV-2", Gone::NotTested("outside the period".to_owned())),
            ],
        }),
        gating: strings(&["double-billed-order-line:INV-20433"]),
        hold: None,
    }
}
