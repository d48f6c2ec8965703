use tieout_model::finding::Disposition;
use tieout_model::report::NettingRegister;
use tieout_model::{AuditReport, Effect, Evidence, RecordRef};

use super::books::{BilledLine, Document, TaxRow};
use super::*;

const CENT: i128 = 10_000;

fn cents(cents: i128) -> Amount {
    Amount::money(cents * CENT)
}

fn record(number: u64) -> RecordRef {
    RecordRef { source: 0, record: number }
}

fn effect(party: &str, class: EffectClass, units: i128) -> Effect {
    let (party, currency) = (Some(party.to_owned()), "USD".to_owned());
    Effect { party, class, net: None, tax: None, gross: cents(units), currency }
}

/// A finding of customer A about one record, with what it shows besides.
fn finding(print: &str, rule: &str, (population, number): (&str, u64), effects: Vec<Effect>) -> Finding {
    Finding {
        fingerprint: print.to_owned(),
        content: String::new(),
        rule: rule.to_owned(),
        severity: Severity::Error,
        confidence: Confidence::Certain,
        confidence_reason: String::new(),
        population: population.to_owned(),
        key: Vec::new(),
        party: Some("A".to_owned()),
        date: Some("2026-10-10".parse().unwrap()),
        message: String::new(),
        expected: None,
        stated: None,
        difference: None,
        effects,
        evidence: vec![shown(population, number, "stated", &[])],
        chain: Vec::new(),
        remedy: String::new(),
        caused_by: None,
        root_cause: None,
        limited: None,
        corrected_by: None,
        case: format!("{rule}:A"),
        disposition: Disposition::Open,
        history: None,
    }
}

fn shown(population: &str, number: u64, role: &str, cells: &[(&str, &str)]) -> Evidence {
    Evidence {
        population: population.to_owned(),
        record: record(number),
        role: role.to_owned(),
        cells: cells.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        line: None,
        received: Vec::new(),
    }
}

/// Line `number` is billed too high by so much.
fn too_high(number: u64, units: i128) -> Finding {
    let rule = "price-not-as-agreed";
    finding(&format!("f{number}"), rule, ("invoice_line", number), vec![effect("A", EffectClass::OverBilled, units)])
}

/// A posted invoice of customer A of 2026-10-05, paid.
fn invoice(number: &str) -> Document {
    Document {
        number: number.to_owned(),
        kind: "invoice".to_owned(),
        status: "posted".to_owned(),
        customer: Some("A".to_owned()),
        currency: "USD".to_owned(),
        issued: "2026-10-05".parse().ok(),
        balance: Some(cents(0)),
        ..Document::default()
    }
}

/// Adds an invoice with lines of 100.00 and tax of 8.25 each; its lines are the records named.
fn add(books: &mut Books, document: Document, lines: impl IntoIterator<Item = u64>) {
    let id = document.number.clone();
    for number in lines {
        let line = BilledLine {
            document: id.clone(),
            line: Some(number.to_string()),
            item: None,
            quantity: None,
            unit_price: None,
            tax: None,
            rate: None,
            jurisdiction: None,
            left: cents(10_000),
        };
        let row = TaxRow {
            line: Some(number.to_string()),
            jurisdiction: None,
            category: None,
            rate: Some(Amount::new(825, 4)),
            base: Some(cents(10_000)),
            tax: cents(825),
        };
        books.add_line(record(number), line);
        books.add_tax(record(number), id.clone(), row);
    }
    let open = books.open.get_or_insert_default().entry("A".to_owned()).or_default();
    if document.balance.is_some_and(|balance| balance.units > 0) && !books.disputed.contains_key(&id) {
        open.push(id.clone());
    }
    books.documents.insert(id, document);
}

fn report(findings: Vec<Finding>) -> AuditReport {
    AuditReport {
        version: String::new(),
        name: String::new(),
        period: None,
        as_of: None,
        sources: Vec::new(),
        populations: Vec::new(),
        diagnostics: Vec::new(),
        rules: Vec::new(),
        findings,
        root_causes: Vec::new(),
        netting: NettingRegister::default(),
        completeness_established: false,
        unlock: Vec::new(),
        shortfalls: Vec::new(),
        gating: Vec::new(),
        customers: Vec::new(),
        latency: Vec::new(),
        baseline: None,
        hold: None,
    }
}

