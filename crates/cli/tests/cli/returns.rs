//! Sales-tax returns: what each marked sale becomes, the papers against those of an independent script, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(super::HERE).join("../../fixtures").join(name)
}

type Record = BTreeMap<String, String>;

/// The records of a table by header; none if there is no such file.
fn table(path: &Path) -> Vec<Record> {
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let named =
        |record: csv::StringRecord| header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(|record| named(record.unwrap())).collect()
}

/// Cents of a plain amount.
fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{:0<2}", part);
    assert!(part.len() <= 2, "{text} has parts of a cent");
    digits.parse().unwrap_or_else(|_| panic!("{text} is no amount"))
}

fn shown(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// Half a cent away from zero, of a decimal with any number of places.
fn rounded(text: &str) -> i64 {
    let negative = text.starts_with('-');
    let (whole, part) = text.trim_start_matches('-').split_once('.').unwrap_or((text, "0"));
    let part = format!("{part:0<3}");
    let up = i64::from(part.as_bytes()[2] >= b'5');
    let units = whole.parse::<i64>().unwrap() * 100 + part[..2].parse::<i64>().unwrap() + up;
    if negative { -units } else { units }
}

/// What the papers say of one document, in the words of the fixture's last column.
fn verdict(papers: &Path, folder: &Path, number: &str) -> String {
    let of =
        |file: &Path| -> Vec<Record> { table(file).into_iter().filter(|record| record["number"] == number).collect() };
    let aside = of(&papers.join("on_no_return.csv"));
    if let Some(first) = aside.first() {
        return format!("{}: {}", first["cell"].replace('_', " "), first["why"]);
    }
    let lines = of(&folder.join("detail.csv"));
    if lines.is_empty() {
        return "on no paper".to_owned();
    }
    // A line's first row has its net.
    let firsts: Vec<&Record> = lines.iter().filter(|line| !line["net"].is_empty()).collect();
    let cells: Vec<&str> = firsts.iter().map(|line| line["cell"].as_str()).collect();
    let taxed: i64 = firsts.iter().map(|line| cents(&line["taxed"])).sum();
    let mut exact: BTreeMap<&str, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line["jurisdiction"].is_empty()) {
        // Tax of a marked document has six decimals at the most.
        let (whole, part) = line["tax"].trim_start_matches('-').split_once('.').unwrap();
        let units: i64 = format!("{whole}{part:0<6}").parse().unwrap();
        let units = if line["tax"].starts_with('-') { -units } else { units };
        *exact.entry(&line["jurisdiction"]).or_default() += units;
    }
    let due: i64 = exact
        .values()
        .map(|units| {
            rounded(&format!(
                "{}{}.{:06}",
                if *units < 0 { "-" } else { "" },
                units.abs() / 1_000_000,
                units.abs() % 1_000_000
            ))
        })
        .sum();
    let mut verdict = format!("{} {} due {}", cells.join("+"), shown(taxed), shown(due));
    for (file, word) in [("over_collected.csv", "over"), ("under_collected.csv", "under")] {
        let mut causes: BTreeMap<String, i64> = BTreeMap::new();
        for record in of(&folder.join(file)) {
            *causes.entry(record["cause"].clone()).or_default() += cents(&record["difference"]).abs();
        }
        for (cause, sum) in causes {
            verdict.push_str(&format!(" {word} {} {cause}", shown(sum)));
        }
    }
    if !of(&folder.join("unsupported_exemptions.csv")).is_empty() {
        verdict.push_str(" unsupported");
    }
    verdict
}

