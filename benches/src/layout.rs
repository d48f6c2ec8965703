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
    (
        "document_type",
        &[
            ("invoice", "Invoice"),
            ("credit_note", "Credit Memo"),
            ("debit_note", "Debit Memo"),
            ("prepayment", "Deposit Invoice"),
        ],
    ),
    ("status", &[("posted", "Open or Paid"), ("void", "Voided"), ("uncollectible", "Given Up"), ("proforma", "Draft")]),
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
    PaymentTerms,
    Contract,
    Discount,
    Usage,
    OpenItem,
    GlBalance,
    ReturnFiled,
    ReturnAuthorization,
    CustomerAddress,
    UnclaimedProperty,
    TaxDateRule,
    JurisdictionSet,
    SourcingRule,
}

/// Every file, in the order of `Of`.
pub static LAYOUTS: [Layout; 39] = [
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
            ("default_ship_to", "Delivery Address"),
            ("tax_id", "Tax No"),
            ("active", "Active"),
            ("payment_terms_code", "Terms"),
            ("po_required", "PO Required"),
            ("dunning_hold", "No Reminders"),
            ("owner", "Account Manager"),
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
            ("jurisdiction_set_id", "Tax Place"),
        ],
    ),
    plain(
        "item",
        "items",
        &[
            ("item_id", "Item"),
            ("description", "Description"),
            ("tax_category", "Tax Code"),
            ("is_service", "Service"),
            ("supply", "Supply"),
        ],
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
                ("delivered_date", "Delivered"),
                ("ship_to_id", "Ship To"),
                ("no_charge_reason", "No Charge"),
            ],
        )
    },
    Layout {
        words: &["document_type", "status"],
        constants: &[("prices_include_tax", "false")],
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
                ("entity_id", "Company"),
                ("posting_date", "Posted"),
                ("payment_terms_code", "Terms"),
                ("sent_date", "Sent"),
                ("prepaid_amount", "Prepaid"),
                ("payable_amount", "Amount Due"),
                ("payment_status", "Payment Status"),
                ("contract_id", "Contract"),
                ("fx_rate", "Exchange Rate"),
                ("gross_total_functional", "Total in USD"),
                ("entered_by", "Entered By"),
                ("source_system", "System"),
                ("batch_id", "Billing Run"),
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
            ("description", "Text"),
            ("gross_price", "Price before Discount"),
            ("tax_category", "Tax Treatment"),
            ("tax_rate", "Tax Rate"),
            ("exemption_reason", "Untaxed because"),
            ("charge_code", "Charge"),
            ("title_date", "Title Passes"),
            ("proration", "Proration"),
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
            ("discount_taken", "Discount Taken"),
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
            ("requested_date", "Asked For"),
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
            ("included_quantity", "Included"),
            ("notice_date", "Notice"),
            ("refundable", "Paid Back"),
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
            ("purchaser_name", "Made Out To"),
            ("purchaser_tax_id", "Tax No"),
            ("single_invoice_ref", "For Invoice"),
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
    plain(
        "payment_terms",
        "terms",
        &[
            ("terms_code", "Terms"),
            ("rule", "Rule"),
            ("net_days", "Days"),
            ("day_of_month", "Day of Month"),
            ("discount_percent", "Discount"),
            ("discount_days", "Discount Days"),
            ("late_fee_percent", "Late Fee"),
            ("grace_days", "Days of Grace"),
        ],
    ),
    plain(
        "contract",
        "contracts",
        &[
            ("contract_id", "Contract"),
            ("customer_id", "Customer No"),
            ("item_id", "Item"),
            ("kind", "Kind"),
            ("amount", "Amount"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "discount",
        "promotions",
        &[
            ("discount_id", "Promotion"),
            ("customer_id", "Customer No"),
            ("item_id", "Item"),
            ("percent", "Percent"),
            ("amount", "Amount"),
            ("min_quantity", "From Quantity"),
            ("max_quantity", "To Quantity"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "usage",
        "usage",
        &[
            ("event_id", "Event"),
            ("subscription_id", "Subscription"),
            ("customer_id", "Customer No"),
            ("item_id", "Item"),
            ("window_start", "From"),
            ("window_end", "Before"),
            ("quantity", "Quantity"),
        ],
    ),
    plain(
        "open_item",
        "open_items",
        &[
            ("transaction_id", "Entry"),
            ("invoice_id", "Document"),
            ("customer_id", "Customer No"),
            ("as_of", "Key Day"),
            ("balance", "Open"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "gl_balance",
        "ledger",
        &[("account", "Account"), ("as_of", "Key Day"), ("currency", "Currency"), ("balance", "Balance")],
    ),
    plain(
        "return_filed",
        "returns_filed",
        &[
            ("entity_id", "Company"),
            ("jurisdiction_id", "Jurisdiction"),
            ("period", "Month"),
            ("line_code", "Line"),
            ("amount", "Amount"),
            ("return_type", "Kind"),
            ("version", "Version"),
            ("currency", "Currency"),
        ],
    ),
    plain(
        "return_authorization",
        "returns",
        &[
            ("rma_id", "Return"),
            ("invoice_id", "Document"),
            ("customer_id", "Customer No"),
            ("item_id", "Item"),
            ("quantity", "Quantity"),
            ("received_date", "Received"),
            ("approved_date", "Approved"),
            ("status", "Status"),
        ],
    ),
    plain(
        "customer_address",
        "customer_addresses",
        &[
            ("customer_id", "Customer No"),
            ("address_id", "Address No"),
            ("role", "Use"),
            ("effective_from", "Valid From"),
            ("effective_to", "Valid Before"),
        ],
    ),
    plain(
        "unclaimed_property_rule",
        "unclaimed_property",
        &[
            ("state", "State"),
            ("currency", "Currency"),
            ("effective_from", "Valid From"),
            ("dormancy_months", "Months"),
            ("minimum", "Minimum"),
            ("cite", "Source"),
        ],
    ),
    plain(
        "tax_date_rule",
        "tax_dates",
        &[
            ("state", "State"),
            ("supply", "Supply"),
            ("effective_from", "Valid From"),
            ("basis", "Date"),
            ("cite", "Source"),
        ],
    ),
    plain(
        "jurisdiction_set",
        "tax_places",
        &[("jurisdiction_set_id", "Tax Place"), ("jurisdiction_id", "Jurisdiction")],
    ),
    plain(
        "sourcing_rule",
        "sourcing",
        &[
            ("state", "State"),
            ("scope", "Scope"),
            ("level", "Level"),
            ("basis", "Basis"),
            ("effective_from", "Valid From"),
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
        assert_eq!(LAYOUTS[Of::SourcingRule as usize].population, "sourcing_rule");
        assert_eq!(LAYOUTS[Of::Invoice as usize].population, "invoice");
    }
}