fn pack(findings: Vec<Finding>, books: Books, terms: &Terms) -> Pack {
    let report = report(findings);
    let open: Vec<&Finding> = report.findings.iter().collect();
    let pack = Desk::new(&report, terms, books).work(&open);
    for bridge in &pack.bridge {
        assert!(bridge.closes() && bridge.unexplained.is_zero(), "{bridge:?}");
    }
    let ids: BTreeSet<&str> = pack.proposals.iter().map(|proposal| proposal.id.as_str()).collect();
    assert_eq!(ids.len(), pack.proposals.len(), "an id names one proposal");
    pack
}

/// Why nothing is proposed for the only finding.
fn why(pack: &Pack) -> &str {
    assert!(pack.proposals.is_empty(), "{:?}", pack.proposals);
    &pack.questions[0].why
}

#[test]
fn payments_of_two_customers_on_one_account_go_each_to_its_own() {
    let misposted = |payment: &str, rightful: &str, units: i128| {
        let effects =
            vec![effect("A", EffectClass::Misposted, units), effect(rightful, EffectClass::Misposted, -units)];
        let mut one = finding(payment, "paid-by-other-customer", ("payment_application", 1), effects);
        one.key = vec![("payment_id".to_owned(), payment.to_owned())];
        one
    };
    let findings = vec![misposted("P-1", "B", 1_000), misposted("P-2", "C", 2_000)];
    let pack = pack(findings, Books::default(), &Terms::default());
    let mut moved: Vec<(Option<&str>, i128)> =
        pack.proposals.iter().map(|one| (one.rightful.as_deref(), one.gross().units)).collect();
    moved.sort_unstable();
    assert_eq!(moved, [(Some("B"), 1_000 * CENT), (Some("C"), 2_000 * CENT)]);
}

#[test]
fn what_was_sent_to_two_addresses_is_two_credit_memos() {
    let mut books = Books::default();
    add(&mut books, Document { bill_to: Some("north".to_owned()), ..invoice("I-1") }, [1]);
    add(&mut books, Document { bill_to: Some("south".to_owned()), ..invoice("I-2") }, [2]);
    let pack = pack(vec![too_high(1, 1_000), too_high(2, 2_000)], books, &Terms::default());
    let sent: Vec<(Option<&str>, i128)> =
        pack.proposals.iter().map(|one| (one.bill_to.as_deref(), one.net().units)).collect();
    assert_eq!(sent.len(), 2);
    assert!(sent.contains(&(Some("north"), 1_000 * CENT)) && sent.contains(&(Some("south"), 2_000 * CENT)));
}

/// One finding whose bills went to two addresses gives two proposals with the same finding, and two ids.
#[test]
fn an_id_is_of_everything_that_makes_it_another_paper() {
    let mut books = Books::default();
    add(&mut books, Document { bill_to: Some("north".to_owned()), ..invoice("I-1") }, [1]);
    add(&mut books, Document { bill_to: Some("south".to_owned()), ..invoice("I-2") }, [2]);
    let effects = vec![effect("A", EffectClass::OverBilled, 15_000)];
    let mut both = finding("f", "order-line-over-billed", ("order_line", 9), effects);
    both.evidence.extend([shown("invoice_line", 1, "billed", &[]), shown("invoice_line", 2, "billed", &[])]);
    assert_eq!(pack(vec![both], books, &Terms::default()).proposals.len(), 2);
    let key = |class| Key {
        case: "c".to_owned(),
        action: Action::CreditMemo,
        class,
        customer: None,
        rightful: None,
        bill_to: None,
        currency: "USD".to_owned(),
    };
    let none = BTreeSet::new();
    assert_ne!(key(Some(EffectClass::OverBilled)).id(&none), key(Some(EffectClass::TaxOverCollected)).id(&none));
}

