//! A half-year of an invented company, its corrections, six months in which they are answered in every way, and its next bills.

use std::fs;
use std::path::Path;

use tieout_benches::answers::{self, MONTHS, Wanted};
use tieout_benches::document::Rounding;
use tieout_benches::drafts::{self, Drafts};
use tieout_benches::generate::generate;
use tieout_benches::lawful::lawful;
use tieout_benches::world::Settings;

use super::tieout;

fn settings() -> Settings {
    Settings {
        lines: 1_200,
        seed: 11,
        months: 6,
        each: 1,
        per_million: 0,
        dressed: false,
        rounding: Rounding::Invoice,
        overlap: false,
        drafts: None,
    }
}

/// A half-year with every kind of error, audited, and its proposals in the register.
fn half_year(place: &Path) {
    generate(&settings(), &place.join("half")).unwrap();
    let run = tieout(&place.join("half"), &["correct", "--quiet", "--out", "pack", "--by", "prep"]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn every_state_of_six_months_is_found_and_recovered_is_what_was_matched() {
    let place = tempfile::tempdir().unwrap();
    half_year(place.path());
    let mut former = 0;
    for months in [1, 3, MONTHS] {
        let (exports, out) = (place.path().join("half"), place.path().join(format!("later-{months}")));
        let pack = exports.join("pack/proposals.json");
        answers::answer(Wanted { exports: &exports, pack: &pack, out: &out, seed: 3, months }).unwrap();
        let run = tieout(&out, &["register", "--quiet", "--json", "register.json"]);
        assert_eq!(run.code, 1, "something needs somebody: {}", run.err);
        let standing = answers::score(&out.join("states.csv"), &out.join("register.json")).unwrap();
        assert!(standing.differences.is_empty(), "{months}: {:#?}", standing.differences);
        let recovered = standing.states.get("recovered").map_or(0, |counts| counts[1]);
        assert!(recovered >= former, "what arrived stays");
        former = recovered;
        if months == MONTHS {
            for state in
                ["recovered", "wrong_amount", "wrong_tax", "not_applied", "told_not_issued", "forgotten", "billed"]
            {
                assert!(standing.states.get(state).is_some_and(|counts| counts[1] >= 2), "{state}: {standing:?}");
            }
            let [labelled, told] = standing.recovered["USD"];
            assert!(labelled == told && labelled.units > 0, "{labelled} {told}");
        }
    }
}

/// The same draw gives the same files.
#[test]
fn answers_are_those_of_the_seed() {
    let place = tempfile::tempdir().unwrap();
    half_year(place.path());
    let register = |name: &str, seed| {
        let (exports, out) = (place.path().join("half"), place.path().join(name));
        let pack = exports.join("pack/proposals.json");
        answers::answer(Wanted { exports: &exports, pack: &pack, out: &out, seed, months: 4 }).unwrap();
        (
            fs::read_to_string(out.join("corrections.txt")).unwrap(),
            fs::read_to_string(out.join("invoices.csv")).unwrap(),
        )
    };
    let first = register("a", 5);
    assert!(first == register("b", 5) && first != register("c", 6));
}

/// A run of bills that would have gone out wrong: the list, and the run after it was worked off.
#[test]
fn wrong_drafts_among_right_ones_are_held_or_mended_and_then_all_go_out() {
    let place = tempfile::tempdir().unwrap();
    let judged = |name: &str, mended: bool| {
        let folder = place.path().join(name);
        generate(&Settings { drafts: Some(Drafts { right: 20, mended }), months: 2, ..settings() }, &folder).unwrap();
        let run = tieout(&folder, &["audit", "--quiet", "--stage", "draft", "--report", "json=r.json"]);
        let score = drafts::score(&folder.join("drafts.csv"), &folder.join("r.json")).unwrap();
        assert!(score.differences.is_empty(), "{:#?}", score.differences);
        (run.code, score.verdicts)
    };
    let (code, verdicts) = judged("first", false);
    assert_eq!((code, verdicts["hold"], verdicts["fix"], verdicts["send"]), (1, [4, 4], [6, 6], [22, 22]));
    let (code, verdicts) = judged("mended", true);
    assert_eq!((code, verdicts.len(), verdicts["send"]), (0, 1, [28, 28]));
}

/// To the cent: what is proposed is what was planted, and its tax is that of the company's own tables, by jurisdiction.
#[test]
fn proposals_are_the_lawful_amounts() {
    let place = tempfile::tempdir().unwrap();
    half_year(place.path());
    let half = place.path().join("half");
    tieout(&half, &["audit", "--quiet", "--report", "json=r.json"]);
    let result = lawful(&half, &half.join("r.json"), &half.join("pack/proposals.json")).unwrap();
    assert!(result.differences.is_empty(), "{:#?}", result.lines());
    assert!(result.documents.0 > 30 && result.documents.1 > 30, "{:#?}", result.lines());
    // The comparison sees a cent: of the net, and of the tax alone.
    let text = fs::read_to_string(half.join("pack/proposals.json")).unwrap();
    for name in ["net", "tax"] {
        let mut pack: serde_json::Value = serde_json::from_str(&text).unwrap();
        let proposals = pack["proposals"].as_array_mut().unwrap();
        let taxed = |proposal: &&mut serde_json::Value| {
            proposal["action"] == "credit_memo" && proposal["lines"][0]["taxes"][0]["amount"].is_string()
        };
        let line = &mut proposals.iter_mut().find(taxed).unwrap()["lines"][0];
        let place = if name == "net" { &mut line["net"] } else { &mut line["taxes"][0]["amount"] };
        let amount: tieout_model::Amount = place.as_str().unwrap().parse().unwrap();
        *place = amount.plus_money(tieout_model::Amount::new(1, 2)).to_places(2).into();
        fs::write(half.join("other.json"), pack.to_string()).unwrap();
        let result = lawful(&half, &half.join("r.json"), &half.join("other.json")).unwrap();
        assert!(!result.differences.is_empty(), "a cent of {name}");
    }
    // The demonstration is the same company in its own headers and formats: its pack against plain exports of the same seed.
    let plain = place.path().join("plain");
    let demo = Settings { lines: 1_500, seed: 7, months: 3, each: 2, per_million: 30, ..settings() };
    generate(&demo, &plain).unwrap();
    tieout(&plain, &["audit", "--quiet", "--report", "json=r.json"]);
    let pack = place.path().join("demo").display().to_string();
    let folder = Path::new(super::HERE).join("../../fixtures/demo");
    assert_eq!(tieout(&folder, &["correct", "--quiet", "--out", &pack]).code, 0);
    let result = lawful(&plain, &plain.join("r.json"), &Path::new(&pack).join("proposals.json")).unwrap();
    assert!(result.differences.is_empty(), "{:#?}", result.lines());
    assert!(result.classes.values().map(|sums| sums.proposed).sum::<u64>() > 100, "{:#?}", result.lines());
}
