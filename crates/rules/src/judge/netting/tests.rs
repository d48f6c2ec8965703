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

const LINES: [&str; 8] =
    ["rec", "invoice_id", "line_no", "item_id", "quantity", "net_amount", "order_id", "order_line_no"];

/// Lines `rec,document,number,item,quantity,net,order,order line`.
fn netted_lines(documents: &str, lines: &str) -> Netting {
    let expand = |line: &str| {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [rec, id, kind, date, gross, original] = cells[..] else { panic!("{line}") };
        format!("{rec},{id},{id},{kind},posted,{date},C1,USD,{gross},{original},")
    };
    let table: Vec<String> = documents.lines().map(str::trim).filter(|line| !line.is_empty()).map(expand).collect();
    let cells = |name: &str, text: &str| match name {
        _ if text.is_empty() => Value::Null,
        "rec" => Value::Num(text.parse().unwrap()),
        "quantity" | "net_amount" => Value::Num(text.parse::<i128>().unwrap() * 1_000_000),
        _ => Value::text(text),
    };
    let columns = LINES.iter().map(|name| Column { name: (*name).to_owned(), ty: Ty::Text }).collect();
    let row = |line: &str| LINES.iter().zip(line.split(',')).map(|(name, cell)| cells(name, cell.trim())).collect();
    let lines =
        Relation { columns, rows: lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect() };
    net(&relation(&DOCUMENTS, &table.join("\n")), &lines, None, None)
}

/// Quantity and money left of a line, in whole units.
fn line_left(netting: &Netting, rec: i128) -> Option<(i128, i128)> {
    netting.lines.get(&rec).map(|left| (left.quantity / 1_000_000, left.amount / 1_000_000))
}

#[test]
fn a_credit_takes_back_the_lines_that_it_names() {
    // Two order lines on one bill; the credit takes three of the second back.
    let netting = netted_lines(
        "1,A,invoice,2026-10-01,150,
         2,K,credit_note,2026-10-03,-30,",
        "11,A,1,X,5,50,O1,1
         12,A,2,Y,10,100,O1,2
         21,K,1,Y,-3,-30,O1,2",
    );
    assert_eq!((line_left(&netting, 11), line_left(&netting, 12)), (None, Some((7, 70))));
    assert_eq!(netting.register.entries[0].tier, "order line");
}

#[test]
fn a_price_correction_takes_money_and_no_quantity() {
    let netting = netted_lines(
        "1,A,invoice,2026-10-01,50,
         2,K,credit_note,2026-10-03,-20,A",
        "11,A,1,X,5,50,O1,1
         21,K,1,X,0,-20,O1,1",
    );
    assert_eq!(line_left(&netting, 11), Some((5, 30)));
}

#[test]
fn one_credit_may_take_back_lines_of_two_bills() {
    let netting = netted_lines(
        "1,A,invoice,2026-10-01,50,
         2,B,invoice,2026-10-02,60,
         3,K,credit_note,2026-10-03,-110,",
        "11,A,1,X,5,50,O1,1
         12,B,1,Y,6,60,O2,1
         31,K,1,X,-5,-50,O1,1
         32,K,2,Y,-6,-60,O2,1",
    );
    assert_eq!((line_left(&netting, 11), line_left(&netting, 12)), (Some((0, 0)), Some((0, 0))));
    assert_eq!((left(&netting, 1), left(&netting, 2)), (Some(0), Some(0)));
}

proptest::proptest! {
    #[test]
    fn no_quantity_and_no_money_of_a_credit_is_taken_twice(
        bills in proptest::collection::vec((1u32..4, 1i64..6, 1u32..6), 1..6),
        credits in proptest::collection::vec((1u32..4, 0i64..8, 1u32..9, 0usize..8), 0..6),
    ) {
        // Ten a piece. A credit of no quantity takes ten of money.
        let (mut documents, mut lines) = (String::new(), String::new());
        for (index, (order, quantity, day)) in bills.iter().enumerate() {
            documents.push_str(&format!("{index},B{index},invoice,2026-10-0{day},{},\n", quantity * 10));
            lines.push_str(&format!("{},B{index},1,X{order},{quantity},{},O{order},1\n", 1_000 + index, quantity * 10));
        }
        for (index, (order, quantity, day, original)) in credits.iter().enumerate() {
            let original = if *original < bills.len() { format!("B{original}") } else { String::new() };
            let money = if *quantity == 0 { 10 } else { quantity * 10 };
            documents.push_str(&format!("{},K{index},credit_note,2026-10-0{day},-{money},{original}\n", 100 + index));
            lines.push_str(&format!("{},K{index},1,X{order},-{quantity},-{money},O{order},1\n", 2_000 + index));
        }
        let netting = netted_lines(&documents, &lines);
        for order in 1..4u32 {
            let (mut quantity, mut money) = (0, 0);
            for (index, (own, billed, _)) in bills.iter().enumerate().filter(|(_, bill)| bill.0 == order) {
                let rec = 1_000 + i128::try_from(index).unwrap();
                let (left, left_money) = line_left(&netting, rec).unwrap_or((i128::from(*billed), i128::from(billed * 10)));
                proptest::prop_assert!(left >= 0 && left_money >= 0 && left <= i128::from(*billed), "O{own}");
                quantity += i128::from(*billed) - left;
                money += i128::from(billed * 10) - left_money;
            }
            let of_order = || credits.iter().filter(|credit| credit.0 == order);
            let credited: i64 = of_order().map(|credit| credit.1).sum();
            let credited_money: i64 = of_order().map(|credit| if credit.1 == 0 { 10 } else { credit.1 * 10 }).sum();
            proptest::prop_assert!(quantity <= i128::from(credited), "O{order}: {quantity} of {credited}");
            proptest::prop_assert!(money <= i128::from(credited_money), "O{order}: {money} of {credited_money}");
        }
    }
}