#[test]
fn nothing_is_paid_back_while_something_else_is_open() {
    let paid_back = |open: Option<(Document, bool)>| {
        let mut books = Books::default();
        if let Some((document, is_disputed)) = open {
            if is_disputed {
                books.disputed.insert(document.number.clone(), None);
            }
            add(&mut books, document, []);
        }
        add(&mut books, invoice("I-1"), [1]);
        let pack = pack(vec![too_high(1, 1_000)], books, &Terms::default());
        (pack.proposals[0].uses.clone(), pack.proposals[0].remarks.clone())
    };
    let owed = Document { balance: Some(cents(50_000)), ..invoice("I-9") };
    let (uses, _) = paid_back(None);
    assert!(matches!(uses[..], [Use::Refund { .. }]), "{uses:?}");
    let (uses, _) = paid_back(Some((owed.clone(), false)));
    assert!(matches!(&uses[..], [Use::Invoice { id, .. }] if id == "I-9"), "{uses:?}");
    let (uses, remarks) = paid_back(Some((owed.clone(), true)));
    assert!(matches!(uses[..], [Use::OnAccount { .. }]), "{uses:?}");
    assert_eq!(remarks, ["not paid back: I-9 is open and in dispute"]);
    let (uses, remarks) = paid_back(Some((Document { currency: "EUR".to_owned(), ..owed }, false)));
    assert!(matches!(uses[..], [Use::OnAccount { .. }]), "{uses:?}");
    assert_eq!(remarks, ["not paid back: I-9 is open in EUR"]);
}

#[test]
fn money_that_lies_there_is_asked_about_where_only_a_disputed_invoice_is_open() {
    let held = || {
        let mut held =
            finding("f", "credit-left-open", ("invoice", 7), vec![effect("A", EffectClass::HeldForCustomer, 500)]);
        held.key = vec![("invoice_id".to_owned(), "CN-1".to_owned())];
        held
    };
    let mut books = Books::default();
    add(&mut books, invoice("I-1"), []);
    let action = pack(vec![held()], books, &Terms::default()).proposals[0].action;
    assert_eq!(action, Action::Refund);
    let mut books = Books::default();
    books.disputed.insert("I-9".to_owned(), None);
    add(&mut books, Document { balance: Some(cents(50_000)), ..invoice("I-9") }, []);
    assert!(why(&pack(vec![held()], books, &Terms::default())).contains("I-9 is open and in dispute"));
}

#[test]
fn a_dispute_counts_whatever_record_shows_the_document() {
    let held = |evidence: Evidence| {
        let mut books = Books::default();
        books.disputed.insert("I-1".to_owned(), "2026-10-20".parse().ok());
        books.records.insert(record(70), "I-1".to_owned());
        add(&mut books, invoice("I-1"), [1]);
        add(&mut books, invoice("I-2"), [2]);
        let mut one = too_high(2, 1_000);
        one.evidence.push(evidence);
        pack(vec![one], books, &Terms::default())
    };
    let named = [("invoice_id", "I-1")];
    for evidence in [
        shown("invoice", 70, "credit", &[]),
        shown("invoice_line", 1, "billed", &[]),
        shown("invoice_tax", 1, "tax row", &[]),
        shown("payment_application", 5, "applied", &named),
        shown("credit_application", 5, "applied", &named),
    ] {
        assert_eq!(why(&held(evidence)), "I-1 is in dispute since 2026-10-20");
    }
    assert_eq!(held(shown("invoice_line", 1, "reference", &[])).proposals.len(), 1, "compared with it only");
    assert_eq!(held(shown("dispute", 5, "dispute", &named)).proposals.len(), 1, "a fee was charged on it");
}

#[test]
fn a_reminder_for_a_disputed_document_is_taken_back() {
    let mut books = Books::default();
    books.disputed.insert("I-1".to_owned(), None);
    add(&mut books, invoice("I-1"), [1]);
    let mut reminder = finding("f", "reminder-while-disputed", ("reminder", 3), Vec::new());
    reminder.key = vec![("reminder_id".to_owned(), "R-1".to_owned()), ("invoice_id".to_owned(), "I-1".to_owned())];
    let pack = pack(vec![reminder], books, &Terms::default());
    assert_eq!(pack.proposals[0].action, Action::RetractReminder);
}

