//! Parquet goes through the same conversion contract as text.

use polars::prelude::*;
use tieout_model::{Code, RecordRef};

use crate::common::{Folder, codes, folder, rows};

fn written(columns: Vec<Column>) -> Folder {
    let folder = folder(&[]);
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let file = std::fs::File::create(folder.0.path().join("p.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    folder
}

const TOML: &str = r#"
[[source]]
population = "payment"
path = "p.parquet"
columns = { payment_id = "id", amount = "amount", payment_date = "day", posted_date = "at", currency = "cur" }
"#;

fn columns(amount: Column) -> Vec<Column> {
    vec![
        Series::new("id".into(), ["007", "008"]).into_column(),
        amount,
        Series::new("day".into(), [20_000i32, 20_001]).cast(&DataType::Date).unwrap().into_column(),
        Series::new("at".into(), [1_727_740_800_000_000i64, 0])
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .unwrap()
            .into_column(),
        Series::new("cur".into(), [Some("USD"), None]).into_column(),
    ]
}

#[test]
fn integers_decimals_dates_and_text_arrive_exactly() {
    let decimal = Series::new("amount".into(), [1_234_567i64, -5]).cast(&DataType::Int128).unwrap();
    let decimal = decimal.i128().unwrap().clone().into_decimal_unchecked(20, 4).into_series().into_column();
    for (amount, expected) in [
        (decimal, ["123.4567", "-0.0005"]),
        (Series::new("amount".into(), [1999i64, -1]).into_column(), ["1999", "-1"]),
        (Series::new("amount".into(), ["1.10", "(2.00)"]).into_column(), ["1.1", "-2"]),
    ] {
        let folder = written(columns(amount));
        let (store, diagnostics) = folder.read(TOML);
        assert_eq!(codes(&diagnostics), [Code::CellEmptyRequired.name()], "{diagnostics:#?}");
        assert_eq!(
            rows(&store, "payment", &["payment_id", "amount", "payment_date", "posted_date", "currency"]),
            [
                // 20,000 days after 1970-01-01; 1,727,740,800 s is 2024-10-01 00:00 UTC.
                ["007", expected[0], "2024-10-04", "2024-10-01", "USD"],
                ["008", expected[1], "2024-10-05", "1970-01-01", "·"],
            ]
        );
        let record = RecordRef { source: 0, record: 2 };
        let found = tieout_ingest::locate(&store, folder.0.path(), &[record].into_iter().collect());
        assert_eq!(found[&record].cells[0], ("id".to_owned(), "008".to_owned()));
    }
}

#[test]
fn floating_point_needs_a_declared_precision() {
    let amount = || Series::new("amount".into(), [1.1, -2.005]).into_column();
    let folder = written(columns(amount()));
    let (store, diagnostics) = folder.read(TOML);
    assert_eq!(codes(&diagnostics), [Code::FloatColumn.name()]);
    assert!(store.populations.is_empty());
    let (store, diagnostics) = folder.read(&format!("{TOML}format = {{ float_places = 3 }}\n"));
    assert_eq!(codes(&diagnostics), [Code::CellEmptyRequired.name()], "{diagnostics:#?}");
    assert_eq!(rows(&store, "payment", &["amount"]), [["1.1"], ["-2.005"]]);
}