#[test]
fn each_marked_sale_becomes_what_its_mark_says() {
    let place = tempfile::tempdir().unwrap();
    let case = fixture("cases/sales-tax");
    let out = place.path().display().to_string();
    let run = super::tieout(&case, &["return", "--quiet", "--out", &out]);
    assert_eq!(run.code, 0, "{}", run.err);
    let folder = place.path().join("E1-US-NE-2026-10-USD");
    let mut wrong = Vec::new();
    let marked = table(&case.join("invoice.csv"));
    assert!(marked.len() > 45);
    for record in &marked {
        let found = verdict(place.path(), &folder, &record["invoice_no"]);
        let expect = match record["expect"].as_str() {
            text if text == "other period" || text.starts_with("no posted bill") => "on no paper",
            text => text,
        };
        if found != expect {
            wrong.push(format!("{}: {found}\n    not: {expect}", record["invoice_no"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is on no paper is in the accounting, with its reason.
    let landed = table(&place.path().join("where_lines_landed.csv"));
    let count = |cell: &str| -> usize {
        landed
            .iter()
            .filter(|record| record["cell"] == cell)
            .map(|record| record["lines"].parse::<usize>().unwrap())
            .sum()
    };
    assert_eq!((count("in another period"), count("no posted bill")), (2, 1));
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
}

#[test]
fn every_line_lands_once_in_records_and_money() {
    for (case, period) in [("cases/sales-tax", "2026-10"), ("sales-tax", "2026-08"), ("sales-tax", "2026Q3")] {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().display().to_string();
        let run = super::tieout(&fixture(case), &["return", "--quiet", "--period", period, "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.err);
        let file = if case == "sales-tax" { "invoice_lines.csv" } else { "invoice_line.csv" };
        let exported = table(&fixture(case).join(file));
        let net: i64 = exported
            .iter()
            .map(|line| &line["net_amount"])
            .filter(|net| !net.contains('O'))
            .map(|net| cents(net))
            .sum();
        let landed = table(&place.path().join("where_lines_landed.csv"));
        let lines: usize = landed.iter().map(|record| record["lines"].parse::<usize>().unwrap()).sum();
        assert_eq!(lines, exported.len());
        assert_eq!(landed.iter().map(|record| cents(&record["net"])).sum::<i64>(), net);
        // And tax: what schedules hold, what is compared nowhere, and nothing else.
        let billed: i64 = table(&fixture(case).join(file.replace("line", "tax").replace("taxs", "taxes")))
            .iter()
            .map(|row| cents(&row["tax_amount"]))
            .sum();
        let mut collected: i64 =
            table(&place.path().join("tax_not_compared.csv")).iter().map(|row| cents(&row["net"])).sum();
        for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
            collected +=
                table(&entry.path().join("schedule.csv")).iter().map(|row| cents(&row["collected"])).sum::<i64>();
        }
        assert_eq!(collected, billed, "{case} {period}");
    }
}

#[test]
fn rates_are_looked_at_by_day_and_source() {
    let place = tempfile::tempdir().unwrap();
    let source = |name: &str| {
        format!(
            "\n[[source]]\npopulation = \"tax_rate\"\npath = \"{name}\"\n[source.columns]\njurisdiction_id = \"j\"\n\
             tax_type = {{ constant = \"VAT\" }}\nrate_class = {{ constant = \"standard\" }}\nscope = {{ constant = \"all\" }}\n\
             rate = \"rate\"\neffective_from = \"from\"\neffective_to = \"to\"\nsource = {{ constant = \"{name}\" }}\n"
        )
    };
    let engagement = format!("[engagement]\nname = \"Rates\"\n{}{}", source("one.csv"), source("other.csv"));
    fs::write(place.path().join("tieout.toml"), engagement).unwrap();
    // A day without a rate; two rates on one day; a row without a rate.
    let one = "j,rate,from,to\nDE,0.19,2007-01-01,2020-07-01\nDE,0.16,2020-07-02,2021-01-01\nDE,0.19,2021-01-01,\nAT,0.2,1984-01-01,\nAT,0.19,1984-01-01,\nFR,,2014-01-01,\n";
    let other = "j,rate,from,to\nDE,0.19,2007-01-01,2020-07-01\nDE,0.16,2020-07-01,2021-01-01\nDE,0.19,2021-01-01,\n";
    fs::write(place.path().join("one.csv"), one).unwrap();
    fs::write(place.path().join("other.csv"), other).unwrap();
    let out = place.path().join("out.csv");
    let run =
        super::tieout(place.path(), &["rates", "--quiet", "--on", "2020-12-31", "--out", &out.display().to_string()]);
    assert_eq!(run.code, 0, "{}", run.err);
    for words in [
        "gap: DE (standard, all) has no rate from 2020-07-01 to 2020-07-01",
        "contradiction: AT (standard, all) has two rows from 1984-01-01",
        "missing: 1 rows of the rate table lack jurisdiction, rate or first day",
        "DE               standard    all             16 %  2020-07-02 to 2020-12-31",
    ] {
        assert!(run.out.contains(words), "{words}\n{}", run.out);
    }
    assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    let list = table(&out);
    assert_eq!(list.len(), 1, "only one day is in doubt, and other.csv has no AT: {list:?}");
    assert_eq!(
        (list[0]["from"].as_str(), list[0]["rate_left"].as_str(), list[0]["rate_right"].as_str()),
        ("2020-07-01", "", "0.16")
    );
    fs::write(place.path().join("tieout.toml"), "[engagement]\nname = \"None\"\n[[source]]\npopulation = \"item\"\npath = \"one.csv\"\n[source.columns]\nitem_id = \"j\"\ntax_category = \"rate\"\n").unwrap();
    let run = super::tieout(place.path(), &["rates"]);
    assert!(run.code == 2 && run.err.contains("no source of the engagement gives tax rates"), "{}", run.err);
}

#[test]
fn what_cannot_be_filed_is_refused_with_what_would_mend_it() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("papers").display().to_string();
    let case = fixture("cases/sales-tax");
    let refused = |args: &[&str], words: &str| {
        let run = super::tieout(&case, &[&["return", "--quiet", "--out", &out], args].concat());
        assert!(run.code == 2 && run.err.contains(words), "{args:?}: {} {}", run.code, run.err);
        assert!(!run.err.contains("panicked"));
    };
    refused(&["--period", "October"], "`October` is not a period");
    refused(&["--jurisdiction", "ZZ"], "nothing is filed in ZZ for 2026-10");
    refused(&["--form", "no-such.toml"], "form `no-such.toml` cannot be read");
    let form = |lines: &str| {
        let path = place.path().join("form.toml");
        fs::write(&path, format!("title = \"Form\"\nstate = \"US-NE\"\n{lines}")).unwrap();
        path.display().to_string()
    };
    let line = |formula: &str| form(&format!("[[line]]\ncode = \"1\"\nlabel = \"One\"\nformula = \"{formula}\"\n"));
    refused(&["--form", &line("gross +")], "a figure is missing");
    refused(&["--form", &line("net")], "`net` is no figure");
    refused(&["--form", &line("taxable * 0.055")], "has more decimals than USD");
    refused(&["--form", &line("(gross")], "`)` is missing");
    refused(
        &["--form", &form("[[line]]\ncode = \"1\"\nlabel = \"One\"\nformula = \"due\"\neach = \"village\"\n")],
        "`village` is no level",
    );
    let twin = line("gross");
    refused(&["--form", &twin, "--form", &twin], "are both forms of US-NE");
    // Without registrations nobody knows what is filed.
    let bare = place.path().join("bare");
    fs::create_dir(&bare).unwrap();
    for entry in fs::read_dir(&case).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), bare.join(entry.file_name())).unwrap();
    }
    let engagement = fs::read_to_string(bare.join("tieout.toml")).unwrap();
    let without: Vec<&str> =
        engagement.split("\n[[source]]").filter(|part| !part.contains("\"registration\"")).collect();
    fs::write(bare.join("tieout.toml"), without.join("\n[[source]]")).unwrap();
    let run = super::tieout(&bare, &["return", "--quiet", "--out", &out]);
    assert!(run.code == 2 && run.err.contains("a return needs the population `registration`"), "{}", run.err);
}

#[test]
fn a_state_s_form_is_filled_from_its_formulas() {
    let place = tempfile::tempdir().unwrap();
    let form = "title = \"Form\"\nstate = \"US-NE\"\n\
                [[line]]\ncode = \"1\"\nlabel = \"Gross\"\nformula = \"gross\"\n\
                [[line]]\ncode = \"2\"\nlabel = \"Deductions\"\nformula = \"line.1 - taxable\"\n\
                [[line]]\ncode = \"3\"\nlabel = \"State tax\"\nformula = \"round((line.1 - line.2) * 0.055)\"\n\
                [[line]]\ncode = \"4\"\nlabel = \"County\"\neach = \"county\"\nformula = \"due\"\n\
                [[line]]\ncode = \"5\"\nlabel = \"At least\"\nformula = \"max(min(line.3, 1.00), TotalTaxDue - TotalTaxDue)\"\n";
    let path = place.path().join("form.toml");
    fs::write(&path, form).unwrap();
    let (out, path) = (place.path().join("papers"), path.display().to_string());
    let run = super::tieout(
        &fixture("cases/sales-tax"),
        &["return", "--quiet", "--jurisdiction", "NE", "--form", &path, "--out", &out.display().to_string()],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    let folder = out.join("E1-US-NE-2026-10-USD");
    let amount = |file: &str, code: &str| -> i64 {
        let rows = table(&folder.join(file));
        cents(&rows.iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("{code}"))["amount"])
    };
    assert_eq!(amount("form.csv", "1"), amount("return.csv", "TotalSales"));
    assert_eq!(amount("form.csv", "2"), amount("return.csv", "ExemptionsDeductions"));
    let taxable = amount("return.csv", "TaxableSales");
    assert_eq!(amount("form.csv", "3"), (taxable * 55 + 500) / 1_000);
    let county: i64 = ["JurisTaxDueSalesInState", "JurisTaxDueSalesOrigOutOfState"]
        .iter()
        .map(|element| format!("JurisdictionDetail.NE-C055.{element}"))
        .filter(|code| table(&folder.join("return.csv")).iter().any(|row| &row["code"] == code))
        .map(|code| amount("return.csv", &code))
        .sum();
    assert_eq!(amount("form.csv", "4.NE-C055"), county);
    assert_eq!(amount("form.csv", "5"), 100);
}

/// Exports with canonical headers, a table a population.
struct Exports {
    place: tempfile::TempDir,
    engagement: String,
}

impl Exports {
    fn new(period: &str, as_of: &str) -> Self {
        let engagement = format!("[engagement]\nname = \"Exports\"\nperiod = \"{period}\"\nas_of = \"{as_of}\"\n");
        Self { place: tempfile::tempdir().unwrap(), engagement }
    }

    fn put(&mut self, population: &str, text: &str) {
        let columns = text.lines().next().unwrap().split(',');
        let columns: String = columns.map(|column| format!("{column} = \"{column}\"\n")).collect();
        let path = format!("{population}.csv");
        let source =
            format!("[[source]]\npopulation = \"{population}\"\npath = \"{path}\"\n[source.columns]\n{columns}");
        self.engagement.push_str(&source);
        fs::write(self.place.path().join(path), text).unwrap();
    }

    /// Makes the papers; the folder that they are in.
    fn papers(&self) -> PathBuf {
        fs::write(self.place.path().join("tieout.toml"), &self.engagement).unwrap();
        let out = self.place.path().join("papers");
        let run = super::tieout(self.place.path(), &["return", "--quiet", "--out", &out.display().to_string()]);
        assert_eq!(run.code, 0, "{}", run.err);
        out
    }
}

/// Who reports cash is taxed for what was paid in the period, and a line that was paid in part is still one line.
#[test]
fn cash_basis_takes_what_was_paid() {
    let mut exports = Exports::new("2026-10", "2026-11-10");
    let mut put = |population: &str, text: &str| exports.put(population, text);
    put("jurisdiction", "jurisdiction_id,country,level,name,currency,subdivision\nNE,US,state,Nebraska,USD,US-NE\n");
    put(
        "tax_rate",
        "jurisdiction_id,tax_type,rate_class,scope,rate,effective_from,source\nNE,sales,general,all,0.055,2020-01-01,x\n",
    );
    put(
        "registration",
        "entity_id,jurisdiction_id,registration_no,effective_from,frequency,accounting_basis\nE,NE,N1,2020-01-01,monthly,cash\n",
    );
    put("sourcing_rule", "state,scope,level,basis,effective_from\nNE,intrastate,state,destination,2020-01-01\n");
    put("address", "address_id,country,subdivision,jurisdiction_set_id\nHERE,US,NE,NE\nTHERE,US,NE,NE\n");
    put("jurisdiction_set", "jurisdiction_set_id,jurisdiction_id\nNE,NE\n");
    let invoice = |id: &str, kind: &str, day: &str, gross: &str, original: &str| {
        format!("{id},{id},{kind},posted,{day},E,C,HERE,THERE,USD,{gross},{original}\n")
    };
    let header = "invoice_id,invoice_no,document_type,status,issue_date,entity_id,customer_id,ship_from_id,ship_to_id,currency,gross_total,original_invoice_id\n";
    let invoices = [
        invoice("WHOLE", "invoice", "2026-09-20", "105.50", ""),
        invoice("THIRD", "invoice", "2026-10-03", "105.50", ""),
        invoice("UNPAID", "invoice", "2026-10-04", "105.50", ""),
        invoice("WRONG", "invoice", "2026-10-05", "106.00", ""),
        invoice("CREDIT", "credit_note", "2026-10-06", "-10.55", "UNPAID"),
    ];
    put("invoice", &format!("{header}{}", invoices.concat()));
    put(
        "invoice_line",
        "invoice_id,line_no,line_type,quantity,net_amount\nWHOLE,1,item,1,100.00\nTHIRD,1,item,1,40.00\nTHIRD,2,item,1,60.00\n\
         UNPAID,1,item,1,100.00\nWRONG,1,item,1,100.00\nCREDIT,1,item,1,-10.00\n",
    );
    put(
        "invoice_tax",
        "invoice_id,tax_no,tax_type,jurisdiction_id,rate,taxable_amount,tax_amount\nWHOLE,1,sales,NE,0.055,100.00,5.50\n\
         THIRD,1,sales,NE,0.055,100.00,5.50\nUNPAID,1,sales,NE,0.055,100.00,5.50\nWRONG,1,sales,NE,0.06,100.00,6.00\nCREDIT,1,sales,NE,0.055,-10.00,-0.55\n",
    );
    put(
        "payment_application",
        "payment_id,invoice_id,seq,applied_date,amount\nP1,WHOLE,1,2026-10-02,105.50\nP2,THIRD,1,2026-10-20,35.17\n\
         P3,THIRD,1,2026-11-02,70.33\nP4,WRONG,1,2026-10-30,53.00\n",
    );
    let out = exports.papers();
    let folder = out.join("E-US-NE-2026-10-USD");
    // 100.00; 40.00 and 60.00 × 35.17 ÷ 105.50 = 13.33 and 20.00; half of 100.00.
    let detail: Vec<String> = table(&folder.join("detail.csv"))
        .iter()
        .filter(|line| !line["net"].is_empty())
        .map(|line| format!("{} {}", line["number"], line["net"]))
        .collect();
    assert_eq!(detail, ["WHOLE 100.00", "THIRD 13.33", "THIRD 20.00", "WRONG 50.00"]);
    let lines = table(&folder.join("return.csv"));
    let amount = |code: &str| lines.iter().find(|line| line["code"] == code).unwrap()["amount"].clone();
    assert_eq!((amount("TaxableSales").as_str(), amount("TotalTaxDue").as_str()), ("183.33", "10.08"));
    let over = table(&folder.join("over_collected.csv"));
    assert_eq!((over.len(), over[0]["cause"].as_str(), over[0]["difference"].as_str()), (1, "wrong rate", "0.25"));
    let landed = table(&out.join("where_lines_landed.csv"));
    let of = |cell: &str| -> (usize, i64) {
        let rows = landed.iter().filter(|row| row["cell"] == cell);
        rows.fold((0, 0), |sum, row| (sum.0 + row["lines"].parse::<usize>().unwrap(), sum.1 + cents(&row["net"])))
    };
    assert_eq!((of("taxable"), of("in another period"), of("not tested")), ((4, 18_333), (1, 21_667), (1, -1_000)));
}

/// Value added tax has the shape of a state without counties: a country with a schedule of rates.
#[test]
fn a_member_state_is_a_jurisdiction_like_any() {
    let mut exports = Exports::new("2026Q4", "2027-01-10");
    let mut put = |population: &str, text: &str| exports.put(population, text);
    put(
        "jurisdiction",
        "jurisdiction_id,country,level,name,currency\nDE,DE,country,Germany,EUR\nFR,FR,country,France,EUR\n",
    );
    put(
        "tax_rate",
        "jurisdiction_id,tax_type,rate_class,scope,rate,effective_from,source\nDE,VAT,general,all,0.19,2021-01-01,x\n\
         DE,VAT,reduced,all,0.07,2021-01-01,x\nFR,VAT,general,all,0.2,2014-01-01,x\n",
    );
    put(
        "registration",
        "entity_id,jurisdiction_id,registration_no,effective_from,frequency\nE,DE,DE1,2020-01-01,quarterly\nE,FR,FR1,2020-01-01,quarterly\n",
    );
    put(
        "sourcing_rule",
        "state,scope,level,basis,effective_from\nDE,intrastate,country,destination,2020-01-01\nFR,interstate,country,destination,2020-01-01\n",
    );
    put(
        "taxability_rule",
        "rule_id,jurisdiction_id,tax_category,treatment,effective_from\n1,DE,goods,taxable,2020-01-01\n2,DE,books,reduced,2020-01-01\n3,FR,goods,taxable,2020-01-01\n",
    );
    put("address", "address_id,country,jurisdiction_set_id\nBERLIN,DE,DE\nMUNICH,DE,DE\nLYON,FR,FR\n");
    put("jurisdiction_set", "jurisdiction_set_id,jurisdiction_id\nDE,DE\nFR,FR\n");
    put("item", "item_id,tax_category\nLAMP,goods\nBOOK,books\n");
    put(
        "invoice",
        "invoice_id,invoice_no,document_type,status,issue_date,entity_id,customer_id,ship_from_id,ship_to_id,currency\n\
         1,1,invoice,posted,2026-10-05,E,C,BERLIN,MUNICH,EUR\n2,2,invoice,posted,2026-12-05,E,C,BERLIN,LYON,EUR\n",
    );
    put(
        "invoice_line",
        "invoice_id,line_no,item_id,line_type,quantity,net_amount\n1,1,LAMP,item,1,100.00\n1,2,BOOK,item,1,50.00\n2,1,LAMP,item,1,10.00\n",
    );
    put(
        "invoice_tax",
        "invoice_id,tax_no,tax_type,jurisdiction_id,rate,taxable_amount,tax_amount\n1,1,VAT,DE,0.19,100.00,19.00\n\
         1,2,VAT,DE,0.07,50.00,3.50\n2,1,VAT,DE,0.19,10.00,1.90\n",
    );
    let out = exports.papers();
    let row = |folder: &str, class: &str| {
        table(&out.join(folder).join("schedule.csv")).into_iter().find(|row| row["class"] == class).unwrap()
    };
    let german = row("E-DE-2026Q4-EUR", "reduced");
    assert_eq!(
        (german["base"].as_str(), german["due"].as_str(), german["collected"].as_str()),
        ("50.00", "3.50", "3.50")
    );
    assert_eq!(row("E-DE-2026Q4-EUR", "general")["due"], "19.00");
    // Germany's tax on what France taxes.
    let french = row("E-FR-2026Q4-EUR", "general");
    assert_eq!((french["due"].as_str(), french["wrong_jurisdiction"].as_str()), ("2.00", "-2.00"));
    assert_eq!(row("E-FR-2026Q4-EUR", "")["collected"], "1.90");
}

/// Figures of a return as an independent script writes them: paper, key, measure → value.
fn figures(folder: &Path) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    let mut put = |paper: &str, key: &str, measure: &str, value: &str| {
        // Two rate rows of one authority with one cause on a document: either may be the one that is named.
        let mut name = format!("{paper},{key},{measure}");
        while figures.contains_key(&name) {
            name.push('+');
        }
        figures.insert(name, value.to_owned());
    };
    for row in table(&folder.join("bridge.csv")).iter().filter(|row| !row["taxed"].is_empty()) {
        for measure in ["lines", "net", "taxed"] {
            put("bridge", &row["row"], measure, &row[measure]);
        }
    }
    const CAUSES: [&str; 6] =
        ["rounding", "wrong_rate", "wrong_jurisdiction", "exempt_taxed", "taxable_untaxed", "arithmetic"];
    for row in table(&folder.join("schedule.csv")) {
        let key = ["jurisdiction", "kind", "class", "scope", "original_period", "rate"].map(|name| row[name].as_str());
        for measure in ["base", "due", "collected"].into_iter().chain(CAUSES) {
            put("schedule", &key.join("|"), measure, &row[measure]);
        }
    }
    for row in table(&folder.join("return.csv")) {
        let code = row["code"].as_str();
        let is_total = [
            "TotalSales",
            "ExemptionsDeductions",
            "TaxableSales",
            "TotalTaxDue",
            "Discounts",
            "Priorpayments",
            "AmountDueOrRefund",
        ];
        if is_total.contains(&code) {
            put("return", code, "amount", &row["amount"]);
        }
    }
    for row in table(&folder.join("certificates.csv")) {
        for measure in ["lines", "net"] {
            put("certificates", &row["certificate"], measure, &row[measure]);
        }
    }
    for row in table(&folder.join("unsupported_exemptions.csv")) {
        put("unsupported", &format!("{}|{}", row["number"], row["line"]), "net", &row["net"]);
    }
    for paper in ["credits", "bad_debts"] {
        for row in table(&folder.join(format!("{paper}.csv"))) {
            for measure in ["base", "due"] {
                put(paper, &row["number"], measure, &row[measure]);
            }
        }
    }
    let registers = ["over_collected", "under_collected"].map(|file| table(&folder.join(format!("{file}.csv"))));
    for row in registers.iter().flatten() {
        put(
            "register",
            &format!("{}|{}", row["number"], row["jurisdiction"]),
            &row["cause"].replace(' ', "_"),
            &row["difference"],
        );
    }
    figures
}

/// `fixtures/sales-tax/expected.py` is by another hand, from the page beside it and not from this code.
#[test]
fn the_papers_are_those_of_an_independent_script() {
    let case = fixture("sales-tax");
    let mut wrong = Vec::new();
    let mut compared = 0;
    for period in ["2026-07", "2026-08", "2026-09", "2026Q3"] {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().display().to_string();
        let run = super::tieout(&case, &["return", "--quiet", "--period", period, "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.err);
        let states: &[&str] = if period == "2026Q3" { &["US-OH"] } else { &["US-NE", "US-KS"] };
        for state in states {
            let found = figures(&place.path().join(format!("SELLER-{state}-{period}-USD")));
            let expected = table(&case.join("expected").join(format!("{state}-{period}.csv")));
            let expected: BTreeMap<String, String> = expected
                .into_iter()
                .map(|row| (format!("{},{},{}", row["paper"], row["key"], row["measure"]), row["value"].clone()))
                .collect();
            assert!(expected.len() > 100, "{state} {period}: {} figures", expected.len());
            compared += expected.len();
            for key in found.keys().chain(expected.keys().filter(|key| !found.contains_key(*key))) {
                let (ours, theirs) = (found.get(key), expected.get(key.trim_end_matches('+')));
                let twin = found.iter().any(|(name, value)| {
                    name != key && name.trim_end_matches('+') == key.trim_end_matches('+') && Some(value) == theirs
                });
                if ours != theirs && !twin {
                    wrong.push(format!("{state} {period} {key}: {ours:?}, expected {theirs:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_order_of_records_changes_no_figure() {
    let (place, turned) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let case = fixture("cases/sales-tax");
    for entry in fs::read_dir(&case).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path()).unwrap();
        let is_table = entry.path().extension().is_some_and(|kind| kind == "csv");
        let mut lines: Vec<&str> = text.lines().collect();
        if is_table {
            lines[1..].reverse();
        }
        fs::write(turned.path().join(entry.file_name()), lines.join("\n")).unwrap();
    }
    let papers = |folder: &Path, name: &str| {
        let out = place.path().join(name);
        let run = super::tieout(folder, &["return", "--quiet", "--out", &out.display().to_string()]);
        assert_eq!(run.code, 0, "{}", run.err);
        (figures(&out.join("E1-US-NE-2026-10-USD")), run.out)
    };
    let (straight, reversed) = (papers(&case, "straight"), papers(turned.path(), "reversed"));
    assert!(straight.0.len() > 100);
    assert_eq!(straight.0, reversed.0);
    assert_eq!(straight.1, reversed.1);
}

/// What an earlier run wrote and this one does not is not to be taken for its papers.
#[test]
fn papers_of_a_former_run_do_not_stay_among_new_ones() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("papers");
    let run = |period: &str| {
        let out = out.display().to_string();
        let run = super::tieout(&fixture("cases/sales-tax"), &["return", "--quiet", "--period", period, "--out", &out]);
        assert_eq!(run.code, 0, "{}", run.err);
    };
    run("2026-10");
    let folder = out.join("E1-US-NE-2026-10-USD");
    assert!(folder.join("credits.csv").is_file() && out.join("on_no_return.csv").is_file());
    fs::copy(folder.join("credits.csv"), folder.join("bad_debts.csv")).unwrap();
    fs::write(folder.join("notes.txt"), "the preparer's own").unwrap();
    run("2026-10");
    assert!(!folder.join("bad_debts.csv").exists() && folder.join("notes.txt").is_file());
    run("2026-06");
    assert!(!out.join("on_no_return.csv").exists(), "every line of June is on a return");
    for entry in fs::read_dir(&out).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let name = entry.file_name().into_string().unwrap();
        assert!(name == "summary.txt" || tieout_report::filing::NAMES.contains(&name.as_str()), "{name} is in no list");
    }
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        assert!(name == "notes.txt" || tieout_report::filing::NAMES.contains(&name.as_str()), "{name} is in no list");
    }
}

#[test]
fn reference_data_that_is_doubtful_is_told_before_it_is_relied_on() {
    let place = tempfile::tempdir().unwrap();
    let case = fixture("cases/sales-tax");
    for entry in fs::read_dir(&case).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    // A place of a state rate and a county rate, whose combined rate is right at first and wrong from July on.
    let add = |file: &str, rows: &str| {
        let text = fs::read_to_string(place.path().join(file)).unwrap();
        fs::write(place.path().join(file), format!("{}\n{rows}", text.trim_end())).unwrap();
    };
    add("jurisdiction.csv", "WHOLE,US,city,Whole,NE,USD,\n");
    add(
        "tax_rate.csv",
        "WHOLE,sales,general,all,0.0575,,2020-01-01,2026-06-30,invented\nWHOLE,sales,general,all,0.0585,,2026-07-01,,invented\n",
    );
    fs::write(place.path().join("set.csv"), "s,j\nWHOLE,NE\nWHOLE,NE-C109\n").unwrap();
    let engagement = fs::read_to_string(place.path().join("tieout.toml")).unwrap();
    let set = "\n[[source]]\npopulation = \"jurisdiction_set\"\npath = \"set.csv\"\n[source.columns]\n\
               jurisdiction_set_id = \"s\"\njurisdiction_id = \"j\"\n";
    // A boundary file of a former quarter, by its name.
    fs::copy(place.path().join("boundary.csv"), place.path().join("NEB2026Q1FEB28.csv")).unwrap();
    let engagement = engagement.replace("path = \"boundary.csv\"", "path = \"NEB2026Q1FEB28.csv\"");
    fs::write(place.path().join("tieout.toml"), format!("{engagement}{set}")).unwrap();
    let out = place.path().join("papers");
    let run = super::tieout(place.path(), &["return", "--quiet", "--out", &out.display().to_string()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let remarks: Vec<String> =
        table(&out.join("reference_data.csv")).iter().map(|row| format!("{}: {}", row["kind"], row["what"])).collect();
    let components: Vec<&String> = remarks.iter().filter(|one| one.starts_with("components")).collect();
    assert_eq!(components, ["components: WHOLE (general, all) is 0.0585 from 2026-07-01, its parts come to 0.0575"]);
    assert!(remarks.iter().any(|one| one.starts_with("stale: `NEB2026Q1FEB28.csv`: boundaries as at")), "{remarks:?}");
}

/// What the books say of October, worked by hand: 17.00 was billed, 16.50 is due.
#[test]
fn the_tie_out_names_each_item_that_keeps_sources_apart() {
    let mut exports = Exports::new("2026-10", "2026-11-10");
    let mut put = |population: &str, text: &str| exports.put(population, text);
    put("jurisdiction", "jurisdiction_id,country,level,name,currency,subdivision\nNE,US,state,Nebraska,USD,US-NE\n");
    put(
        "tax_rate",
        "jurisdiction_id,tax_type,rate_class,scope,rate,effective_from,source\nNE,sales,general,all,0.055,2020-01-01,x\n",
    );
    put(
        "registration",
        "entity_id,jurisdiction_id,registration_no,effective_from,frequency\nE,NE,N1,2020-01-01,monthly\n",
    );
    put("sourcing_rule", "state,scope,level,basis,effective_from\nNE,intrastate,state,destination,2020-01-01\n");
    put("address", "address_id,country,subdivision,jurisdiction_set_id\nHERE,US,NE,NE\nTHERE,US,NE,NE\n");
    put("jurisdiction_set", "jurisdiction_set_id,jurisdiction_id\nNE,NE\n");
    // Right; fifty cents too much, thirty given back; untaxed, and credited so; right, and in no other book; void.
    let invoice = |id: &str, kind: &str, status: &str, original: &str| {
        format!("{id},{id},{kind},{status},2026-10-05,E,C,HERE,THERE,USD,{original}\n")
    };
    let header = "invoice_id,invoice_no,document_type,status,issue_date,entity_id,customer_id,ship_from_id,ship_to_id,currency,original_invoice_id\n";
    let mut invoices = header.to_owned();
    for id in ["RIGHT", "OVER", "UNTAXED", "ALONE"] {
        invoices.push_str(&invoice(id, "invoice", "posted", ""));
    }
    invoices.push_str(&invoice("VOID", "invoice", "void", ""));
    invoices.push_str(&invoice("CREDIT", "credit_note", "posted", "UNTAXED"));
    put("invoice", &invoices);
    let line = |id: &str, net: &str| format!("{id},1,item,1,{net}\n");
    let mut lines = "invoice_id,line_no,line_type,quantity,net_amount\n".to_owned();
    ["RIGHT", "OVER", "UNTAXED", "ALONE", "VOID"].iter().for_each(|id| lines.push_str(&line(id, "100.00")));
    lines.push_str(&line("CREDIT", "-100.00"));
    put("invoice_line", &lines);
    let tax = |id: &str, tax: &str| format!("{id},1,sales,NE,0.055,100.00,{tax}\n");
    let taxes = [tax("RIGHT", "5.50"), tax("OVER", "6.00"), tax("ALONE", "5.50"), tax("VOID", "5.50")].concat();
    put("invoice_tax", &format!("invoice_id,tax_no,tax_type,jurisdiction_id,rate,taxable_amount,tax_amount\n{taxes}"));
    put(
        "adjustment",
        "adjustment_id,invoice_id,adjustment_date,type,net_amount,tax_amount,currency\nR1,OVER,2026-10-20,tax_refund,0.00,0.30,USD\n",
    );
    put(
        "gl_tax_entry",
        "gl_entry_id,line_no,account,posting_date,source_document,amount,is_manual,currency\nG1,1,2200,2026-10-05,RIGHT,5.50,false,USD\n\
         G2,1,2200,2026-10-05,OVER,6.00,false,USD\nG3,1,2200,2026-10-31,,1.00,true,USD\nG4,1,2200,2026-10-20,,-3.00,false,USD\n",
    );
    put("gl_balance", "account,as_of,currency,balance\n2200,2026-09-30,USD,10.00\n2200,2026-10-31,USD,20.00\n");
    put(
        "engine_txn",
        "engine_doc,line_no,jurisdiction_id,status,taxable,rate,tax,currency\nRIGHT,1,NE,committed,100.00,0.055,5.50,USD\n\
         OVER,1,NE,committed,100.00,0.055,6.00,USD\nVOID,1,NE,committed,100.00,0.055,5.50,USD\nALONE,1,NE,voided,100.00,0.055,5.50,USD\n",
    );
    put(
        "return_filed",
        "entity_id,jurisdiction_id,period,line_code,amount,return_type,version,currency\nE,NE,2026-10,TotalTaxDue,20.00,original,1,USD\n\
         E,NE,2026-10,TotalTaxDue,21.00,amended,2,USD\n",
    );
    put(
        "tax_payment",
        "payment_id,entity_id,jurisdiction_id,period,payment_date,amount,currency\nT1,E,NE,2026-10,2026-10-20,2.00,USD\n",
    );
    let out = exports.papers();
    let items = table(&out.join("reconciling_items.csv"));
    let items: Vec<String> = items
        .iter()
        .map(|row| ["between", "what", "document", "amount"].map(|name| row[name].as_str()).join(" | "))
        .collect();
    assert_eq!(
        items,
        [
            "invoices / engine | not in the engine | ALONE | -5.50",
            "invoices / engine | the bill is not posted, the engine has committed it | VOID | 5.50",
            "invoices / ledger | not in the ledger | ALONE | -5.50",
            "invoices / ledger | manual entry without a document | G3 | 1.00",
            "invoices / returns | arithmetic (registers of over- and under-collection) | US-NE | -0.50",
            "ledger / ledger | the account does not roll forward: closing as stated less opening + accrued − paid |  | 0.50",
            "ledger / payments | paid for 2026-10 | T1 | 2.00",
            "ledger / payments | left the ledger in the period |  | -3.00",
        ]
    );
    let tie = table(&out.join("tie_out.csv"));
    let said: Vec<String> = tie.iter().map(|row| format!("{} {}", row["source"], row["tax"])).collect();
    for words in [
        "invoices 17.00",
        "ledger 12.50",
        "engine 17.00",
        "papers and returns 16.50",
        "ledger: closing balance as computed 19.50",
    ] {
        assert!(said.iter().any(|one| one == words), "{words}: {said:?}");
    }
    let folder = out.join("E-US-NE-2026-10-USD");
    let filed = table(&folder.join("filed_return.csv"));
    let due = filed.iter().find(|row| row["code"] == "TotalTaxDue").unwrap();
    assert_eq!((due["filed"].as_str(), due["now"].as_str(), due["difference"].as_str()), ("21.00", "16.50", "-4.50"));
    let over = table(&folder.join("over_collected.csv"));
    assert_eq!(over.len(), 1);
    assert_eq!(
        (over[0]["difference"].as_str(), over[0]["refunded"].as_str(), over[0]["action"].as_str()),
        ("0.50", "0.30", "refund or remit")
    );
    // The credit stands beside what it takes back, and is nothing to be refunded.
    let under: Vec<String> = table(&folder.join("under_collected.csv"))
        .iter()
        .map(|row| ["number", "difference", "action"].map(|name| row[name].as_str()).join(" "))
        .collect();
    assert_eq!(under, ["CREDIT 5.50 none: takes back its original's", "UNTAXED -5.50 bill or bear it"]);
}