#[test]
fn a_lock_holds_for_what_is_corrected_and_where_no_day_is_known() {
    let terms = Terms { locked_until: "2026-09-30".parse().ok(), ..Terms::default() };
    let asked = |date: Option<&str>, issued: Option<&str>| {
        let mut books = Books::default();
        let issued = issued.map(|day| day.parse().unwrap());
        add(&mut books, Document { issued, ..invoice("I-1") }, [1]);
        let one = Finding { date: date.map(|day| day.parse().unwrap()), ..too_high(1, 1_000) };
        pack(vec![one], books, &terms)
    };
    assert_eq!(asked(Some("2026-10-10"), Some("2026-10-05")).proposals.len(), 1);
    assert_eq!(asked(None, Some("2026-10-05")).proposals.len(), 1);
    for (date, issued) in
        [(Some("2026-09-10"), None), (Some("2026-10-10"), Some("2026-09-05")), (None, Some("2026-09-05"))]
    {
        assert!(why(&asked(date, issued)).contains("locked up to 2026-09-30"), "{date:?} {issued:?}");
    }
    assert!(why(&asked(None, None)).contains("no record says of which day it is"));
}

/// What a question had begun to change is as it was, on whatever document.
#[test]
fn what_cannot_be_corrected_whole_changes_nothing() {
    let mut books = Books::default();
    add(&mut books, Document { issued: "2026-09-05".parse().ok(), ..invoice("I-1") }, [1]);
    add(&mut books, invoice("I-2"), [2]);
    let effects = vec![effect("A", EffectClass::OverBilled, 15_000)];
    let mut both = finding("f0", "order-line-over-billed", ("order_line", 9), effects);
    both.evidence.extend([shown("invoice_line", 1, "billed", &[]), shown("invoice_line", 2, "billed", &[])]);
    let terms = Terms { locked_until: "2026-09-30".parse().ok(), ..Terms::default() };
    let pack = pack(vec![both, too_high(2, 10_000)], books, &terms);
    assert_eq!(pack.questions.len(), 1);
    let money: Vec<_> = pack.proposals.iter().map(|one| (one.net(), one.tax())).collect();
    assert_eq!(money, [(cents(10_000), cents(825))], "all of line 2 is still there to be given back");
}

#[test]
fn a_band_is_of_one_currency() {
    let usd = vec![(cents(10_000), "clerk".to_owned()), (cents(100_000), "controller".to_owned())];
    let terms = Terms { bands: BTreeMap::from([("USD".to_owned(), usd)]), ..Terms::default() };
    assert_eq!(terms.approval(cents(10_000), "USD"), Some("clerk"));
    assert_eq!(terms.approval(cents(900_000), "USD"), Some("controller"), "what exceeds all needs the last");
    assert_eq!(terms.approval(cents(1), "JPY"), None);
    let mut books = Books::default();
    add(&mut books, Document { currency: "JPY".to_owned(), ..invoice("I-1") }, [1]);
    let mut one = too_high(1, 1_000);
    one.effects[0].currency = "JPY".to_owned();
    let pack = pack(vec![one], books, &terms);
    assert_eq!(pack.proposals[0].approval, None);
    assert!(pack.proposals[0].remarks[0].contains("no band for JPY"), "{:?}", pack.proposals[0].remarks);
}

/// A correction notes what it changes: two records, whether the invoice has two lines or two thousand.
#[test]
fn the_length_of_an_invoice_does_not_make_each_of_its_corrections_longer() {
    for length in [2, 2_000] {
        let mut books = Books::default();
        add(&mut books, invoice("I-1"), 1..=length);
        books.begin();
        target::corrections(&too_high(1, 1_000), &mut books).ok().unwrap();
        assert_eq!(books.changes(), 4, "that it is asked for, the line, its tax row, and that the document is changed");
        assert_eq!(books.taxes_of_line(books.line(record(1)).unwrap()).len(), 1);
    }
}

#[test]
fn the_reason_is_what_moves_the_most_money() {
    let line = |print: &str, units: i128| Line {
        document: String::new(),
        number: String::new(),
        line: None,
        issued: None,
        item: None,
        quantity: None,
        unit_price: None,
        net: cents(units),
        taxes: Vec::new(),
        fingerprints: vec![print.to_owned()],
        message: String::new(),
        moves: None,
    };
    let rules = BTreeMap::from([("a", "small"), ("b", "large"), ("c", "large")]);
    assert_eq!(reason(&[line("a", 500), line("b", 300), line("c", 300)], &rules), "large");
    assert_eq!(reason(&[line("a", 500), line("b", 500)], &rules), "large", "of equals the first by name");
    assert_eq!(reason(&[], &rules), "");
}

