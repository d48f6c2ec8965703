//! The documents that answer a proposal: credit notes with lines and tax, applications, refunds.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tieout_model::Date;

use crate::Result;
use crate::money::{Currency, decimal};

use super::Answer;
use super::sheet::Sheet;

const FILES: [&str; 6] =
    ["invoices", "invoice_lines", "invoice_taxes", "credit_applications", "refunds", "receipt_applications"];
const INVOICES: usize = 0;
const LINES: usize = 1;
const TAXES: usize = 2;
const APPLICATIONS: usize = 3;
const REFUNDS: usize = 4;
const PAID: usize = 5;

/// The exports that answers are added to.
pub struct Papers {
    sheets: Vec<Sheet>,
    /// Last numbers of documents, credit notes and refunds.
    last: [u64; 3],
    /// What credit notes of the day take off open invoices, minor units.
    taken: BTreeMap<String, i64>,
}

/// What is to be put where: an invoice, or back to the customer; minor units.
type Puts = Vec<(Option<String>, i64)>;

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// Minor units of an amount of the pack.
fn units(value: &Value, name: &str) -> i64 {
    text(value, name).replace('.', "").parse().unwrap_or(0)
}

fn currency(code: &str) -> Currency {
    [Currency::Eur, Currency::Jpy].into_iter().find(|one| one.code() == code).unwrap_or(Currency::Usd)
}

