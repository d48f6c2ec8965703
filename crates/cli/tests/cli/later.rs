//! A half-year of an invented company, its corrections, and six months in which they are answered in every way.

use std::fs;
use std::path::Path;

use tieout_benches::answers::{self, MONTHS, Wanted};
use tieout_benches::document::Rounding;
use tieout_benches::generate::generate;
use tieout_benches::world::Settings;

use super::tieout;

/// A half-year with every kind of error, audited, and its proposals in the register.
fn half_year(place: &Path) {
    let settings = Settings {
        lines: 1_200,
        seed: 11,
        months: 6,
        each: 1,
        per_million: 0,
        dressed: false,
        rounding: Rounding::Invoice,
        overlap: false,
    };
    generate(&settings, &place.join("half")).unwrap();
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
            for state in ["recovered", "wrong_amount", "wrong_tax", "not_applied", "told_not_issued", "forgotten"] {
                assert!(standing.states.get(state).is_some_and(|counts| counts[1] >= 5), "{state}: {standing:?}");
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
