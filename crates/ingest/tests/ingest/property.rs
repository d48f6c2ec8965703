//! What must hold for any file: numbers arrive as written, and no order of rows, columns or files shows.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::common::{codes, folder, rows};

/// Writes units of scale 6 in some country's way; the digits after the mark may end in zeros.
fn spelled(units: i64, decimal: char, group: Option<char>, style: u8) -> String {
    let value = Decimal::from_i128_with_scale(i128::from(units), 6).normalize();
    let plain = value.abs().to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if let (true, Some(group)) = (index > 0 && (whole.len() - index) % 3 == 0, group) {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() || style & 4 != 0 {
        text.push(decimal);
        text.push_str(fraction);
        text.push_str(if style & 4 != 0 { "00" } else { "" });
    }
    match (units < 0, style & 3) {
        (false, 1) => format!("+{text}"),
        (false, _) => text,
        (true, 0) => format!("({text})"),
        (true, 1) => format!("{text}-"),
        (true, _) => format!("-{text}"),
    }
}

fn toml(path: &str, decimal: char, group: Option<char>) -> String {
    let group = group.map_or(String::new(), |group| format!(", group_mark = \"{group}\""));
    format!(
        "[[source]]\npopulation = \"payment\"\npath = \"{path}\"\nformat = {{ decimal_mark = \"{decimal}\"{group} }}\ncolumns = {{ payment_id = \"id\", amount = \"amount\", reference = \"ref\" }}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_number_is_what_was_written(
        all in prop::collection::vec((any::<i64>().prop_filter("has an opposite", |units| *units != i64::MIN), 0u8..8), 1..60),
        format in prop::sample::select(vec![('.', None), ('.', Some(',')), (',', Some('.')), (',', Some(' ')), ('.', Some('\''))]),
    ) {
        let (decimal, group) = format;
        let mut text = String::from("id,amount,ref\n");
        let mut expected = Vec::new();
        for (index, (units, style)) in all.iter().enumerate() {
            let spelled = spelled(*units, decimal, group, *style);
            text.push_str(&format!("{index},\"{spelled}\",x\n"));
            let value = Decimal::from_i128_with_scale(i128::from(*units), 6).normalize();
            expected.push(vec![if value.is_zero() { "0".to_owned() } else { value.to_string() }]);
        }
        let folder = folder(&[("p.csv", text.as_bytes())]);
        let (store, diagnostics) = folder.read(&toml("p.csv", decimal, group));
        prop_assert!(codes(&diagnostics).is_empty(), "{:?} {}", diagnostics, text);
        prop_assert_eq!(rows(&store, "payment", &["amount"]), expected);
    }

    #[test]
    fn no_order_and_no_split_shows(
        cells in prop::collection::vec(("[a-z \",\n]{0,6}", prop::option::of(-9_999i64..9_999), any::<bool>()), 1..40),
        shuffle in any::<prop::sample::Index>(),
        split in any::<prop::sample::Index>(),
    ) {
        let records: Vec<(usize, String, String)> = cells
            .into_iter()
            .enumerate()
            .map(|(id, (text, amount, bad))| {
                let amount = amount.map(|amount| Decimal::new(amount, 2).to_string()).unwrap_or_default();
                (id + 1, text, if bad { format!("{amount}?") } else { amount })
            })
            .collect();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let write = |records: &[(usize, String, String)], turned: bool| {
            let mut text = String::from(if turned { "amount,ref,id\r\n" } else { "id,amount,ref\n" });
            for (id, reference, amount) in records {
                let reference = quoted(reference);
                text.push_str(&if turned { format!("{amount},{reference},{id}\r\n") } else { format!("{id},{amount},{reference}\n") });
            }
            text
        };
        let read = |files: &[(&str, &[u8])]| {
            let folder = folder(files);
            let (store, _) = folder.read(&toml("p*.csv", '.', None));
            let mut all = rows(&store, "payment", &["payment_id", "amount", "reference"]);
            all.sort();
            let facts = &store.populations["payment"].facts;
            (all, facts.kept, facts.control.totals.clone(), facts.control.without_amount, facts.unreadable.clone())
        };
        let whole = read(&[("p.csv", write(&records, false).as_bytes())]);
        let mut turned = records.clone();
        turned.rotate_left(shuffle.index(records.len()));
        prop_assert_eq!(&read(&[("p.csv", write(&turned, true).as_bytes())]), &whole);
        let (left, right) = records.split_at(split.index(records.len()));
        let (left, right) = (write(left, false), write(right, true));
        prop_assert_eq!(&read(&[("p1.csv", left.as_bytes()), ("p2.csv", right.as_bytes())]), &whole);
    }

    #[test]
    fn no_input_makes_it_panic(
        bytes in prop::collection::vec(
            prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), Just(b'\r'), Just(0), any::<u8>(), b'0'..=b'9'],
            0..400,
        ),
        header in any::<bool>(),
        format in prop::sample::select(vec!["", "quote = \"\"", "encoding = \"utf-16\"", "encoding = \"shift_jis\"", "fill_down = [\"ref\"]", "header = false", "skip_lines = 2"]),
    ) {
        let mut text = if header { b"id,amount,ref\n".to_vec() } else { Vec::new() };
        text.extend(bytes);
        let folder = folder(&[("p.csv", &text)]);
        let toml = format!("[[source]]\npopulation = \"payment\"\npath = \"p.csv\"\nformat = {{ {format} }}\ncolumns = {{ payment_id = {{ position = 1 }}, amount = {{ header = \"amount\", optional = true }}, payment_date = {{ header = \"ref\", optional = true }} }}\n");
        let (store, _) = folder.read(&toml);
        for population in store.populations.values() {
            let facts = &population.facts;
            prop_assert_eq!(facts.read, facts.kept + facts.excluded + facts.elsewhere + facts.merged);
            let numbers = store.files[0].read;
            let all = (1..=numbers).map(|record| tieout_model::RecordRef { source: 0, record }).collect();
            prop_assert_eq!(tieout_ingest::locate(&store, folder.0.path(), &all).len() as u64, numbers, "every record is found again");
        }
    }
}
