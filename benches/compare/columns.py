"""What the checks read: for each export the columns and their types. Everything else of a file may be left unread."""

import json
import pathlib

MONEY, QUANTITY, PRICE, RATE = 2, 3, 4, 6  # decimals; amounts are DECIMAL(18, n), never a float

CHECKS = {
    "invoices": {
        "invoice_id": str, "invoice_no": str, "document_type": str, "status": str, "issue_date": "date",
        "tax_point_date": "date", "due_date": "date", "customer_id": str, "ship_from_id": str, "ship_to_id": str,
        "currency": str, "channel": str, "allowance_total": MONEY, "charge_total": MONEY, "net_total": MONEY,
        "gross_total": MONEY,
    },
    "invoice_lines": {
        "invoice_id": str, "line_no": str, "item_id": str, "line_type": str, "quantity": QUANTITY, "unit_price": PRICE,
        "net_amount": MONEY, "service_start": "date", "order_id": str, "order_line_no": str, "shipment_id": str,
        "shipment_line_no": str, "subscription_id": str, "discount_id": str,
    },
    "invoice_taxes": {
        "invoice_id": str, "tax_no": str, "tax_type": str, "jurisdiction_id": str, "tax_category": str,
        "taxable_amount": MONEY, "tax_amount": MONEY,
    },
    "tax_rates": {
        "jurisdiction_id": str, "tax_type": str, "rate_class": str, "scope": str, "rate": RATE,
        "effective_from": "date", "effective_to": "date",
    },
    "addresses": {"address_id": str, "subdivision": str},
    "customers": {"customer_id": str, "segment": str, "one_off": bool},
    "credit_applications": {"credit_note_id": str, "invoice_id": str, "amount": MONEY},
    "receipt_applications": {"invoice_id": str, "amount": MONEY},
    "refunds": {"credit_note_id": str, "status": str, "amount": MONEY},
    "shipments": {
        "shipment_id": str, "line_no": str, "order_id": str, "order_line_no": str, "quantity": QUANTITY,
        "ship_date": "date", "no_charge_reason": str,
    },
    "order_lines": {
        "order_id": str, "line_no": str, "quantity": QUANTITY, "unit_price": PRICE, "order_date": "date",
        "currency": str, "billing_type": str,
    },
    "prices": {
        "item_id": str, "customer_id": str, "segment": str, "currency": str, "min_quantity": QUANTITY,
        "max_quantity": QUANTITY, "unit_price": PRICE, "effective_from": "date", "effective_to": "date", "source": str,
    },
}

ROWS = {
    "invoices": {
        "invoice_id": str, "document_type": str, "net_total": MONEY, "tax_total": MONEY, "gross_total": MONEY,
        "balance": MONEY,
    },
}

PACKS = {"checks": CHECKS, "rows": ROWS}

CHECK_IDS = {
    "checks": [
        "billed-again", "number-respelled", "tax-off-rate", "credit-unused", "delivery-unbilled", "lines-off-total",
        "number-missing", "price-off-agreed",
    ],
    "rows": ["cross-foot", "balance-missing-or-negative", "kind-not-in-list"],
}

KINDS = ["invoice", "credit_note", "debit_note"]


def header(path: pathlib.Path) -> list[str]:
    with path.open() as file:
        return file.readline().strip().split(",")


def write(findings: dict[str, list], path: str) -> None:
    """Findings of each check as [key, money or null, currency or null]."""
    plain = {
        check: [[key, None if money is None else str(money), currency] for key, money, currency in rows]
        for check, rows in findings.items()
    }
    pathlib.Path(path).write_text(json.dumps(plain))
