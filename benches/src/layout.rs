//! The export files: which canonical columns each has, and under which headers the demonstration shows them.

/// A column: canonical name, header in the dressed files.
pub type Column = (&'static str, &'static str);

/// How a file writes days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateStyle {
    /// 2026-10-31
    Iso,
    /// 10/31/2026
    Slashes,
    /// 31.10.2026
    Dots,
}

/// How a file writes its cells.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// True if headers and words are the file's own, false if canonical.
    pub dressed: bool,
    /// Between fields.
    pub delimiter: u8,
    /// `.` or `,`
    pub decimal_mark: char,
    /// Days.
    pub dates: DateStyle,
}

impl Style {
    /// Canonical names and words, ISO dates, commas.
    pub const PLAIN: Self = Self { dressed: false, delimiter: b',', decimal_mark: '.', dates: DateStyle::Iso };

    /// The header of a column.
    pub fn header(self, column: &Column) -> &'static str {
        if self.dressed { column.1 } else { column.0 }
    }

    /// A word of a column as the file spells it.
    pub fn word<'w>(self, layout: &Layout, column: &str, word: &'w str) -> &'w str {
        let own = self.dressed && layout.words.contains(&column);
        let words = WORDS.iter().filter(|(name, _)| own && *name == column).flat_map(|(_, words)| *words);
        words.into_iter().find(|(own, _)| *own == word).map_or(word, |(_, shown)| *shown)
    }
}

/// Canonical words and how the dressed files spell them, by column.
pub const WORDS: [(&str, &[Column]); 2] = [
    ("document_type", &[("invoice", "Invoice"), ("credit_note", "Credit Memo"), ("debit_note", "Debit Memo")]),
    ("status", &[("posted", "Open or Paid"), ("void", "Voided")]),
];

/// One export file.
#[derive(Debug)]
pub struct Layout {
    /// Canonical population.
    pub population: &'static str,
    /// File name without ending.
    pub file: &'static str,
    /// Columns in order.
    pub columns: &'static [Column],
    /// Columns whose words the dressed file spells its own way.
    pub words: &'static [&'static str],
    /// Canonical columns that are the same for every record.
    pub constants: &'static [Column],
    /// Style of the dressed file.
    pub dressed: Style,
}

const DRESSED: Style = Style { dressed: true, ..Style::PLAIN };
const BANK: Style = Style { dressed: true, delimiter: b';', decimal_mark: ',', dates: DateStyle::Dots };
const WAREHOUSE: Style = Style { dressed: true, dates: DateStyle::Slashes, ..Style::PLAIN };

const fn plain(population: &'static str, file: &'static str, columns: &'static [Column]) -> Layout {
    Layout { population, file, columns, words: &[], constants: &[], dressed: DRESSED }
}

/// Positions in `LAYOUTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the population of its name")]
pub enum Of {
    Entity,
    Customer,
    Address,
    Item,
    Price,
    OrderLine,
    ShipmentLine,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Payment,
    PaymentApplication,
    CreditApplication,
    Refund,
    Adjustment,
    Subscription,
    SubscriptionPeriod,
    Dispute,
    Reminder,
    Jurisdiction,
    TaxRate,
    TaxabilityRule,
    Registration,
    Certificate,
    CertificateScope,
    Holiday,
}