/// A proposal of a class that the report does not have would be seen: it has a row, and the row does not close.
#[test]
fn the_bridge_has_a_row_for_what_it_cannot_explain() {
    let report = report(Vec::new());
    let terms = Terms::default();
    let mut desk = Desk::new(&report, &terms, Books::default());
    let key = Key {
        case: "c".to_owned(),
        action: Action::CreditMemo,
        class: Some(EffectClass::OverBilled),
        customer: None,
        rightful: None,
        bill_to: None,
        currency: "USD".to_owned(),
    };
    let mut books = Books::default();
    add(&mut books, invoice("I-1"), [1]);
    let made = target::corrections(&too_high(1, 1_000), &mut books).ok().unwrap().remove(0);
    desk.drafts.insert(key, Draft { lines: made.lines, remarks: BTreeSet::new() });
    let proposals = desk.proposals();
    let bridge = desk.bridge(&proposals, &[]);
    assert_eq!(bridge.len(), 1);
    assert_eq!(bridge[0].unexplained, proposals[0].gross());
    assert!(!bridge[0].closes());
}

#[test]
fn tax_in_the_report_s_figure_is_told_from_tax_that_it_leaves_out() {
    let mut books = Books::default();
    add(&mut books, invoice("I-1"), [1, 2]);
    let without = too_high(1, 1_000);
    let mut with = too_high(2, 1_083);
    (with.effects[0].net, with.effects[0].tax) = (Some(cents(1_000)), Some(cents(83)));
    let pack = pack(vec![without, with], books, &Terms::default());
    // 8.25 % of 90.00 is 7.425, rounds to 7.43: 0.82 goes back on each; the report's 0.83 is a cent more.
    let bridge = &pack.bridge[0];
    assert_eq!((bridge.reported, bridge.proposed), (cents(2_083), cents(2_164)));
    assert_eq!((bridge.tax, bridge.tax_stated), (cents(81), cents(83)));
}

/// Two rules that see one wrong price are one correction; the second is asked about.
#[test]
fn just_as_much_of_one_line_is_not_given_back_twice() {
    let mut books = Books::default();
    add(&mut books, invoice("I-1"), [1]);
    let again =
        Finding { fingerprint: "f9".to_owned(), rule: "price-differs-from-order".to_owned(), ..too_high(1, 1_000) };
    let pack = pack(vec![too_high(1, 1_000), again], books, &Terms::default());
    assert_eq!((pack.proposals.len(), pack.questions.len()), (1, 1));
    assert_eq!(pack.questions[0].why, "finding f1 corrects line 1 of I-1 by just as much");
}

#[test]
fn a_difference_of_prices_is_no_quantity() {
    let quantity = |difference: Amount, over: i128| {
        let mut books = Books::default();
        add(&mut books, invoice("I-1"), [1]);
        let line = BilledLine {
            quantity: Some(Amount::new(20, 0)),
            unit_price: Some(Amount::new(500, 2)),
            ..books.line(record(1)).unwrap().clone()
        };
        books.set_line(record(1), line);
        let one = Finding { difference: Some(tieout_model::Figure::Number(difference)), ..too_high(1, over) };
        pack(vec![one], books, &Terms::default()).proposals[0].lines[0].quantity
    };
    assert_eq!(quantity(Amount::new(4, 0), 2_000), Some(Amount::new(4, 0)), "4 at 5.00");
    assert_eq!(quantity(Amount::new(100, 2), 2_000), None, "1.00 too dear, 20 times");
}

#[test]
fn a_document_that_states_no_tax_has_none_to_give_back() {
    let given_back = |tax: Option<Amount>| {
        let mut books = Books::default();
        books.documents.insert("I-1".to_owned(), Document { tax, ..invoice("I-1") });
        let line = BilledLine {
            document: "I-1".to_owned(),
            line: Some("1".to_owned()),
            item: None,
            quantity: None,
            unit_price: None,
            tax: None,
            rate: None,
            jurisdiction: None,
            left: cents(10_000),
        };
        books.add_line(record(1), line);
        pack(vec![too_high(1, 1_000)], books, &Terms::default())
    };
    let none = given_back(Some(cents(0)));
    assert_eq!((none.proposals[0].net(), none.proposals[0].tax()), (cents(1_000), cents(0)));
    assert!(why(&given_back(Some(cents(825)))).contains("what tax was charged"));
    assert!(why(&given_back(None)).contains("what tax was charged"));
}

