//! The row in force, alone: the default engine against the oracle over rows with few values, open keys and ends, ranks that
//! tie, decreases that begin by another day, and gaps everywhere.

use proptest::prelude::*;
use tieout_ingest::Store;
use tieout_rules::engine::Engine as _;
use tieout_rules::engine::columnar::Columnar;
use tieout_rules::engine::reference::Reference;
use tieout_rules::expr::Expr;
use tieout_rules::plan::{Fall, InForce, Plan, Range};
use tieout_rules::value::{Column, Relation, Ty, Value};

const ANY: &str = "*";

fn text(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![8 => prop::sample::select(words).prop_map(|word| Value::Text(word.into())), 1 => Just(Value::Null)]
}

fn day() -> impl Strategy<Value = Value> {
    prop_oneof![8 => (100..112i32).prop_map(Value::Date), 2 => Just(Value::Null)]
}

fn number(most: i128) -> impl Strategy<Value = Value> {
    prop_oneof![8 => (0..most).prop_map(Value::Num), 2 => Just(Value::Null)]
}

fn truth() -> impl Strategy<Value = Value> {
    prop_oneof![4 => any::<bool>().prop_map(Value::Bool), 1 => Just(Value::Null)]
}

fn relation(columns: &[(&str, Ty)], rows: Vec<Vec<Value>>) -> Plan {
    let columns = columns.iter().map(|(name, ty)| Column { name: (*name).to_owned(), ty: *ty }).collect();
    Plan::Rows(Relation { columns, rows }.into())
}

/// Item and customer (which a price may leave open), day, other day, quantity, and whether a price is asked for.
fn input() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let row = (text(&["a", "b"]), text(&["x", "y"]), day(), day(), number(6), truth());
    prop::collection::vec(
        row.prop_map(|(item, party, on, other, count, asked)| vec![item, party, on, other, count, asked]),
        0..14,
    )
}

/// The same of a price, with its ranges, its rank, whether it and the next one rise, and what it says.
fn prices() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let keys = (text(&["a", "b"]), text(&["x", "y", ANY, ANY])).prop_map(|(item, party)| vec![item, party]);
    let ranges = (day(), day(), number(6), number(6)).prop_map(|(from, to, least, most)| vec![from, to, least, most]);
    let said = (number(3), truth(), truth(), number(1000))
        .prop_map(|(rank, rises, next, price)| vec![rank, rises, next, price]);
    let row = (keys, ranges, said).prop_map(|(keys, ranges, said)| [keys, ranges, said].concat());
    let numbered = |(rec, row): (i128, Vec<Value>)| row.into_iter().chain([Value::Num(rec)]).collect();
    prop::collection::vec(row, 0..14).prop_map(move |rows| (0..).zip(rows).map(numbered).collect())
}

fn range(own: &str, ends: (&str, Option<&str>), from_open: bool, fall: bool) -> Range {
    let fall = fall.then(|| Fall { own: "other".to_owned(), rises: "rises".to_owned(), next_rises: "next".to_owned() });
    Range { own: own.to_owned(), from: ends.0.to_owned(), to: ends.1.map(str::to_owned), from_open, fall }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_row_in_force_is_the_oracles(
        input in input(),
        prices in prices(),
        (strict, open, quantity, ranked) in any::<(bool, bool, bool, bool)>(),
        (ended, from_open, falls) in any::<(bool, bool, bool)>(),
    ) {
        let date = Ty::Date;
        let own = [("item", Ty::Text), ("party", Ty::Text), ("on", date), ("other", date), ("count", Ty::INT), ("asked", Ty::Bool)];
        let theirs = [
            ("its.item", Ty::Text), ("its.party", Ty::Text), ("from", date), ("to", date), ("least", Ty::INT),
            ("most", Ty::INT), ("rank", Ty::INT), ("rises", Ty::Bool), ("next", Ty::Bool), ("price", Ty::INT), ("rec", Ty::INT),
        ];
        let pair = |own: &str, theirs: &str| (own.to_owned(), theirs.to_owned());
        let mut ranges = vec![range("on", ("from", ended.then_some("to")), from_open, falls)];
        ranges.extend(quantity.then(|| range("count", ("least", Some("most")), true, false)));
        let force = InForce {
            input: relation(&own, input),
            reference: relation(&theirs, prices),
            asked: Expr::col("asked", Ty::Bool),
            on: strict.then(|| pair("item", "its.item")).into_iter().collect(),
            open: open.then(|| pair("party", "its.party")).into_iter().collect(),
            any: ANY.to_owned(),
            ranges,
            rank: ranked.then(|| "rank".to_owned()),
            rec: "rec".to_owned(),
            carried: ["price", "from", "rises"].map(str::to_owned).to_vec(),
            counts: ["sure", "unsure"].map(str::to_owned),
        };
        // The same rows to choose from in other ways, by an engine that keeps what it has made and by one that does not.
        let turned = |force: &InForce| {
            let mut other = force.clone();
            other.ranges[0].from_open = !from_open;
            other
        };
        let plans = [force.clone(), turned(&force), force].map(|force| Plan::InForce(Box::new(force)));
        let store = Store::default();
        let keeping = Columnar::keeping(&store);
        for plan in plans {
            let plan = [plan];
            let slow = Reference::default().run(&plan).unwrap().remove(0);
            for fast in [&Columnar::new(&store), &keeping] {
                let fast = fast.run(&plan).unwrap().remove(0);
                prop_assert_eq!(&fast.columns, &slow.columns);
                prop_assert_eq!(&fast.rows, &slow.rows);
            }
        }
    }
}