/// Every file, in the order of `Of`.
pub static LAYOUTS: [Layout; 26] = [
    plain(
        "entity",
        "entities",
        &[
            ("entity_id", "Entity"),
            ("name", "Name"),
            ("country", "Country"),
            ("functional_currency", "Currency"),
            ("rounding_mode", "Rounding"),
            ("rounding_level", "Rounding Level"),
        ],
    ),
    plain(
        "customer",
        "customers",
        &[
            ("customer_id", "Customer No"),
            ("name", "Name"),
            ("parent_id", "Parent Account"),
            ("segment", "Segment"),
            ("tax_exempt", "Tax Exempt"),
            ("one_off", "Walk-in"),
            ("default_bill_to", "Billing Address"),
        ],
    ),
    plain(
        "address",
        "addresses",
        &[
            ("address_id", "Address No"),
            ("line1", "Street"),
            ("city", "City"),
            ("subdivision", "State"),
            ("postal_code", "Postal Code"),
            ("country", "Country"),
        ],
    ),
    plain(
        "item",
        "items",
        &[("item_id", "Item"), ("description", "Description"), ("tax_category", "Tax Code"), ("is_service", "Service")],
    ),
    plain(
        "price",
        "prices",
        &[
            ("item_id", "Item"),
            ("customer_id", "Customer No"),
            ("segment", "Segment"),
            ("currency", "Currency"),
            ("min_quantity", "From Quantity"),
            ("max_quantity", "Below Quantity"),
            ("unit_price", "Price"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("source", "Price List"),
        ],
    ),
    plain(
        "order_line",
        "order_lines",
        &[
            ("order_id", "Order"),
            ("line_no", "Line"),
            ("customer_id", "Customer No"),
            ("item_id", "Item"),
            ("quantity", "Ordered"),
            ("uom", "Unit"),
            ("unit_price", "Agreed Price"),
            ("order_date", "Order Date"),
            ("status", "Status"),
            ("currency", "Currency"),
            ("customer_po", "Customer PO"),
            ("billing_type", "Billing"),
        ],
    ),
    Layout {
        dressed: WAREHOUSE,
        ..plain(
            "shipment_line",
            "shipments",
            &[
                ("shipment_id", "Delivery"),
                ("line_no", "Delivery Line"),
                ("order_id", "Sales Order"),
                ("order_line_no", "Sales Order Line"),
                ("customer_id", "Customer No"),
                ("item_id", "Item"),
                ("quantity", "Shipped"),
                ("uom", "Unit"),
                ("ship_date", "Ship Date"),
                ("ship_to_id", "Ship To"),
                ("no_charge_reason", "No Charge"),
            ],
        )
    },
    Layout {
        words: &["document_type", "status"],
        constants: &[("entity_id", "E-1"), ("prices_include_tax", "false")],
        ..plain(
            "invoice",
            "invoices",
            &[
                ("invoice_id", "Document"),
                ("invoice_no", "Invoice Number"),
                ("document_type", "Type"),
                ("status", "Status"),
                ("issue_date", "Invoice Date"),
                ("tax_point_date", "Supply Date"),
                ("due_date", "Due Date"),
                ("period_start", "Period From"),
                ("period_end", "Period Before"),
                ("customer_id", "Customer No"),
                ("ship_from_id", "Ship From"),
                ("ship_to_id", "Ship To"),
                ("currency", "Currency"),
                ("allowance_total", "Discount"),
                ("charge_total", "Freight"),
                ("net_total", "Net"),
                ("tax_total", "Tax"),
                ("rounding_amount", "Rounding"),
                ("gross_total", "Total"),
                ("order_id", "Sales Order"),
                ("original_invoice_id", "Refers To"),
                ("reason_code", "Reason"),
                ("channel", "Channel"),
                ("balance", "Open"),
                ("customer_po", "Customer PO"),
                ("replaces_id", "Replaces"),
            ],
        )
    },
    plain(
        "invoice_line",
        "invoice_lines",
        &[
            ("invoice_id", "Document"),
            ("line_no", "Line"),
            ("item_id", "Item"),
            ("line_type", "Line Type"),
            ("quantity", "Quantity"),
            ("uom", "Unit"),
            ("unit_price", "Unit Price"),
            ("line_allowance", "Line Discount"),
            ("net_amount", "Net"),
            ("tax_amount", "Tax"),
            ("jurisdiction_id", "Jurisdiction"),
            ("certificate_id", "Certificate"),
            ("service_start", "Service From"),
            ("service_end", "Service Before"),
            ("ship_to_id", "Ship To"),
            ("subscription_id", "Subscription"),
            ("order_id", "Sales Order"),
            ("order_line_no", "Sales Order Line"),
            ("shipment_id", "Delivery"),
            ("shipment_line_no", "Delivery Line"),
            ("discount_id", "Promotion"),
            ("original_line_no", "Credits Line"),
            ("lot", "Lot"),
        ],
    ),
    plain(
        "invoice_tax",
        "invoice_taxes",
        &[
            ("invoice_id", "Document"),
            ("tax_no", "Row"),
            ("tax_type", "Tax Type"),
            ("jurisdiction_id", "Jurisdiction"),
            ("tax_category", "Tax Code"),
            ("rate", "Rate"),
            ("taxable_amount", "Taxable"),
            ("exempt_amount", "Exempt"),
            ("tax_amount", "Tax"),
        ],
    ),
    Layout {
        dressed: BANK,
        ..plain(
            "payment",
            "receipts",
            &[
                ("payment_id", "Receipt"),
                ("customer_id", "Account"),
                ("payment_date", "Value Date"),
                ("posted_date", "Booked"),
                ("reference", "Reference"),
                ("currency", "Currency"),
                ("amount", "Amount"),
                ("status", "Status"),
                ("type", "Kind"),
                ("remittance_text", "Remittance"),
            ],
        )
    },
    plain(
        "payment_application",
        "receipt_applications",
        &[
            ("payment_id", "Receipt"),
            ("invoice_id", "Document"),
            ("seq", "No"),
            ("applied_date", "Applied"),
            ("posted_date", "Booked"),
            ("amount", "Amount"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "credit_application",
        "credit_applications",
        &[
            ("credit_note_id", "Credit Memo"),
            ("invoice_id", "Document"),
            ("seq", "No"),
            ("applied_date", "Applied"),
            ("posted_date", "Booked"),
            ("amount", "Amount"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "refund",
        "refunds",
        &[
            ("refund_id", "Refund"),
            ("payment_id", "Receipt"),
            ("credit_note_id", "Credit Memo"),
            ("customer_id", "Customer No"),
            ("paid_date", "Paid"),
            ("amount", "Amount"),
            ("currency", "Currency"),
            ("status", "Status"),
        ],
    ),
    plain(
        "adjustment",
        "adjustments",
        &[
            ("adjustment_id", "Adjustment"),
            ("invoice_id", "Document"),
            ("adjustment_date", "Date"),
            ("type", "Kind"),
            ("net_amount", "Net"),
            ("tax_amount", "Tax"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "subscription",
        "subscriptions",
        &[
            ("subscription_id", "Subscription"),
            ("customer_id", "Customer No"),
            ("plan_id", "Plan"),
            ("start_date", "Start"),
            ("end_date", "End"),
            ("billing_period", "Billing Period"),
            ("quantity", "Seats"),
            ("status", "Status"),
            ("billing_timing", "Billing"),
            ("unit_price", "Price"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "subscription_period",
        "subscription_states",
        &[
            ("subscription_id", "Subscription"),
            ("state", "State"),
            ("effective_from", "From"),
            ("effective_to", "Before"),
        ],
    ),
    plain(
        "dispute",
        "disputes",
        &[
            ("dispute_id", "Dispute"),
            ("invoice_id", "Document"),
            ("opened_date", "Opened"),
            ("closed_date", "Closed"),
            ("amount", "Amount"),
            ("reason", "Reason"),
        ],
    ),
    plain(
        "reminder",
        "reminders",
        &[
            ("reminder_id", "Letter"),
            ("invoice_id", "Document"),
            ("customer_id", "Customer No"),
            ("sent_date", "Sent"),
            ("level", "Level"),
        ],
    ),
    plain(
        "jurisdiction",
        "jurisdictions",
        &[
            ("jurisdiction_id", "Jurisdiction"),
            ("country", "Country"),
            ("level", "Level"),
            ("name", "Name"),
            ("parent_id", "Part Of"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "tax_rate",
        "tax_rates",
        &[
            ("jurisdiction_id", "Jurisdiction"),
            ("tax_type", "Tax Type"),
            ("rate_class", "Class"),
            ("scope", "Scope"),
            ("rate", "Rate"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("source", "Source"),
        ],
    ),
    plain(
        "taxability_rule",
        "taxability",
        &[
            ("rule_id", "Row"),
            ("jurisdiction_id", "Jurisdiction"),
            ("tax_category", "Tax Code"),
            ("treatment", "Treatment"),
            ("condition", "Condition"),
            ("threshold", "Threshold"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
        ],
    ),
    plain(
        "registration",
        "registrations",
        &[
            ("entity_id", "Entity"),
            ("jurisdiction_id", "Jurisdiction"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("frequency", "Frequency"),
        ],
    ),
    plain(
        "exemption_certificate",
        "certificates",
        &[
            ("certificate_id", "Certificate"),
            ("customer_id", "Customer No"),
            ("reason", "Reason"),
            ("scope", "Scope"),
            ("received_date", "Received"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("status", "Status"),
        ],
    ),
    plain(
        "certificate_scope",
        "certificate_scopes",
        &[("certificate_id", "Certificate"), ("state", "State"), ("tax_category", "Tax Code")],
    ),
    plain(
        "holiday",
        "holidays",
        &[
            ("jurisdiction_id", "Jurisdiction"),
            ("tax_category", "Tax Code"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_canonical() {
        let contract = include_str!("../../crates/ingest/populations.csv");
        for layout in &LAYOUTS {
            for (name, _) in layout.columns.iter().chain(layout.constants) {
                let row = format!("{},{name},", layout.population);
                assert!(contract.lines().any(|line| line.starts_with(&row)), "{row}");
            }
        }
        assert_eq!(LAYOUTS[Of::Holiday as usize].population, "holiday");
        assert_eq!(LAYOUTS[Of::Invoice as usize].population, "invoice");
    }
}