impl Papers {
    /// Reads the exports of a folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut sheets = Vec::new();
        for file in FILES {
            sheets.push(Sheet::read(&folder.join(format!("{file}.csv")))?);
        }
        let last = [
            sheets[INVOICES].last("invoice_id", "D")?,
            sheets[INVOICES].last("invoice_no", "CN-2026-")?,
            sheets[REFUNDS].last("refund_id", "RF")?,
        ];
        Ok(Self { sheets, last, taken: BTreeMap::new() })
    }

    /// Writes them back, open invoices less what was put to them.
    pub fn write(mut self, folder: &Path) -> Result<()> {
        let invoices = &mut self.sheets[INVOICES];
        let (id, code, balance) =
            (invoices.column("invoice_id")?, invoices.column("currency")?, invoices.column("balance")?);
        for row in &mut invoices.rows {
            if let Some(taken) = self.taken.get(&row[id]) {
                let open: i64 = row[balance].replace('.', "").parse()?;
                row[balance] = decimal(i128::from(open - taken), currency(&row[code]).decimals(), '.');
            }
        }
        for (file, sheet) in FILES.iter().zip(&self.sheets) {
            sheet.write(&folder.join(format!("{file}.csv")))?;
        }
        Ok(())
    }

    /// Issues what a proposal asks for, right or in the way that was drawn; the state that it is in then.
    pub fn issue(&mut self, proposal: &Value, answer: Answer, day: Date) -> Result<&'static str> {
        if text(proposal, "action") == "refund" {
            let source = self.source(proposal)?;
            // What says not for what it is, and has another amount, nobody can know again.
            let is_bare = !source.starts_with("RC") && !source.starts_with("RF") && !self.is_credit_note(&source)?;
            // One that was asked for before, and waits on, is no answer.
            let is_asked = source.starts_with("RF");
            let answer = match answer {
                Answer::WrongAmount if is_bare => Answer::Right,
                Answer::NotApplied if is_asked => Answer::Right,
                answer => answer,
            };
            let gross = units(proposal, "gross") - if answer == Answer::WrongAmount { 1 } else { 0 };
            self.refund(proposal, (&source, ""), day, gross, answer != Answer::NotApplied)?;
            return Ok(state(answer, false));
        }
        let mut lines: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for line in list(proposal, "lines") {
            lines.entry(text(line, "document")).or_default().push(line);
        }
        let mut puts: Puts = Vec::new();
        let mut is_kept = false;
        for put in list(proposal, "uses") {
            match text(put, "to") {
                "invoice" => puts.push((Some(text(put, "invoice").to_owned()), units(put, "amount"))),
                "refund" => puts.push((None, units(put, "amount"))),
                _ => is_kept = true,
            }
        }
        let mut answer_of_first = Some(answer);
        for (document, lines) in lines {
            let answer = answer_of_first.take().unwrap_or(Answer::Right);
            self.note(proposal, (document, &lines), answer, day, &mut puts)?;
        }
        let is_bill = text(proposal, "action") == "debit_memo";
        Ok(if is_bill && answer == Answer::Right { "billed" } else { state(answer, is_kept) })
    }

    /// A credit note, or a debit note for what was billed too low.
    fn note(
        &mut self,
        proposal: &Value,
        (document, lines): (&str, &[&Value]),
        answer: Answer,
        day: Date,
        puts: &mut Puts,
    ) -> Result<()> {
        let code = text(proposal, "currency");
        let is_bill = text(proposal, "action") == "debit_memo";
        let money = |units: i64| decimal(i128::from(units), currency(code).decimals(), '.');
        let signed = |units: i64| money(if is_bill { units } else { -units });
        self.last[0] += 1;
        self.last[1] += 1;
        let series = if is_bill { "DN" } else { "CN" };
        let (id, number) = (format!("D{:06}", self.last[0]), format!("{series}-2026-{:06}", self.last[1]));
        // A cent too little, or a cent of the tax booked as goods.
        let net_off = match answer {
            Answer::WrongAmount => -1,
            Answer::WrongTax => 1,
            _ => 0,
        };
        let tax_off = if answer == Answer::WrongTax { -1 } else { 0 };
        let (mut net, mut tax) = (net_off, tax_off);
        for (line, no) in lines.iter().zip(1..) {
            let first = no == 1;
            let own = units(line, "net") + if first { net_off } else { 0 };
            let own_tax = units(line, "tax") + if first { tax_off } else { 0 };
            net += units(line, "net");
            tax += units(line, "tax");
            let like = like(&self.sheets[LINES], document, ("line_no", text(line, "line")))?;
            let cells = [
                ("invoice_id", id.clone()),
                ("line_no", no.to_string()),
                ("quantity", if is_bill { "1.000" } else { "-1.000" }.to_owned()),
                ("unit_price", money(own)),
                ("line_allowance", String::new()),
                ("gross_price", String::new()),
                ("net_amount", signed(own)),
                ("tax_amount", signed(own_tax)),
                ("original_line_no", text(line, "line").to_owned()),
            ];
            self.sheets[LINES].add(like.as_ref(), &cells)?;
        }
        let mut rows = 0;
        for part in lines.iter().flat_map(|line| list(line, "taxes")) {
            rows += 1;
            let place = text(part, "jurisdiction");
            let like = like(&self.sheets[TAXES], document, ("jurisdiction_id", place))?;
            let off = if rows == 1 { tax_off } else { 0 };
            let cells = [
                ("invoice_id", id.clone()),
                ("tax_no", rows.to_string()),
                ("jurisdiction_id", place.to_owned()),
                ("rate", text(part, "rate").to_owned()),
                ("taxable_amount", signed(net)),
                ("exempt_amount", money(0)),
                ("tax_amount", signed(units(part, "amount") + off)),
            ];
            self.sheets[TAXES].add(like.as_ref(), &cells)?;
        }
        let gross = net + tax;
        let mut left = gross;
        if answer != Answer::NotApplied && !is_bill {
            for (to, most) in puts.iter_mut() {
                let taken = left.min(*most);
                if taken <= 0 {
                    continue;
                }
                (left, *most) = (left - taken, *most - taken);
                match to {
                    None => self.refund(proposal, ("", &id), day, taken, true)?,
                    Some(invoice) => {
                        *self.taken.entry(invoice.clone()).or_default() += taken;
                        let cells = [
                            ("credit_note_id", id.clone()),
                            ("invoice_id", invoice.clone()),
                            ("seq", "1".to_owned()),
                            ("applied_date", day.to_string()),
                            ("posted_date", day.to_string()),
                            ("amount", money(taken)),
                            ("currency", code.to_owned()),
                        ];
                        self.sheets[APPLICATIONS].add(None, &cells)?;
                    }
                }
            }
        }
        let like = self.sheets[INVOICES].find(&[("invoice_id", document)])?.cloned();
        let empty = [
            "tax_point_date",
            "due_date",
            "allowance_total",
            "charge_total",
            "rounding_amount",
            "replaces_id",
            "prepaid_amount",
            "gross_total_functional",
        ];
        let mut cells: Vec<(&str, String)> = empty.map(|name| (name, String::new())).into();
        cells.extend([
            ("invoice_id", id),
            ("invoice_no", number),
            ("document_type", if is_bill { "debit_note" } else { "credit_note" }.to_owned()),
            ("status", "posted".to_owned()),
            ("issue_date", day.to_string()),
            ("posting_date", day.to_string()),
            ("sent_date", day.to_string()),
            ("customer_id", text(proposal, "customer").to_owned()),
            ("currency", code.to_owned()),
            ("net_total", signed(net)),
            ("tax_total", signed(tax)),
            ("gross_total", signed(gross)),
            ("payable_amount", signed(gross)),
            ("original_invoice_id", document.to_owned()),
            ("reason_code", "billing error".to_owned()),
            ("balance", signed(left)),
            (
                "payment_status",
                if left == 0 {
                    "paid"
                } else if is_bill {
                    "open"
                } else {
                    "credit"
                }
                .to_owned(),
            ),
        ]);
        self.sheets[INVOICES].add(like.as_ref(), &cells)
    }

    /// Pays money back for a payment or a credit note, or promises it.
    fn refund(
        &mut self,
        proposal: &Value,
        (source, note): (&str, &str),
        day: Date,
        units: i64,
        is_paid: bool,
    ) -> Result<()> {
        // One that was asked for already is paid, not made anew.
        let refunds = &mut self.sheets[REFUNDS];
        let (id, paid, amount, status) = (
            refunds.column("refund_id")?,
            refunds.column("paid_date")?,
            refunds.column("amount")?,
            refunds.column("status")?,
        );
        let money = decimal(i128::from(units), currency(text(proposal, "currency")).decimals(), '.');
        if let Some(row) = refunds.rows.iter_mut().find(|row| !source.is_empty() && row[id] == source) {
            if is_paid {
                row[paid] = day.to_string();
                row[amount] = money;
                row[status] = "paid".to_owned();
            }
            return Ok(());
        }
        self.last[2] += 1;
        let (payment, credit) = match source {
            _ if !note.is_empty() => ("", note),
            _ if source.starts_with("RC") => (source, ""),
            _ if self.is_credit_note(source)? => ("", source),
            _ => ("", ""),
        };
        let cells = [
            ("refund_id", format!("RF{:06}", self.last[2])),
            ("payment_id", payment.to_owned()),
            ("credit_note_id", credit.to_owned()),
            ("customer_id", text(proposal, "customer").to_owned()),
            ("requested_date", day.to_string()),
            ("paid_date", if is_paid { day.to_string() } else { String::new() }),
            ("amount", money),
            ("currency", text(proposal, "currency").to_owned()),
            ("status", if is_paid { "paid" } else { "requested" }.to_owned()),
        ];
        self.sheets[REFUNDS].add(None, &cells)
    }

    /// What a refund gives back: the payment, credit note or refund of its first line, or the last payment of an invoice.
    fn source(&self, proposal: &Value) -> Result<String> {
        let of = list(proposal, "lines").next().map_or("", |line| text(line, "document"));
        let paid = &self.sheets[PAID];
        let (invoice, payment) = (paid.column("invoice_id")?, paid.column("payment_id")?);
        let last = paid.rows.iter().rev().find(|row| row[invoice] == of);
        Ok(last.map_or(of, |row| row[payment].as_str()).to_owned())
    }

    fn is_credit_note(&self, id: &str) -> Result<bool> {
        let found = self.sheets[INVOICES].find(&[("invoice_id", id), ("document_type", "credit_note")])?;
        Ok(found.is_some())
    }
}

/// A row of a document: the one that is meant, else its first.
fn like(sheet: &Sheet, document: &str, meant: (&str, &str)) -> Result<Option<Vec<String>>> {
    let found = sheet.find(&[("invoice_id", document), meant])?;
    Ok(if found.is_some() { found } else { sheet.find(&[("invoice_id", document)])? }.cloned())
}

fn state(answer: Answer, is_kept: bool) -> &'static str {
    match answer {
        Answer::Right if is_kept => "not_applied",
        Answer::Right => "recovered",
        Answer::WrongAmount => "wrong_amount",
        Answer::WrongTax => "wrong_tax",
        Answer::NotApplied => "not_applied",
        Answer::ToldNotIssued => "told_not_issued",
        Answer::Forgotten => "forgotten",
    }
}
