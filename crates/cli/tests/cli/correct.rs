//! The correction pack: worked by hand, and over the demonstration to the last cent.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

fn pack(folder: &str) -> (Value, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("pack").display().to_string();
    let run = super::tieout(
        &Path::new(super::HERE).join("../../fixtures").join(folder),
        &["correct", "--quiet", "--out", &out],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    let text = std::fs::read_to_string(place.path().join("pack/proposals.json")).unwrap();
    (serde_json::from_str(&text).unwrap(), place)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Units of the sixth decimal.
fn units(value: &Value) -> i128 {
    value.as_str().unwrap().parse::<tieout_model::Amount>().unwrap().units_at(6).unwrap()
}

/// `fixtures/cases/corrections/tieout.toml` reckons each.
#[test]
fn corrections_are_those_worked_by_hand() {
    let (pack, _place) = pack("cases/corrections");
    let proposals = pack["proposals"].as_array().unwrap();
    let of = |customer: &str| -> Vec<&Value> {
        proposals.iter().filter(|proposal| proposal["customer"] == customer).collect()
    };
    let money = |proposal: &Value| (text(&proposal["net"]), text(&proposal["tax"]), text(&proposal["gross"]));
    let lines = |proposal: &Value| -> Vec<String> {
        proposal["lines"].as_array().unwrap().iter().map(|line| text(&line["number"])).collect()
    };
    let [price] = of("C-1")[..] else { panic!("{:?}", of("C-1")) };
    assert_eq!(money(price), ("50.00".into(), "4.12".into(), "54.12".into()));
    assert_eq!((text(&price["approval_band"]), text(&price["account"])), ("clerk".into(), "4000-returns".into()));
    assert_eq!(price["lines"][0]["taxes"][0]["jurisdiction"], "J-NE");
    assert_eq!(price["uses"][0]["number"], "I-1", "it is open");
    let [again] = of("C-2")[..] else { panic!("{:?}", of("C-2")) };
    assert_eq!(money(again), ("500.00".into(), "41.25".into(), "541.25".into()));
    assert_eq!(lines(again), ["I-2"], "the one with the wrong price goes back, not the latest");
    assert_eq!(again["uses"][0]["to"], "refund", "nothing of theirs is open");
    assert_eq!(text(&again["approval_band"]), "controller");
    let [duplicate] = of("C-3")[..] else { panic!("{:?}", of("C-3")) };
    assert_eq!(money(duplicate), ("450.00".into(), "37.13".into(), "487.13".into()));
    assert_eq!(lines(duplicate), ["I-5"]);
    assert_eq!(proposals.len(), 3);
    let why: BTreeMap<String, String> = pack["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|question| (text(&question["customer"]), text(&question["why"])))
        .collect();
    assert!(why["C-4"].contains("I-8 is in dispute since 2026-10-20"), "{why:?}");
    assert!(why["C-5"].contains("locked up to 2026-09-30"), "{why:?}");
    assert_eq!(why.len(), 2);
    // The report has the wrong price of I-2 once: the bill that goes back whole has no price left to mend.
    let [bridge] = &pack["bridge"].as_array().unwrap()[..] else { panic!("{}", pack["bridge"]) };
    let figures = ["reported", "asked", "tax_added", "unexplained", "proposed"].map(|name| text(&bridge[name]));
    assert_eq!(figures, ["1900.00", "900.00", "82.50", "0.00", "1082.50"], "50 + 500 + 450 and two of 450 asked");
}

#[test]
fn the_report_s_money_is_the_pack_s_with_every_difference_named() {
    for folder in ["demo", "cases/corrections", "cases/wrong-price"] {
        let (pack, _place) = pack(folder);
        let bridge = pack["bridge"].as_array().unwrap();
        assert!(!bridge.is_empty());
        for class in bridge {
            assert_eq!(class["closes"], true, "{folder}: {class}");
        }
        let mut proposed: BTreeMap<(String, String), i128> = BTreeMap::new();
        for proposal in pack["proposals"].as_array().unwrap().iter().filter(|proposal| !proposal["class"].is_null()) {
            *proposed.entry((text(&proposal["class"]), text(&proposal["currency"]))).or_default() +=
                units(&proposal["gross"]);
            let lines: i128 = proposal["lines"].as_array().unwrap().iter().map(|line| units(&line["gross"])).sum();
            assert_eq!(lines, units(&proposal["gross"]));
            let uses = proposal["uses"].as_array().unwrap();
            if !uses.is_empty() {
                let used: i128 = uses.iter().map(|one| units(&one["amount"])).sum();
                assert_eq!(used, units(&proposal["gross"]), "{proposal}");
            }
        }
        for class in bridge {
            let key = (text(&class["class"]), text(&class["currency"]));
            assert_eq!(proposed.remove(&key).unwrap_or(0), units(&class["proposed"]), "{folder}: {key:?}");
        }
        assert!(proposed.is_empty(), "{folder}: money that the report does not have: {proposed:?}");
    }
}

/// Each open finding with money is corrected by just one proposal, or is a question, or is put right already.
#[test]
fn no_finding_is_lost_or_corrected_twice() {
    let (pack, _place) = pack("demo");
    let demo = Path::new(super::HERE).join("../../fixtures/demo");
    let run = super::tieout(&demo, &["audit", "--quiet", "--report", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let list = |value: &Value| value.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    pack["proposals"].as_array().unwrap().iter().flat_map(|proposal| list(&proposal["findings"])).for_each(|print| {
        *times.entry(print).or_default() += 1;
    });
    pack["questions"].as_array().unwrap().iter().for_each(|question| {
        *times.entry(text(&question["finding"])).or_default() += 1;
    });
    let mut looked_at = 0;
    for finding in report["findings"].as_array().unwrap() {
        let has_money = !finding["effects"].as_array().unwrap().is_empty();
        if !has_money || !finding["caused_by"].is_null() || !finding["corrected_by"].is_null() {
            continue;
        }
        looked_at += 1;
        assert_eq!(times.get(&text(&finding["fingerprint"])), Some(&1), "{}", finding["message"]);
    }
    assert!(looked_at > 100);
}

#[test]
fn a_pack_is_written_whole_or_not_at_all() {
    let place = tempfile::tempdir().unwrap();
    let demo = Path::new(super::HERE).join("../../fixtures/cases/corrections");
    let file = place.path().join("file");
    std::fs::write(&file, "").unwrap();
    let run = super::tieout(&demo, &["correct", "--out", &file.display().to_string()]);
    assert!(run.code == 2 && run.err.contains("is not a folder"), "{}", run.err);
    let run = super::tieout(&demo, &["correct", "--out", &place.path().join("a/b").display().to_string()]);
    assert!(run.code == 2 && !place.path().join("a").exists(), "{}", run.err);
}

/// A copy of the case with one file changed, and what is written of it.
fn changed(file: &str, from: &str, to: &str) -> (super::Run, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let case = Path::new(super::HERE).join("../../fixtures/cases/corrections");
    for entry in std::fs::read_dir(case).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = if entry.file_name() == file { text.replace(from, to) } else { text };
        std::fs::write(place.path().join(entry.file_name()), text).unwrap();
    }
    let out = place.path().join("pack").display().to_string();
    (super::tieout(place.path(), &["correct", "--quiet", "--out", &out]), place)
}

fn written(place: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(place.path().join("pack").join(name)).unwrap()
}

#[test]
fn a_letter_tells_one_customer_what_they_get_in_plain_words() {
    let (_, place) = pack("cases/corrections");
    let letter = written(&place, "letters/00001-C-1.txt");
    for words in [
        "Customer 1",
        "Without tax 50.00, tax 4.12, together 54.12 USD",
        "54.12 USD goes to your open invoice I-1",
        "After this you owe us 487.13 USD",
    ] {
        assert!(letter.contains(words), "no `{words}` in\n{letter}");
    }
    for stranger in ["C-2", "C-3", "price-not-as-agreed", "Customer 2"] {
        assert!(!letter.contains(stranger), "`{stranger}` in\n{letter}");
    }
    let refund = written(&place, "letters/00002-C-2.txt");
    assert!(refund.contains("541.25 USD comes back to you the way you paid"), "{refund}");
    let owners = written(&place, "letters/owners.txt");
    assert!(owners.contains("desk 1") && owners.contains("C-3 Customer 3: 487.13 USD"), "{owners}");
}

#[test]
fn a_hostile_name_does_nothing_in_a_letter() {
    let hostile = "\"</p><script>alert(1)</script>{{ 7*7 }}\u{202e}\"";
    let (run, place) = changed("customer.csv", "Customer 1", hostile);
    assert_eq!(run.code, 0, "{}", run.err);
    let page = written(&place, "letters/00001-C-1.html");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;") && page.contains("{{ 7*7 }}"), "{page}");
    assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"), "{page}");
}

#[test]
fn templates_and_maps_of_one_s_own_are_used_and_their_faults_told() {
    let own = "[corrections]\nmaps = [\"own.toml\"]\nletters = \"letters\"\ncontact = \"Accounts, extension 7\"";
    let with = |map: &str, text: &str| {
        let (_, place) = changed("tieout.toml", "[corrections]", own);
        std::fs::write(place.path().join("own.toml"), map).unwrap();
        std::fs::create_dir(place.path().join("letters")).unwrap();
        std::fs::write(place.path().join("letters/letter.txt"), text).unwrap();
        std::fs::write(place.path().join("letters/letter.html"), "<p>{{ customer.id }}</p>").unwrap();
        let out = place.path().join("pack").display().to_string();
        (super::tieout(place.path(), &["correct", "--quiet", "--out", &out]), place)
    };
    let map = "file = \"own.csv\"\nactions = [\"credit_memo\"]\namounts = \"smallest unit\"\n\
               columns = [{ header = \"Who\", from = \"customer\" }, { header = \"Cents\", from = \"gross\" }]\n";
    let (run, place) = with(map, "Dear {{ customer.id }}: {{ contact }}");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(written(&place, "import/own.csv"), "Who,Cents\nC-1,5412\nC-2,54125\nC-3,48713\n");
    assert_eq!(written(&place, "letters/00001-C-1.txt"), "Dear C-1: Accounts, extension 7\n");
    let (run, place) = with(&map.replace("gross", "grose"), "");
    assert!(
        run.code == 2 && run.err.contains("no field `grose`") && !place.path().join("pack").exists(),
        "{}",
        run.err
    );
    let (run, place) = with(map, "Dear {{ customer.id");
    assert!(run.code == 2 && run.err.contains("template") && !place.path().join("pack").exists(), "{}", run.err);
}

/// 10 × 50.00 billed twice where 10 × 45.00 was agreed: 1,082.50 charged, 487.13 lawful, so 595.37 goes back, by whichever rule sees the
/// second bill. The second bill's own price is nobody's matter; the first one's is, once.
#[test]
fn what_is_billed_twice_and_too_dear_goes_back_once() {
    for (rule, orders, reported) in
        [("repeated-bill", ["", ""], "591.25"), ("order-line-over-billed", ["SO-1", "SO-1"], "550.00")]
    {
        let (_, place) = changed("tieout.toml", "\"order-line-over-billed\"", &format!("\"{rule}\""));
        let write = |file: &str, lines: &str| {
            let path = place.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            let header = text.lines().next().unwrap();
            std::fs::write(path, format!("{header}\n{lines}")).unwrap();
        };
        write(
            "invoice.csv",
            "I-1,invoice,2026-10-05,2026-11-30,C-1,,500.00,41.25,541.25,,0.00\n\
             I-2,invoice,2026-10-07,2026-11-30,C-1,,500.00,41.25,541.25,,0.00\n",
        );
        let [first, second] = orders;
        write("invoice_line.csv", &format!("I-1,1,{first},10,50.00,500.00\nI-2,1,{second},10,50.00,500.00\n"));
        write("invoice_tax.csv", "I-1,1,500.00,41.25\nI-2,1,500.00,41.25\n");
        let out = place.path().join("pack").display().to_string();
        let run = super::tieout(place.path(), &["correct", "--quiet", "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.err);
        let pack: Value = serde_json::from_str(&written(&place, "proposals.json")).unwrap();
        let gross: i128 = pack["proposals"].as_array().unwrap().iter().map(|one| units(&one["gross"])).sum();
        assert_eq!(gross, 595_370_000, "{rule}: {}", pack["proposals"]);
        let bridge = &pack["bridge"][0];
        assert_eq!((text(&bridge["reported"]), text(&bridge["proposed"])), (reported.to_owned(), "595.37".to_owned()));
        assert_eq!(bridge["other"].as_array().unwrap().len(), 0, "{rule}: {bridge}");
    }
}

/// No id of a jurisdiction or of a record, no dash for what is missing, no negative debt: a customer understands every letter.
#[test]
fn letters_have_no_words_of_ours() {
    let (_, place) = pack("demo");
    let mut read = 0;
    for entry in std::fs::read_dir(place.path().join("pack/letters")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "txt") || path.ends_with("owners.txt") {
            continue;
        }
        let letter = std::fs::read_to_string(&path).unwrap();
        read += 1;
        for word in letter.split_whitespace() {
            let is_id = |start: &str| {
                word.strip_prefix(start)
                    .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()))
            };
            let is_record =
                word.len() > 6 && word.starts_with('D') && word[1..7].bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_id("J-") && !is_id("-") && !is_record && word != "\u{2013}", "`{word}` in\n{letter}");
        }
    }
    assert!(read > 100);
    let duplicate = written(&place, "proposals.json");
    let pack: Value = serde_json::from_str(&duplicate).unwrap();
    let proposals = pack["proposals"].as_array().unwrap();
    let of = |customer: &str| proposals.iter().find(|one| one["customer"] == customer).unwrap();
    let [used] = &of("C001736")["uses"].as_array().unwrap()[..] else { panic!("{}", of("C001736")) };
    assert_eq!(used["number"], "INV-2026-001074", "the duplicate is open: its credit takes it away");
    assert!(!written(&place, "import/quickbooks-credit-memos.csv").contains(",CN-2026-"), "links are to invoices");
    let moved = written(&place, "letters/00063-C001398.txt");
    assert!(moved.contains("We put your payment RC000551 to an invoice of another account"), "{moved}");
    assert!(!moved.contains("C001397") && !moved.contains("INV-2026-000721"), "{moved}");
    assert!(written(&place, "summary.txt").contains("Nothing is approved yet"));
}

/// Tax that goes back lowers a return that is not filed; of a filed one the state's own row says what is owed first.
#[test]
fn tax_that_goes_back_says_what_becomes_of_the_return() {
    let place = tempfile::tempdir().unwrap();
    let demo = Path::new(super::HERE).join("../../fixtures/demo");
    for entry in std::fs::read_dir(&demo).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    let returns = std::fs::read_to_string(place.path().join("returns_filed.csv")).unwrap();
    let kept: Vec<&str> = returns.lines().filter(|line| !line.contains("J-KS,2026-10")).collect();
    std::fs::write(place.path().join("returns_filed.csv"), kept.join("\n")).unwrap();
    let rules = "state,topic,from,value,cite\nJ-NE,over_collected,2020-01-01,refund,x\nJ-MN,over_collected,2020-01-01,remit,x\n";
    std::fs::write(place.path().join("practice.csv"), rules).unwrap();
    let mut engagement = std::fs::read_to_string(place.path().join("tieout.toml")).unwrap();
    engagement.push_str(
        "\n[[source]]\npopulation = \"state_tax_rule\"\npath = \"practice.csv\"\n[source.columns]\nstate = \"state\"\n\
         topic = \"topic\"\neffective_from = \"from\"\nvalue = \"value\"\ncite = \"cite\"\n",
    );
    std::fs::write(place.path().join("tieout.toml"), engagement).unwrap();
    let run = super::tieout(place.path(), &["correct", "--quiet", "--out", "pack"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let proposals = std::fs::read_to_string(place.path().join("pack/proposals.csv")).unwrap();
    for words in [
        "Kansas: the return for 2026-10 is not filed: what goes back to the customer lowers it",
        "Nebraska: the return for 2026-10 is filed: the customer first, then the claim for what was remitted",
        "Minnesota: the return for 2026-10 is filed: the tax is remitted; amend it with the credit",
    ] {
        assert!(proposals.contains(words), "{words}");
    }
}