/// The duplicate is open and so is the invoice that stays valid, which is due first: the credit takes the duplicate away.
#[test]
fn a_credit_goes_first_to_the_open_invoice_that_it_corrects() {
    let open = |number: &str, units: i128| Document { balance: Some(cents(units)), ..invoice(number) };
    let used = |balance: i128| {
        let mut books = Books::default();
        add(&mut books, open("I-1", 50_000), [1]);
        add(&mut books, open("I-2", balance), [2]);
        let pack = pack(vec![too_high(2, 10_000)], books, &Terms::default());
        let words = |one: &Use| match one {
            Use::Invoice { number, amount, .. } => (number.clone(), *amount),
            Use::Refund { amount } | Use::OnAccount { amount } => (String::new(), *amount),
        };
        pack.proposals[0].uses.iter().map(words).collect::<Vec<_>>()
    };
    assert_eq!(used(10_825), [("I-2".to_owned(), cents(10_825))]);
    assert_eq!(used(10_000), [("I-2".to_owned(), cents(10_000)), ("I-1".to_owned(), cents(825))]);
    assert_eq!(used(0), [("I-1".to_owned(), cents(10_825))], "paid: the oldest due takes it");
}

/// One is wrong and due later, the other due first: the wrong one keeps room for its own credit whatever comes before it.
#[test]
fn what_is_left_of_one_credit_does_not_take_the_room_of_another() {
    let mut books = Books::default();
    add(&mut books, Document { balance: Some(cents(10_825)), ..invoice("I-1") }, [1]);
    add(&mut books, invoice("I-2"), [2]);
    let first = Finding { case: "a".to_owned(), ..too_high(2, 10_000) };
    let second = Finding { case: "b".to_owned(), ..too_high(1, 10_000) };
    let pack = pack(vec![first, second], books, &Terms::default());
    let of = |case: &str| pack.proposals.iter().find(|one| one.case == case).unwrap().uses.clone();
    assert!(matches!(of("a")[..], [Use::Refund { .. }]), "{:?}", of("a"));
    assert!(matches!(&of("b")[..], [Use::Invoice { id, .. }] if id == "I-1"), "{:?}", of("b"));
}

/// An invoice of 100.00 paid with 150.00: what is in the customer's favour is known by the invoice.
#[test]
fn what_an_invoice_is_paid_too_much_is_told_by_the_invoice() {
    let mut books = Books::default();
    add(&mut books, Document { balance: Some(cents(-5_000)), ..invoice("I-1") }, [1]);
    let mut held =
        finding("f", "invoice-over-paid", ("invoice", 7), vec![effect("A", EffectClass::HeldForCustomer, 5_000)]);
    held.key = vec![("invoice_id".to_owned(), "I-1".to_owned())];
    let pack = pack(vec![held], books, &Terms::default());
    assert_eq!(pack.over_paid, BTreeMap::from([("I-1".to_owned(), cents(5_000))]));
    assert_eq!(pack.balances[&("A".to_owned(), "USD".to_owned())], cents(-5_000));
}

/// A payment that names I-2 stands on I-1; a credit note is no payment.
#[test]
fn a_transfer_says_what_moves_from_where_to_where() {
    let moved = |key: &str, value: &str| {
        let mut books = Books::default();
        add(&mut books, invoice("I-1"), []);
        let effects = vec![effect("A", EffectClass::Misposted, 1_000), effect("A", EffectClass::Misposted, -1_000)];
        let mut one = finding("f", "remittance-names-other-invoice", ("payment_application", 1), effects);
        one.key = vec![(key.to_owned(), value.to_owned()), ("invoice_id".to_owned(), "I-1".to_owned())];
        one.evidence.push(shown("invoice", 2, "named", &[("invoice_no", "I-2")]));
        pack(vec![one], books, &Terms::default()).proposals[0].lines[0].moves.clone().unwrap()
    };
    let payment = moved("payment_id", "P-1");
    assert_eq!((payment.what.as_str(), payment.is_credit), ("P-1", false));
    assert_eq!((payment.stands_on.as_deref(), payment.goes_to.as_deref()), (Some("I-1"), Some("I-2")));
    assert!(moved("credit_note_id", "CN-1").is_credit);
}
