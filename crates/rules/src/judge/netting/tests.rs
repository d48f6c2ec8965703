use super::*;
use crate::value::{Column, Ty};

const DOCUMENTS: [&str; 11] = [
    "rec",
    "invoice_id",
    "invoice_no",
    "document_type",
    "status",
    "issue_date",
    "customer_id",
    "currency",
    "gross_total",
    "original_invoice_id",
    "reason_code",
];

fn value(name: &str, text: &str) -> Value {
    match name {
        _ if text.is_empty() => Value::Null,
        "issue_date" => Value::Date(text.parse::<Date>().unwrap().0),
        "rec" => Value::Num(text.parse().unwrap()),
        "gross_total" | "quantity" | "unit_price" => Value::Num(text.parse::<i128>().unwrap() * 1_000_000),
        _ => Value::text(text),
    }
}

fn relation(names: &[&str], table: &str) -> Relation {
    let columns = names.iter().map(|name| Column { name: (*name).to_owned(), ty: Ty::Text }).collect();
    let row = |line: &str| names.iter().zip(line.split(',')).map(|(name, cell)| value(name, cell.trim())).collect();
    Relation { columns, rows: table.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect() }
}

/// Documents `rec,id,type,status,date,gross,original,reason` of one customer (or a ninth cell's); lines `id,item,quantity,price`.
fn netted(documents: &str, lines: &str, period: Option<&str>) -> Netting {
    let expand = |line: &str| {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        format!(
            "{},{},{},{},{},{},{},USD,{},{},{}",
            cells[0],
            cells[1],
            cells[1],
            cells[2],
            cells[3],
            cells[4],
            cells.get(8).unwrap_or(&"C1"),
            cells[5],
            cells[6],
            cells[7]
        )
    };
    let table: String =
        documents.lines().map(str::trim).filter(|line| !line.is_empty()).map(expand).collect::<Vec<_>>().join("\n");
    let lines = relation(&["invoice_id", "item_id", "quantity", "unit_price"], lines);
    net(&relation(&DOCUMENTS, &table), &lines, period.map(|period| period.parse().unwrap()), None)
}

fn left(netting: &Netting, rec: i128) -> Option<i128> {
    netting.of(rec).map(|residue| residue.left / 1_000_000)
}

#[test]
fn a_reference_decides_before_content() {
    // B is the nearest equal bill; the credit names A.
    let netting = netted(
        "1,A,invoice,posted,2026-10-01,100,,
         2,B,invoice,posted,2026-10-02,100,,
         3,C,credit_note,posted,2026-10-03,-100,A,price",
        "A,X,1,100
         B,X,1,100
         C,X,-1,100",
        None,
    );
    assert_eq!((left(&netting, 1), left(&netting, 2)), (Some(0), None));
    assert_eq!(netting.register.entries[0].tier, "explicit reference");
    assert!(!netting.register.entries[0].inferred);
    assert_eq!(netting.register.entries[0].rebill.as_deref(), None);
}

#[test]
fn equal_content_nets_the_nearest_earlier_bill_only() {
    let documents = "1,A,invoice,posted,2026-10-01,100,,
         2,B,invoice,posted,2026-10-05,100,,
         3,C,credit_note,posted,2026-10-03,-100,,";
    let lines = "A,X,1,100
         B,X,1,100
         C,X,-1,100";
    let netting = netted(documents, lines, None);
    assert_eq!((left(&netting, 1), left(&netting, 2)), (Some(0), None));
    assert_eq!(netting.register.entries[0].rebill.as_deref(), Some("B"));
    assert!(netting.register.entries[0].inferred);
    let both = netted(&documents.replace("2026-10-05", "2026-10-02"), lines, None);
    assert_eq!((left(&both, 1), left(&both, 2)), (None, Some(0)));
}

#[test]
fn a_return_goodwill_or_rebate_repairs_no_bill() {
    for reason in ["return", "Goodwill", "REBATE Q3"] {
        let documents = format!(
            "1,A,invoice,posted,2026-10-01,100,,
             3,C,credit_note,posted,2026-10-03,-100,A,{reason}"
        );
        assert_eq!(netted(&documents, "A,X,1,100\nC,X,-1,100", None).register.entries.len(), 0, "{reason}");
    }
}

