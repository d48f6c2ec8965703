"""The findings of tieout's JSON report in the form that the other engines write.

python tieout_findings.py REPORT FINDINGS
"""

import json
import pathlib
import sys

from columns import write

KEY_PARTS = {"invoice": 1, "invoice_line": 2, "invoice_tax": 2, "shipment_line": 2, "document_number": 3}
NEGATIVE = {"under_billed", "tax_under_collected", "unbilled"}


def main(report: str, findings: str) -> None:
    content = json.loads(pathlib.Path(report).read_text())
    found = {}
    for rule in content["rules"]:
        if rule["status"] in ("not performed", "not tested", "error"):
            sys.exit(f"{rule['id']}: {rule['status']}: {rule['reason']}")
        found[rule["id"]] = []
    for finding in content["findings"]:
        key = "/".join(part["value"] for part in finding["key"][: KEY_PARTS[finding["population"]]])
        money = currency = None
        if finding["effects"]:
            (effect,) = finding["effects"]
            sign = "-" if effect["class"] in NEGATIVE else ""
            money, currency = sign + effect["gross"], effect["currency"]
        found[finding["rule"]].append((key, money, currency))
    write(found, findings)


if __name__ == "__main__":
    main(*sys.argv[1:])