#[test]
fn a_part_nets_only_where_one_bill_can_be_meant() {
    let one = netted(
        "1,A,invoice,posted,2026-10-01,150,,
         3,C,credit_note,posted,2026-10-03,-50,,",
        "A,X,1,100
         A,Y,1,50
         C,Y,-1,50",
        None,
    );
    assert_eq!(left(&one, 1), Some(100));
    let two = netted(
        "1,A,invoice,posted,2026-10-01,150,,
         2,B,invoice,posted,2026-10-02,250,,
         3,C,credit_note,posted,2026-10-03,-50,,",
        "A,X,1,100
         A,Y,1,50
         B,Z,1,200
         B,Y,1,50
         C,Y,-1,50",
        None,
    );
    assert_eq!(two.register.ambiguous, 1);
    assert!(
        two.register.entries.is_empty()
            && two.of(1).is_some_and(|residue| residue.ambiguous && residue.left == 150_000_000)
    );
}

#[test]
fn another_customers_bill_and_a_larger_quantity_are_not_netted() {
    let lines = "A,X,1,100
         C,X,-1,100";
    let other = "1,A,invoice,posted,2026-10-01,100,,,C2
         3,C,credit_note,posted,2026-10-03,-100,,";
    assert_eq!(left(&netted(other, lines, None), 1), None);
    let more = "1,A,invoice,posted,2026-10-01,150,,
         3,C,credit_note,posted,2026-10-03,-100,,";
    let lines = "A,X,1,100
         A,Y,1,50
         C,Y,-2,50";
    assert_eq!(left(&netted(more, lines, None), 1), None);
}

#[test]
fn later_bills_and_bills_out_of_reach_are_not_netted() {
    let later = netted(
        "1,A,invoice,posted,2026-10-04,100,,\n3,C,credit_note,posted,2026-10-03,-100,,",
        "A,X,1,100\nC,X,-1,100",
        None,
    );
    assert_eq!(left(&later, 1), None);
    let day = |from: &str, days: i32| from.parse::<Date>().unwrap().add_days(days);
    for (days, expected) in [(WINDOW_DAYS, Some(0)), (WINDOW_DAYS + 1, None)] {
        let documents =
            format!("1,A,invoice,posted,2026-01-01,100,,\n3,C,credit_note,posted,{},-100,,", day("2026-01-01", days));
        assert_eq!(left(&netted(&documents, "A,X,1,100\nC,X,-1,100", None), 1), expected, "{days} days");
    }
}

#[test]
fn a_credit_after_the_period_corrects_and_does_not_hide() {
    let netting =
        netted("1,A,invoice,posted,2026-10-04,100,,\n3,C,credit_note,posted,2026-11-03,-100,A,", "", Some("2026-10"));
    assert!(netting.register.entries.is_empty());
    assert_eq!(netting.of(1).and_then(|residue| residue.corrected_by.as_deref()), Some("C of 2026-11-03"));
}

#[test]
fn a_void_nets_itself() {
    let netting = netted("1,A,invoice,void,2026-10-04,100,,", "", None);
    assert_eq!(left(&netting, 1), Some(0));
    assert_eq!(netting.register.entries[0].tier, "void");
}

proptest::proptest! {
    #[test]
    fn no_unit_of_a_credit_is_consumed_twice(bills in proptest::collection::vec((1i64..4, 1u32..6, 0u8..4), 0..6), credits in proptest::collection::vec((1i64..6, 1u32..8, 0usize..8), 0..6)) {
        let mut documents = String::new();
        for (index, (gross, day, status)) in bills.iter().enumerate() {
            let status = if *status == 0 { "void" } else { "posted" };
            documents.push_str(&format!("{index},B{index},invoice,{status},2026-10-0{day},{gross},,\n"));
        }
        for (index, (gross, day, original)) in credits.iter().enumerate() {
            let original = if *original < bills.len() { format!("B{original}") } else { String::new() };
            documents.push_str(&format!("{},C{index},credit_note,posted,2026-10-0{day},-{gross},{original},\n", 100 + index));
        }
        let netting = netted(&documents, "", None);
        for (index, (gross, ..)) in credits.iter().enumerate() {
            let used: i128 = netting.register.entries.iter().filter(|entry| entry.credit == format!("C{index}")).map(|entry| entry.amount.units).sum();
            proptest::prop_assert!(used <= i128::from(*gross) * 1_000_000);
        }
        for (index, (gross, ..)) in bills.iter().enumerate() {
            let gone: i128 = netting.register.entries.iter().filter(|entry| entry.bill == format!("B{index}")).map(|entry| entry.amount.units).sum();
            proptest::prop_assert!(gone <= i128::from(*gross) * 1_000_000);
        }
    }
}
