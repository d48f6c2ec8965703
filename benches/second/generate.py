#!/usr/bin/env python3
"""Second, independent generator of test data for tieout: a seller's books with planted errors and legal look-alikes.

Written from the check catalogue alone, never from the rules. Money is integer cents, prices 1/10000, rates 1/1000000.
"""
import argparse, os, random, sys
from decimal import Decimal
from datetime import date, timedelta

AP = argparse.ArgumentParser()
AP.add_argument("--lines", type=int, default=100000)
AP.add_argument("--seed", type=int, default=1)
AP.add_argument("--rate", default="0.001")
AP.add_argument("--out", required=True)
A = AP.parse_args()
R = random.Random(A.seed)
os.makedirs(A.out, exist_ok=True)
RATE = Decimal(A.rate)

# ---------------------------------------------------------------- dates
def D(m, d, y=2026): return date(y, m, d).toordinal()
_iso = {}
def iso(n):
    if n is None: return ""
    s = _iso.get(n)
    if s is None: s = _iso[n] = date.fromordinal(n).isoformat()
    return s
def ymd(n): x = date.fromordinal(n); return x.year, x.month, x.day
def mlen(y, m): return (date(y + m // 12, m % 12 + 1, 1) - date(y, m, 1)).days
def month_end(n): y, m, _ = ymd(n); return date(y, m, mlen(y, m)).toordinal()
def add_months(n, k):
    y, m, d = ymd(n); t = y * 12 + m - 1 + k; y, m = divmod(t, 12); m += 1
    return date(y, m, min(d, mlen(y, m))).toordinal()
def month(n): return iso(n)[:7]
START, END, ASOF, P0, P1 = D(5, 1), D(11, 4), D(11, 5), D(10, 1), D(11, 1)

# ---------------------------------------------------------------- money
def hup(n, d):
    """n/d rounded half away from zero, as integer"""
    s = 1 if n >= 0 else -1
    return s * ((2 * abs(n) + d) // (2 * d))
def m2(c):
    s = "-" if c < 0 else ""; c = abs(c); return f"{s}{c // 100}.{c % 100:02d}"
def p4(p):
    if p % 100 == 0: return m2(p // 100)
    s = "-" if p < 0 else ""; p = abs(p); return f"{s}{p // 10000}.{p % 10000:04d}"
def r6(r): return f"{r // 1000000}.{r % 1000000:06d}"

# ---------------------------------------------------------------- files
COLS = {
"entity": "entity_id name tax_id country functional_currency rounding_mode rounding_level",
"customer": "customer_id name tax_id tax_id_scheme is_business active default_bill_to parent_id segment tax_exempt payment_terms_code email one_off po_required dunning_hold default_ship_to",
"address": "address_id line1 city subdivision postal_code country jurisdiction_set_id",
"item": "item_id description tax_category is_service supply",
"invoice": "invoice_id invoice_no series document_type status issue_date posting_date tax_point_date due_date entity_id customer_id ship_from_id ship_to_id bill_to_id currency fx_rate prices_include_tax line_total allowance_total charge_total net_total tax_total gross_total prepaid_amount rounding_amount payable_amount original_invoice_id reason_code channel payment_terms_code entered_by source_system balance customer_po sent_date approved_by replaces_id payment_status gross_total_functional batch_id",
"invoice_line": "invoice_id line_no item_id description line_type quantity uom unit_price base_quantity line_allowance line_allowance_percent line_charge net_amount tax_category tax_rate exemption_reason certificate_id tax_amount service_start service_end ship_to_id subscription_id order_id order_line_no shipment_id shipment_line_no original_line_no lot charge_code title_date proration jurisdiction_id",
"allowance_charge": "invoice_id ac_no line_no is_charge amount reason_code",
"invoice_tax": "invoice_id line_no tax_no tax_type jurisdiction_id rate taxable_amount exempt_amount tax_amount",
"payment": "payment_id customer_id payment_date reference method currency amount status posted_date payer_id remittance_text entity_id type",
"payment_application": "payment_id invoice_id seq applied_date amount discount_taken currency posted_date",
"adjustment": "adjustment_id invoice_id adjustment_date type net_amount tax_amount approved_by currency",
"open_item": "transaction_id invoice_id type as_of balance original_amount customer_id currency",
"exemption_certificate": "certificate_id customer_id reason scope single_invoice_ref purchaser_tax_id business_type received_date effective_from effective_to status purchaser_name",
"certificate_scope": "certificate_id state tax_category",
"jurisdiction": "jurisdiction_id country level name sst_type fips_state fips_county parent_id currency",
"jurisdiction_set": "jurisdiction_set_id jurisdiction_id",
"tax_rate": "jurisdiction_id tax_type rate_class scope rate effective_from effective_to source",
"taxability_rule": "rule_id jurisdiction_id tax_category treatment condition threshold effective_from effective_to cite",
"sourcing_rule": "state scope level basis effective_from",
"tax_date_rule": "state supply effective_from basis cite",
"registration": "entity_id jurisdiction_id registration_no effective_from effective_to frequency due_day",
"return_filed": "entity_id jurisdiction_id period line_code amount return_type version currency",
"holiday": "jurisdiction_id tax_category effective_from effective_to threshold",
"order_line": "order_id line_no customer_id item_id quantity unit_price order_date status entity_id currency uom customer_po billing_type",
"shipment_line": "shipment_id line_no order_id order_line_no customer_id item_id quantity ship_date delivered_date ship_to_id no_charge_reason uom",
"credit_application": "credit_note_id invoice_id applied_date amount seq currency posted_date",
"refund": "refund_id payment_id credit_note_id customer_id requested_date paid_date amount currency status",
"return_authorization": "rma_id invoice_id customer_id item_id quantity received_date approved_date status",
"price": "item_id customer_id segment currency uom min_quantity max_quantity unit_price effective_from effective_to source",
"subscription": "subscription_id customer_id plan_id start_date end_date billing_period quantity status billing_timing unit_price currency notice_date refundable",
"subscription_period": "subscription_id state effective_from effective_to",
"usage": "event_id subscription_id customer_id item_id window_start window_end quantity",
"payment_terms": "terms_code net_days rule discount_percent discount_days late_fee_percent grace_days day_of_month",
"reminder": "reminder_id invoice_id customer_id sent_date level",
"dispute": "dispute_id invoice_id opened_date closed_date amount reason",
"customer_address": "customer_id address_id role effective_from effective_to",
"gl_balance": "account as_of currency balance",
"unclaimed_property_rule": "state currency effective_from dormancy_months minimum cite",
"exchange_rate": "from_currency to_currency rate_date rate",
}
F, N, ARITY = {}, {}, {}
for t, c in COLS.items():
    F[t] = open(os.path.join(A.out, t + ".csv"), "w", encoding="utf-8", newline="")
    F[t].write(c.replace(" ", ",") + "\n"); N[t] = 0; ARITY[t] = len(c.split())
def w(t, *v):
    assert len(v) == ARITY[t], (t, len(v), ARITY[t])
    v = ["" if x is None else str(x) for x in v]; x = ",".join(v)
    if x.count(",") != len(v) - 1: x = ",".join('"' + y + '"' if "," in y else y for y in v)
    F[t].write(x); F[t].write("\n"); N[t] += 1
LF = open(os.path.join(A.out, "labels.csv"), "w", encoding="utf-8", newline="")
LF.write("kind,reference,title,population,key,class,amount,currency,note\n")
def label(kind, ref, title, pop, key, note, cls="", amount=None, cur="USD"):
    q = lambda s: '"' + s.replace('"', '""') + '"' if "," in s or '"' in s else s
    LF.write(",".join([kind, ref, q(title), pop, q(key), cls if amount is not None or cls else "",
                       "" if amount is None else "|".join(m2(x) for x in amount) if isinstance(amount, tuple) else m2(amount), cur if amount is not None else "", q(note)]) + "\n")
def bad(ref, title, pop, key, note, cls="", amount=None, cur="USD"): label("planted", ref, title, pop, key, note, cls, amount, cur)
def ok(ref, title, pop, key, note): label("look-alike", ref, title, pop, key, note)
def so(ref, pop, key, note): label("consequence", ref, "", pop, key, note)

class Ids:
    def __init__(s): s.c = {}
    def __call__(s, p, width=7, first=100001):
        n = s.c.get(p, first); s.c[p] = n + 1
        return f"{p}{n:0{width}d}"
nid = Ids()

# ---------------------------------------------------------------- the day book
CAL = {}
def at(day, fn, *a):
    if day <= END: CAL.setdefault(day, []).append((fn, a))

# ---------------------------------------------------------------- places, taxes
STATES = {"OH": ("39", 57500), "NE": ("31", 55000), "KS": ("20", 65000), "IA": ("19", 60000), "WI": ("55", 50000), "MN": ("27", 68750)}
NOREG = {"NV": ("32", 46000)}
NEWREG = {"ID": ("16", 60000)}      # registered from 1 October
COUNTY = [7500, 12500, 2500, 10000, 5000]
HIST = {}      # jurisdiction -> [(from, to, rate)]
BIG0 = D(1, 1, 2025)
CHG_UP, CHG_DOWN = "KS-C2", "NE-C1"          # rate changes on 2026-10-01
CHG_JUL = "MN-C3"                            # and on 2026-07-01
PENNY = ["IA-C5", "WI-C5"]                   # places where the biller rounds every cent up (planted)
UNUSED = ["OH-C8", "NE-C8", "KS-C8", "IA-C8", "WI-C8", "MN-C8"]   # listed, but nothing is sold there
w("tax_date_rule", "*", "goods", "2020-01-01", "tax_point", "synthetic")
w("tax_date_rule", "*", "service", "2020-01-01", "tax_point", "synthetic")
w("tax_date_rule", "*", "lease", "2020-01-01", "tax_point", "synthetic")
w("tax_date_rule", "US-KS", "service", "2020-01-01", "service_change", "synthetic; SSUTA 329")
CATS = ["general", "grocery", "saas", "11010", "repair"]
TXB = {}
def treat(st, level, cat):
    if cat == "grocery": return "exempt" if (st in ("OH", "NE", "IA", "MN") or (st == "KS" and level == "state")) else "taxable"
    if cat == "saas": return "exempt" if st in ("IA", "MN") else "taxable"
    if cat == "11010": return "exempt" if st in ("NE", "IA", "MN") else "taxable"
    if cat == "repair": return "exempt" if st == "WI" else "taxable"
    return "taxable"
rid = 0
for st, (fips, rate) in list(STATES.items()) + list(NOREG.items()) + list(NEWREG.items()):
    js = [(f"{st}", "state", rate)] + [(f"{st}-C{i+1}", "county", COUNTY[i]) for i in range(5)] + ([(f"{st}-C8", "county", 10000)] if st in STATES else [])
    for j, lev, rt in js:
        cty = "" if lev == "state" else f"{2*int(j[-1])-1:03d}"
        w("jurisdiction", j, "US", lev, ("State " if lev == "state" else "County ") + j, "45" if lev == "state" else "00", fips, cty, "" if lev == "state" else st, "USD")
        h = [(BIG0, None, rt)]
        if j == CHG_UP: h = [(BIG0, P0, rt), (P0, None, rt + 5000)]
        if j == CHG_DOWN: h = [(BIG0, P0, rt), (P0, None, rt - 2500)]
        if j == CHG_JUL: h = [(BIG0, D(7, 1), rt), (D(7, 1), None, rt + 2500)]
        HIST[j] = h
        for f, t, x in h:
            for sc in ("intrastate", "interstate"): w("tax_rate", j, "SALES", "general", sc, r6(x), iso(f), iso(t), "synthetic")
        for cat in CATS:
            rid += 1; tr = treat(st, lev, cat); TXB[j, cat] = tr
            w("taxability_rule", f"TR{rid:04d}", j, cat, tr, "separately_stated" if cat == "11010" and st == "MN" else "", "", "2025-01-01", "", "synthetic")
        if lev == "county": w("jurisdiction_set", "S-" + j, st); w("jurisdiction_set", "S-" + j, j)
        if st in STATES or st in NEWREG:
            for e in ("E-1", "E-2"): w("registration", e, j, f"{e}-{st}", "2026-10-01" if st in NEWREG else "2024-01-01", "", "monthly", 20)
    for sc in ("intrastate", "interstate"):
        for lev in ("state", "county"):
            w("sourcing_rule", "US-" + st, sc, lev, "origin" if st == "OH" and sc == "intrastate" else "destination", "2024-01-01")
def rate_on(j, day):
    for f, t, x in HIST[j]:
        if f <= day and (t is None or day < t): return x
HOME = {"E-1": ("OH", "OH-C1", "A000001"), "E-2": ("NE", "NE-C2", "A000002")}
w("entity", "E-1", "Seller One Inc", "11-1000001", "US", "USD", "half_up", "invoice_per_jurisdiction")
w("entity", "E-2", "Seller Two LLC", "11-1000002", "US", "USD", "half_up", "line_per_jurisdiction")
w("address", "A000001", "1 Dock Road", "Onetown", "US-OH", "43001", "US", "S-OH-C1")
w("address", "A000002", "2 Yard Road", "Twotown", "US-NE", "68001", "US", "S-NE-C2")
TERMS = {"NET30": (30, "net", None), "NET15": (15, "net", None), "D2N30": (30, "net", (20000, 10)), "EOM": (0, "end_of_month", None), "PROX10": (None, "nth_proximo", None)}
w("payment_terms", "NET30", 30, "net", "", "", "0.015", 5, "")
w("payment_terms", "NET15", 15, "net", "", "", "0.015", 5, "")
w("payment_terms", "D2N30", 30, "net", "0.02", 10, "0.015", 5, "")
w("payment_terms", "EOM", 0, "end_of_month", "", "", "0.015", 5, "")
w("payment_terms", "PROX10", "", "nth_proximo", "", "", "0.015", 5, 10)
def due(terms, day):
    n, rule, _ = TERMS[terms]
    if rule == "net": return day + n
    if rule == "end_of_month": return month_end(day)
    y, m, _ = ymd(add_months(day, 1)); return date(y, m, 10).toordinal()
for st in STATES: w("unclaimed_property_rule", "US-" + st, "USD", "2020-01-01", 36, "25.00", "synthetic")
d = D(4, 1)
FX = {}
while d <= END:
    FX[d] = 730000 + (d * 7919) % 9000
    w("exchange_rate", "CAD", "USD", iso(d), r6(FX[d])); d += 1

w("holiday", "OH", "clothing", "2026-08-01", "2026-08-10", "500.00")

# ---------------------------------------------------------------- items, prices
WORDS = "bal mor ket vin dra sol tun pel gar nix hob wes lun tor fel cad ris mun zor pav dol hes kir".split()
TRADE = ["Tools", "Foods", "Systems", "Supply", "Mills", "Works", "Freight", "Dental", "Optics", "Farms", "Print", "Motors", "Labs", "Marine", "Textiles"]
ITEMS, PRICE, BRK, CON = [], {}, {}, {}
def new_item(prefix, cat, service=False, listed=None, cad=None, desc=None):
    i = nid(prefix, 5, 10001); supply = "service" if service else "goods"
    w("item", i, desc or f"{prefix} article {i[-4:]}", cat, "true" if service else "false", supply)
    CAT[i] = cat
    if listed is not None:
        PRICE[i] = [(D(1, 1, 2026), None, listed)]
        w("price", i, "", "", "USD", UOM.get(prefix, "EA"), "", "", p4(listed), "2026-01-01", "", "list")
        if cad: CADP[i] = cad; w("price", i, "", "", "CAD", "EA", "", "", p4(cad), "2026-01-01", "", "list")
    return i
CAT, CADP, UOM = {}, {}, {}
for k in range(150):
    p = R.choice([R.randint(200, 3000), R.randint(3000, 20000), R.randint(20000, 90000)]) * 100
    cat = "grocery" if k % 6 == 5 else "general"
    i = nid("G", 5, 10001); CAT[i] = cat; ITEMS.append(i)
    w("item", i, f"Article {i[-4:]}", cat, "false", "goods")
    if k % 5 == 1:      # price change on 1 October: the order's day governs
        q = p * 104 // 100 // 100 * 100
        PRICE[i] = [(D(1, 1, 2026), P0, p), (P0, None, q)]
        w("price", i, "", "", "USD", "EA", "", "", p4(p), "2026-01-01", "2026-10-01", "list")
        w("price", i, "", "", "USD", "EA", "", "", p4(q), "2026-10-01", "", "list")
    elif k % 5 == 2:    # quantity brackets, volume tiers
        t = [(None, 50, p), (50, 200, p * 95 // 100 // 100 * 100), (200, None, p * 90 // 100 // 100 * 100)]
        BRK[i] = t
        for lo, hi, x in t: w("price", i, "", "", "USD", "EA", lo, hi, p4(x), "2026-01-01", "", "list")
    else:
        PRICE[i] = [(D(1, 1, 2026), None, p)]
        w("price", i, "", "", "USD", "EA", "", "", p4(p), "2026-01-01", "", "list")
    CADP[i] = p * 136 // 100 // 100 * 100
    w("price", i, "", "", "CAD", "EA", "", "", p4(CADP[i]), "2026-01-01", "", "list")
PLAIN = [i for k, i in enumerate(ITEMS) if k % 5 in (0, 3, 4) and CAT[i] == "general"]
BRACK = [i for i in BRK if CAT[i] == "general"]
FRT = new_item("FRT", "11010", desc="Freight")
PLANS = []
for k, p in enumerate([4900, 9900, 19900, 30000, 60000]):
    i = new_item("PLAN", "saas", True, desc=f"Plan {k+1}"); PRICE[i] = [(D(1, 1, 2025), None, p * 100)]; PLANS.append((i, p * 100))
    w("price", i, "", "", "USD", "", "", "", p4(p * 100), "2025-01-01", "", "list")
API = new_item("API", "saas", True, desc="Calls over the interface"); w("price", API, "", "", "USD", "", "", "", "0.0125", "2025-01-01", "", "list")
SETUP = new_item("SETUP", "saas", True, desc="Setting up")
REPAIR = new_item("REP", "repair", True, desc="Repair")
FREE = [new_item("FREE", "general", desc="Made to order") for _ in range(4)]   # no list price
FREEP = [250000, 480000, 1200000, 330000]
def price(i, qty, day, c):
    if c.cur == "CAD": return CADP[i]
    x = CON.get((i, c.id))
    if x: return x
    if i in BRK:
        for lo, hi, p in BRK[i]:
            if (lo is None or qty >= lo) and (hi is None or qty < hi): return p
    for f, t, p in PRICE[i]:
        if f <= day and (t is None or day < t): return p

# ---------------------------------------------------------------- customers
class C: __slots__ = "id name ent st cty ship bill terms cur exempt seg tax collective parent cert".split()
CUST, seenname = [], set()
def name():
    while True:
        n = "".join(R.choice(WORDS) for _ in range(3)).capitalize() + R.choice(WORDS) + " " + R.choice(TRADE) + " " + R.choice(["Inc", "LLC", "Co"])
        if n not in seenname: seenname.add(n); return n
taxno = [0]
def address(st, cty, line1=None):
    a = nid("A", 6, 10)
    if st == "CA": w("address", a, line1 or f"{int(a[1:])} Maple Road", "Northville", "CA-ON", "K1A0B1", "CA", "")
    else: w("address", a, line1 or f"{int(a[1:])} Main Street", f"City {cty}", "US-" + st, f"{40000 + (int(a[1:]) * 37) % 50000:05d}", "US", "S-" + cty)
    return a
def customer(ent=None, st=None, cty=None, terms=None, exempt=False, cur="USD", parent="", seg="", biz=True, nm=None, tax=None, email=None,
             bill_line=None, active=True, write=True, moved=False, pool=False):
    c = C(); c.id = nid("C", 6, 1001); c.name = nm or name(); c.ent = ent or R.choice(("E-1", "E-2")); c.cur = cur
    if cur == "CAD": st, cty, c.ent = "CA", "CA", "E-2"
    c.st = st or R.choice(list(STATES)); c.cty = cty or f"{c.st}-C{R.randint(1, 4)}"
    c.bill = c.ship = address(c.st, c.cty, bill_line)
    c.terms = terms or R.choice(["NET30", "NET30", "NET15", "EOM", "PROX10"]); c.exempt = exempt; c.seg = seg; c.collective = False; c.parent = parent; c.cert = None
    taxno[0] += 1; c.tax = tax or f"{20 + taxno[0] // 1000000}-{taxno[0] * 31 % 9999999:07d}"
    if write:
        w("customer", c.id, c.name, c.tax, "us/ein", "true" if biz else "false", "true" if active else "false", c.bill, parent, seg,
          "true" if exempt else "false", c.terms, email or f"ap@{c.name.split()[0].lower()}{c.name.split()[1].lower()}.example", "false", "false", "false", c.ship)
    if not moved:
        w("customer_address", c.id, c.ship, "ship_to", "2025-01-01", ""); w("customer_address", c.id, c.bill, "bill_to", "2025-01-01", "")
    if exempt is True: c.cert = cert(c)
    if pool: CUST.append(c)
    return c
def cert(c, to=None, frm=None, received=None, nm=None, tax=None, states=None, cat="", scope="blanket", ref="", status="valid", reason="resale"):
    k = nid("X", 6)
    frm = D(1, 10, 2026) if frm is None else frm
    w("exemption_certificate", k, c.id, reason, scope, ref, c.tax if tax is None else tax, "wholesale trade", iso(frm if received is None else received), iso(frm), iso(to), status, nm or c.name)
    for s in (states or [c.st]): w("certificate_scope", k, "US-" + s, cat)
    return k

# ---------------------------------------------------------------- orders, shipments
def order(c, day, lines, po=None, billing="on_shipment", ent=None, status="open"):
    o = nid("O", 7)
    po = po if po is not None else (nid("PO", 7) if R.random() < .7 else "")
    for n, (i, q, p) in enumerate(lines, 1):
        w("order_line", o, n, c.id, i, q, p4(p), iso(day), status, ent or c.ent, c.cur, "EA", po, billing)
    return o, po
def ship(c, day, o, lines, delivered=None, to=None, reason=""):
    s = nid("SH", 7)
    for n, (oln, i, q) in enumerate(lines, 1):
        w("shipment_line", s, n, o, oln, c.id, i, q, iso(day), iso(day if delivered is None else delivered), to or c.ship, reason, "EA")
    return s

# ---------------------------------------------------------------- documents
class L:
    """a line of an invoice"""
    __slots__ = "item type qty price base allow allowpct charge desc ex reason cert s e shipto sub o ol sh shl orig lot code title pror net no over cat treat uom rows".split()
    def __init__(self, item, qty, price, type="item", **k):
        self.item, self.qty, self.price, self.type = item, qty, price, type
        self.base = self.allow = self.charge = 0
        self.allowpct = self.desc = self.ex = self.reason = self.cert = self.s = self.e = self.shipto = self.sub = self.o = self.ol = self.sh = self.shl = self.orig = self.lot = self.code = self.title = self.pror = None
        self.net = None; self.over = None; self.cat = None; self.treat = None; self.uom = "EA" if type == "item" else ""
        for a, b in k.items(): setattr(self, a, b)
class Inv:
    __slots__ = "id no series type status day due c ent cur net tax gross apps credits adj orig reason terms po sent repl over prepaid round chan allow rows lines pays po_ paidday shipto fx taxday unapplied approved refd header_only jur bal disc source".split()
INVS, BYID = [], {}
SER = {"E-1": "E1", "E-2": "E2"}
counter = {"E1-INV": 20417, "E2-INV": 7301, "E2-CN": 311, "E1-B": 5001}
def number(series):
    n = counter[series]; counter[series] = n + 1
    return f"{series}-{n:07d}"
FIRST = {}           # jurisdiction -> its first tax rows of the period
TAXSUM = {}          # (entity, jurisdiction, month) -> cents; ordinary return
SALES = {}
def jurs(c, ent, shipto_cty=None, st=None):
    st = st or c.st
    if st == "CA": return []
    if st == "OH" and ent == "E-1": return ["OH", "OH-C1"]        # origin sourcing inside the state
    return [st, shipto_cty or c.cty]
def document(c, day, lines, kind="invoice", ent=None, series=None, no=None, terms=None, po="", status="posted", orig=None, reason="", rate_day=None,
             jur=None, tamper=None, over=None, chan="direct", prepaid=0, hdr_allow=0, hdr_charge=0, rounding=0, repl=None, sent=None, shipto=None,
             billto=None, keep=False, taxday=None, grain=None, lineless=False, returned=True, cust_id=None, iid=None, force=False, fx=None, source="billing", duedate="auto"):
    v = Inv(); v.ent = ent or c.ent; v.c = c; v.cur = c.cur; v.id = iid or nid("I", 8); v.type = kind; v.status = status
    v.series = series or (("E2-CN" if kind == "credit_note" and v.ent == "E-2" else SER[v.ent] + "-INV"))
    v.no = no or number(v.series); v.day = day; v.terms = terms or c.terms
    v.due = (due(v.terms, day) if kind != "credit_note" else None) if duedate == "auto" else duedate
    v.orig = orig; v.reason = reason; v.po = po; v.repl = repl; v.chan = chan; v.prepaid = prepaid; v.round = rounding; v.allow = hdr_allow
    v.sent = day + 1 if sent is None else sent; v.over = over or {}; v.apps = []; v.credits = []; v.adj = []; v.shipto = shipto or c.ship; v.source = source
    v.taxday = day if taxday is None else taxday; v.refd = 0; v.lines = None; v.approved = "supervisor" if kind == "credit_note" else ""
    js = jur if jur is not None else jurs(c, v.ent)
    v.jur = js
    rd = rate_day if rate_day is not None else v.taxday
    rates = {j: rate_on(j, rd) for j in js}
    linegrain = (v.ent == "E-2") if grain is None else grain == "line"
    net = 0; rows = []
    base = {j: [0, 0] for j in js}
    for n, l in enumerate(lines, 1):
        l.no = n
        if l.net is None:
            l.net = hup(l.qty * l.price, 100 * (l.base or 1)) - l.allow + l.charge
        net += l.net
        cat = l.cat or CAT.get(l.item, "general"); cr = 0
        taxed = []
        mode = l.treat
        if mode is None:
            if l.type in ("deposit", "late_fee", "rounding"): mode = "none"; l.ex = "nontaxable"
            elif c.cur == "CAD": mode = "none"; l.ex, l.reason = "nontaxable", "export"
            elif c.exempt is True and c.cert: mode = "none"; l.ex, l.reason, l.cert = "exempt", "resale", c.cert
            elif chan == "marketplace": mode = "none"; l.ex, l.reason = "nontaxable", "marketplace facilitator"
            elif c.st in NOREG: mode = "none"; l.ex, l.reason = "nontaxable", "not registered"
        if mode != "none":
            taxed = [j for j in js if mode == "all" or TXB[j, cat] != "exempt"]
            if not taxed: l.ex = "exempt"; l.reason = "exempt by law"
        l.rows = []
        for j in js:
            if j in taxed:
                cr += rates[j]; base[j][0] += l.net
                if linegrain: l.rows.append([n, j, rates[j], l.net, 0, hup(l.net * rates[j], 1000000)])
            else: base[j][1] += l.net
        if l.ex is None: l.ex = "taxable"
        l.treat = cr
        rows += l.rows
    if not linegrain:
        for j in js:
            b, x = base[j]
            if b and hdr_allow: b -= hdr_allow
            if b: rows.append(["", j, rates[j], b, x, hup(b * rates[j], 1000000)])
    if tamper: rows = tamper(rows) or rows
    tax = sum(r[5] for r in rows)
    v.net, v.tax, v.rows = net - hdr_allow + hdr_charge, tax, rows
    v.gross = v.net + v.tax
    ho = v.over
    for k in ("net", "tax", "gross"):
        if "h_" + k in ho: setattr(v, k, ho.pop("h_" + k))
    if "dnet" in ho: x = ho.pop("dnet"); v.net += x; v.gross += x
    if "dtax" in ho: x = ho.pop("dtax"); v.tax += x; v.gross += x
    if "dgross" in ho: v.gross += ho.pop("dgross")
    if not lineless:
        ltax = {}; js_ship = c.cty if c.cur == 'USD' else ''
        if linegrain:
            for r in rows: ltax[r[0]] = ltax.get(r[0], 0) + r[5]
        for l in lines:
            o = [v.id, l.no, l.item, l.desc, l.type, l.qty, l.uom, p4(l.price), l.base or "", m2(l.allow) if l.allow else "", l.allowpct, m2(l.charge) if l.charge else "", m2(l.net),
              l.ex, r6(l.treat), l.reason, l.cert, m2(ltax.get(l.no, 0)) if linegrain else "", iso(l.s), iso(l.e), l.shipto, l.sub, l.o, l.ol, l.sh, l.shl, l.orig, l.lot, l.code, iso(l.title), l.pror, js_ship]
            w("invoice_line", *o)
    for n, r in enumerate(rows, 1):
        w("invoice_tax", v.id, r[0], n, r[6] if len(r) > 6 else "SALES", r[1], r6(r[2]), m2(r[3]), m2(r[4]), m2(r[5]))
    if status == "posted" and P0 <= v.taxday < P1:
        for n, r in enumerate(rows, 1):
            x = FIRST.setdefault(r[1], [])
            if len(x) < 40: x.append(f"{v.id}/{r[0]}/{n}")
    if status == "posted" and returned and kind in ("invoice", "credit_note", "debit_note") and chan != "marketplace" and kind != "statement":
        for r in rows:
            if len(r) > 6: continue
            k = (v.ent, r[1], month(v.taxday)); TAXSUM[k] = TAXSUM.get(k, 0) + r[5]
        s = js[0] if js else None
        if s: k = (v.ent, s, month(v.taxday)); x = SALES.setdefault(k, [0, 0]); x[0] += v.net; x[1] += max((r[3] for r in rows if r[1] == s), default=0) if not linegrain else sum(r[3] for r in rows if r[1] == s)
    if hdr_allow or hdr_charge:
        k = 0
        if hdr_allow: k += 1; w("allowance_charge", v.id, k, "", "false", m2(hdr_allow), "95")
        if hdr_charge: k += 1; w("allowance_charge", v.id, k, "", "true", m2(hdr_charge), "FC")
    v.over["charge_total"] = m2(hdr_charge)
    v.over["line_total"] = m2(net)
    if "line_total_as_net" in v.over: v.over.pop("line_total_as_net"); v.over["line_total"] = m2(v.net + hdr_allow - hdr_charge)
    if billto: v.over["bill_to_id"] = billto
    if cust_id: v.over["customer_id"] = cust_id
    if keep:
        v.lines = lines
    v.fx = fx
    if kind in ("invoice", "debit_note") and status == "posted" and v.due: remind(v, v.due + 9)
    INVS.append(v); BYID[v.id] = v
    return v

# ---------------------------------------------------------------- cash
PAYS = []
class P: __slots__ = "id c day amount used ref status type cur refd id_ posted payer text ent applied".split()
def payment(c, day, amount, ref=None, status="cleared", type="receipt", text="", payer="", posted=None, ent=None, cur=None, pid=None, write=True):
    p = P(); p.id = pid or nid("P", 8); p.c = c; p.day = day; p.amount = amount; p.used = 0; p.status = status; p.refd = 0; p.cur = cur or c.cur; p.type = type; p.applied = []
    p.ref = ref if ref is not None else f"{R.choice(['CHK', 'ACH', 'WIRE'])} {R.randrange(10**9, 10**10)}"
    p.posted = day + 1 if posted is None else posted
    if write:
        w("payment", p.id, c.id, iso(day), p.ref, p.ref.split()[0].lower(), p.cur, m2(amount), status, iso(p.posted), payer, text, ent or c.ent, type); PAYS.append(p)
    return p
APSEQ = {}
def apply(p, v, amount, day=None, disc=0, count=True, vid=None, posted=None):
    day = p.day if day is None else day; vid = vid or v.id
    k = (p.id, vid); s = APSEQ[k] = APSEQ.get(k, 0) + 1
    w("payment_application", p.id, vid, s, iso(day), m2(amount), m2(disc) if disc else "", p.cur, iso(max(day, p.posted) if posted is None else posted))
    p.used += amount
    if v is not None: v.apps.append((day, amount + disc))
    return f"{p.id}/{vid}/{s}"
def usecredit(cn, v, amount, day, vid=None):
    k = ("c", cn.id, v.id); s = APSEQ[k] = APSEQ.get(k, 0) + 1
    w("credit_application", cn.id, v.id, iso(day), m2(amount), s, cn.cur, iso(day))
    cn.credits.append((day, -amount)); v.credits.append((day, amount))
    return f"{cn.id}/{v.id}/{s}"
def refund(c, amount, paid, requested=None, p=None, cn=None, status="paid", pid=None):
    k = nid("RF", 7)
    w("refund", k, pid or (p.id if p else ""), cn.id if cn else "", c.id, iso(paid - 4 if requested is None else requested), iso(paid), m2(amount), c.cur, status)
    if cn: cn.refd += amount
    if p: p.refd += amount
    return k
def adjust(v, day, kind, net, tax=0):
    w("adjustment", nid("AJ", 6), v.id, iso(day), kind, m2(net), m2(tax), "controller", v.cur); v.adj.append((day, net + tax))
def balance(v, day=ASOF):
    b = v.gross + v.round
    for d, a in v.apps:
        if d <= day: b -= a
    for d, a in v.credits:
        if d <= day: b -= a
    for d, a in v.adj:
        if d <= day: b -= a
    if v.type == "credit_note": b += v.refd
    return b
def settle(v, day, part=None, text=None, disc=0):
    """pay what is open"""
    if v.status != "posted": return None
    b = balance(v, day)
    if b <= 0: return None
    if part: b = b * part // 100
    p = payment(v.c, day, b - disc, text=v.no if text is None else text)
    apply(p, v, b - disc, disc=disc)
    v.paidday = day
    return p
GROUP = {}
def settle_group(c, day):
    vs = GROUP.pop((c.id, day), [])
    vs = [(v, balance(v, day)) for v in vs if v.status == "posted"]; vs = [(v, b) for v, b in vs if b > 0]
    if not vs: return
    p = payment(c, day, sum(b for _, b in vs), text=" ".join(v.no for v, _ in vs))
    for v, b in vs: apply(p, v, b)
def ordinary_payment(v):
    """when and how an ordinary invoice is paid"""
    x = R.random(); dd = v.due
    if v.terms == "D2N30" and x < .5:
        def early():
            if balance(v, v.day + R0) == v.gross: settle(v, v.day + R0, disc=v.gross * 2 // 100)
        R0 = R.randint(4, 9); at(v.day + R0, early); return
    if x < .85: pd = max(v.day + 1, dd - R.randint(0, 6))
    elif x < .95: pd = dd + R.randint(1, 12)
    else: pd = dd + R.randint(13, 45)
    if x < .15:
        k = (v.c.id, pd)
        if k not in GROUP: GROUP[k] = []; at(pd, settle_group, v.c, pd)
        GROUP[k].append(v)
    elif x < .18: at(pd, settle, v, pd, 50); at(pd + 8, settle, v, pd + 8)
    elif x < .183:
        def shortpay():
            b = balance(v, pd)
            if b > 500: p = payment(v.c, pd, b - 37, text=v.no); apply(p, v, b - 37); at(pd + 12, lambda: adjust(v, pd + 12, "write_off", 37))
        at(pd, shortpay)
    else: at(pd, settle, v, pd)
QUIET = set()       # disputed: no letter
def remind(v, day, level=1):
    def go():
        if v.id not in QUIET and balance(v, day) > 0: w("reminder", nid("D", 6), v.id, v.c.id, iso(day), level)
    at(day, go)

# ---------------------------------------------------------------- ordinary sales of goods
def spec(c, n=None, items=None, qty=None):
    n = n or min(12, 1 + int(R.expovariate(1 / 3.2)))
    out = []; used = set()
    while len(out) < n:
        i = R.choice(items or ITEMS)
        if i in used: continue
        used.add(i); out.append((i, qty or R.choice([1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 40, 50, 60, 100])))
    return out
def order_sale(c, day):
    sp = spec(c); ol = [(i, q, price(i, q, day, c)) for i, q in sp]
    o, po = order(c, day, ol)
    d1 = day + R.randint(1, 5)
    if c.collective:
        at(d1, collect, c, d1, o, po, ol); return
    if R.random() < .18 and any(q > 1 for _, q, _ in ol):
        a = [(n, i, q // 2, p) for n, (i, q, p) in enumerate(ol, 1) if q // 2]
        b = [(n, i, q - q // 2, p) for n, (i, q, p) in enumerate(ol, 1)]
        d2 = d1 + R.randint(3, 9)
        at(d1, bill_ship, c, d1, o, po, a); at(d2, bill_ship, c, d2, o, po, b)
    else: at(d1, bill_ship, c, d1, o, po, [(n, i, q, p) for n, (i, q, p) in enumerate(ol, 1)])
COLL = {}
def collect(c, day, o, po, ol):
    s = ship(c, day, o, [(n, i, q) for n, (i, q, p) in enumerate(ol, 1)])
    me = month_end(day); k = (c.id, me)
    if k not in COLL: COLL[k] = []; at(me, collective_bill, c, me)
    for n, (i, q, p) in enumerate(ol, 1): COLL[k].append(L(i, q, p, o=o, ol=n, sh=s, shl=n))
def collective_bill(c, me):
    v = document(c, me, COLL.pop((c.id, me))); ordinary_payment(v)
    if P0 <= me < P1: ok("TIM-02", "", "invoice", v.id, "monthly collective invoice for the month's deliveries, agreed with the customer")
def lines_of(c, o, a, s):
    out = []
    for k, (n, i, q, p) in enumerate(a, 1):
        l = L(i, q, p, o=o, ol=n, sh=s, shl=k)
        if R.random() < .04:
            pc = R.choice([5, 10]); l.allow = hup(q * p * pc, 10000); l.allowpct = f"0.{pc:02d}"
        out.append(l)
    return out
def bill_ship(c, day, o, po, a):
    deliv = day if day == month_end(day) else day + R.randint(0, 1)
    s = ship(c, day, o, [(n, i, q) for n, i, q, _ in a], delivered=deliv)
    ls = lines_of(c, o, a, s)
    if R.random() < .3: ls.append(L(FRT, 1, R.choice([90000, 125000, 180000, 240000]), "freight", code="freight"))
    x = R.random(); kw = {}
    if c.exempt and x < .2: kw["hdr_allow"] = sum(hup(l.qty * l.price, 100) for l in ls) * 2 // 100
    elif x < .02 and not c.exempt: kw["chan"] = "marketplace"
    ret = R.random()
    v = document(c, day, ls, po=po, keep=ret < .03, **kw)
    if kw.get("chan") == "marketplace" and R.random() < .1: ok("TAX-05", "", "invoice_line", f"{v.id}/1", "sold through a marketplace; the facilitator remits the tax")
    ordinary_payment(v)
    if P0 <= day < P1:
        for l in ls:
            if l.item in BRK and l.type == "item" and l.price != price(l.item, l.qty, day, c):
                for r in ("PRC-01", "PRC-03"): ok(r, "", "invoice_line", f"{v.id}/{l.no}", "part delivery: the bracket of the whole order's quantity holds")
    if ret < .02: ordinary_return(v, day)
    elif ret < .03: ordinary_goodwill(v, day)
    elif ret > .997 and day < END - 40:
        QUIET.add(v.id); w("dispute", nid("DS", 6), v.id, iso(day + 6), iso(day + 15), m2(v.gross // 4), "quality")
def mid(day):
    """a day for a credit that is not soon after a month's end"""
    y, m, d = ymd(day)
    return day if d >= 12 else date(y, m, 12 + d % 4).toordinal()
def credit_lines(v, part, **k):
    out = []
    for l, q in part:
        n = L(l.item, -q, l.price, l.type, orig=l.no, o=l.o, ol=l.ol, treat=None, ex=None, uom=l.uom)
        if l.allow: n.allow = -hup(l.allow * q, l.qty); n.allowpct = l.allowpct
        n.base = l.base; n.cat = l.cat
        out.append(n)
    return out
def credit(v, day, ls, reason, **kw):
    kw.setdefault("jur", v.jur); kw.setdefault("rate_day", v.taxday)
    return document(v.c, day, ls, "credit_note", ent=v.ent, orig=v.id, reason=reason, chan=v.chan, shipto=v.shipto, **kw)
def dispose(cn, v, day):
    """use the credit note on its invoice if open, pay the rest back"""
    left = -balance(cn, day); b = balance(v, day)
    if b > 0: x = min(left, b); usecredit(cn, v, x, day); left -= x
    if left > 0:
        def back():
            refund(v.c, left, day + 5, requested=day + 1, cn=cn)
        if day + 5 <= END: back()
def ordinary_return(v, day):
    d2 = mid(day + R.randint(8, 20))
    if d2 > END - 6: return
    l = R.choice([x for x in v.lines if x.type == "item"]); q = R.randint(1, l.qty)
    def go():
        w("return_authorization", nid("RMA", 6), v.id, v.c.id, l.item, q, iso(d2 - 3), iso(d2 - 6), "approved")
        cn = credit(v, d2, credit_lines(v, [(l, q)]), "return"); dispose(cn, v, d2)
    at(d2, go)
def ordinary_goodwill(v, day):
    d2 = mid(day + R.randint(8, 20))
    if d2 > END - 6: return
    l = v.lines[0]; x = max(100, l.net // 20)
    def go():
        n = L(l.item, -1, x * 100, "discount", orig=l.no, cat=l.cat, desc="Goodwill"); cn = credit(v, d2, [n], "goodwill"); dispose(cn, v, d2)
    at(d2, go)
def sale(c, day, sp=None, settle_=True, qty=None, n=3, frt=False, mod=None, delivered=None, orderday=None, prices=None, **kw):
    """order, shipment and invoice of one day, for the stories"""
    sp = sp or spec(c, n, PLAIN, qty)
    od = day - 2 if orderday is None else orderday
    ol = [(i, q, prices[k] if prices else price(i, q, od, c)) for k, (i, q) in enumerate(sp)]
    o, po = order(c, od, ol)
    s = ship(c, day if delivered is None else delivered, o, [(n, i, q) for n, (i, q, p) in enumerate(ol, 1)])
    ls = [L(i, q, p, o=o, ol=n, sh=s, shl=n) for n, (i, q, p) in enumerate(ol, 1)]
    if frt: ls.append(L(FRT, 1, 125000, "freight", code="freight"))
    if mod: ls = mod(ls) or ls
    v = document(c, day, ls, po=po, keep=True, **kw)
    if settle_: ordinary_payment(v)
    return v

# ---------------------------------------------------------------- subscriptions
class S: __slots__ = "id c plan p seats start end arrears usage status skip k".split()
def subscription(c, start, end=None, plan=None, seats=None, arrears=False, usage=False, status=None, periods=None, refundable=None, notice=None, bp="monthly", run=True, skip=(), write=True):
    s = S(); s.id = nid("SB", 6); s.c = c; s.plan, s.p = plan or R.choice(PLANS); s.seats = seats or R.choice([1, 1, 2, 3, 5, 8]); s.start, s.end, s.arrears, s.usage = start, end, arrears, usage
    st = status or ("cancelled" if end and end <= ASOF else "active")
    w("subscription", s.id, c.id, s.plan, iso(start), iso(end), bp, s.seats, st, "arrears" if arrears else "advance", p4(s.p), c.cur, iso(notice), "" if refundable is None else ("true" if refundable else "false"))
    for a, f, t in (periods or [("active", start, end)] + ([("cancelled", end, None)] if end and end <= ASOF else [])): w("subscription_period", s.id, a, iso(f), iso(t))
    s.skip = skip
    if run:
        k = 0
        while True:
            a, b = add_months(start, k), add_months(start, k + 1); k += 1
            if end and a >= end: break
            day = b if arrears else a
            if day > END: break
            if day >= START and a not in skip: at(day, sub_bill, s, a, b, day)
    return s
def sub_line(s, a, b, **kw): return L(s.plan, s.seats, s.p, s=a, e=b, sub=s.id, uom="", **kw)
def sub_bill(s, a, b, day, pay=True, **kw):
    ls = [sub_line(s, a, b)]
    if s.usage and not s.arrears and a > START + 31:
        u0, u1 = add_months(a, -1), a; tot = 0; x = u0
        while x < u1:
            y = min(x + 7, u1); q = R.randint(200, 4000); tot += q; w("usage", nid("U", 8), s.id, s.c.id, API, iso(x), iso(y), q); x = y
        ls.append(L(API, tot, 125, s=u0, e=u1, sub=s.id, code="usage", uom="", desc="Calls of the month before"))
    jd = {}
    if s.c.st == "KS" and a < P0 <= day: jd["rate_day"] = P0 - 1       # SSUTA 329: the increase holds from the first period that starts on or after it
    v = document(s.c, day, ls, keep=not pay, **jd, **kw)
    if jd and CHG_UP == s.c.cty: ok("TAX-03", "", "invoice_tax", f"{v.id}/{'1' if v.ent == 'E-2' else ''}/2", "service billed in arrears for a period that began before the increase: the old rate holds")
    if pay: ordinary_payment(v)
    return v

# ======================================================================= stories
# Each story plants one error or one legal look-alike, on a customer of its own unless the error needs company.
STORIES, FINISH, CONTROL, RETURNFIX = [], [], {}, []
def story(mult=100):
    def deco(fn): STORIES.append((fn, mult)); return fn
    return deco
def plant(count):
    for fn, m in STORIES:
        for k in range(count(m) if m else 4 if fn is tax12 else 2): fn(k)
def od(a=2, b=28): return D(10, R.randint(a, b))
def lk(v, n=1): return f"{v.id}/{n}"
def both(net, l): return (net + hup(net * l.treat, 1000000), net)      # with tax, without
def lg(l): return both(l.net, l)
def cust(**k): return customer(**k)
def general(n=3): return R.sample(PLAIN, n)
def taxkey(v, j):
    for n, r in enumerate(v.rows, 1):
        if r[1] == j: return f"{v.id}/{r[0]}/{n}"
def pid(p): return p.id

# ---------------------------------------------------------------- DUP
@story()
def dup01(k):
    c = cust(); d = od(2, 14); i = general(1)[0]; q = R.choice([10, 20, 24]); x = R.choice([3, 4, 6])
    def go():
        v = sale(c, d, [(i, q)]); l = v.lines[0]
        def again():
            n = L(i, x, l.price, o=l.o, ol=l.ol); u = document(c, d + 9, [n], po=v.po); ordinary_payment(u); so("TIM-02", "invoice", u.id, "")
            bad("DUP-01", "An order line is billed for more than was ordered", "order_line", f"{l.o}/{l.ol}", f"ordered and shipped {q}, billed {q} and {x} more", "over_billed", (u.gross, u.net))
        at(d + 9, again)
    at(d, go)
@story(50)
def dup01_ok_partial(k):
    c = cust(); d = od(2, 8); i = general(1)[0]
    def go():
        p = price(i, 30, d, c); o, po = order(c, d - 1, [(i, 30, p)])
        for x in range(3):
            def part(x=x):
                s = ship(c, d + 5 * x, o, [(1, i, 10)]); v = document(c, d + 5 * x, [L(i, 10, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
                if x == 2:
                    for r, pop, key in (("DUP-01", "order_line", f"{o}/1"), ("DUP-05", "invoice", v.id)): ok(r, "", pop, key, "three part deliveries of ten, each billed once")
            at(d + 5 * x, part)
    at(d, go)
@story(50)
def dup01_ok_scheduled(k):
    c = cust(); i = FREE[2]; amt = FREEP[2] // 6
    o, po = order(c, START + 1, [(i, 1, amt * 6)], billing="scheduled")
    s = ship(c, START + 12, o, [(1, i, 1)])
    for m in range(5, 11):
        def part(m=m):
            n = L(i, 1, amt * 6, o=o, ol=1, allow=amt * 5 // 100, desc=f"Instalment {m-4} of 6"); v = document(c, D(m, 16), [n], po=po); ordinary_payment(v)
            if m == 10:
                ok("DUP-01", "", "order_line", f"{o}/1", "one machine billed in six instalments of a sixth"); ok("TIM-02", "", "invoice", v.id, "instalment by agreed schedule"); ok("DUP-05", "", "invoice", v.id, "monthly instalment of one order")
        at(D(m, 16), part)
@story(50)
def dup01_ok_value_credit(k):
    c = cust(); d = od(2, 10); i = general(1)[0]
    def go():
        v = sale(c, d, [(i, 10)], settle_=False); l = v.lines[0]; p2 = l.price
        def fix():
            cn = credit(v, d + 4, credit_lines(v, [(l, 10)]), "wrong_invoice"); dispose(cn, v, d + 4)
            u = document(c, d + 4, [L(i, 10, p2, o=l.o, ol=l.ol, sh=l.sh, shl=l.shl)], po=v.po); ordinary_payment(u)
            for r, pop, key in (("DUP-01", "order_line", f"{l.o}/{l.ol}"), ("DUP-12", "shipment_line", f"{l.sh}/{l.shl}"), ("DUP-05", "invoice", u.id), ("CRD-06", "invoice", cn.id)):
                ok(r, "", pop, key, "credited in full and billed again the same day")
        at(d + 4, fix)
    at(d, go)
@story(50)
def dup01_ok_overship(k):
    c = cust(); d = od(); i = general(1)[0]
    def go():
        p = price(i, 100, d - 2, c); o, po = order(c, d - 2, [(i, 100, p)]); s = ship(c, d, o, [(1, i, 102)])
        v = document(c, d, [L(i, 102, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
        ok("DUP-01", "", "order_line", f"{o}/1", "102 shipped against 100 ordered and accepted; 102 billed")
    at(d, go)
@story()
def dup02(k):
    c = cust(); s0 = D(6, R.randint(2, 20)); s = subscription(c, s0); a = add_months(s0, 4)
    day = a + R.randint(3, 8)
    def go():
        v = document(c, day, [sub_line(s, a, add_months(a, 1))]); ordinary_payment(v)
        bad("DUP-02", "One service period of a subscription is billed twice", "invoice_line", lk(v), "October's period of the subscription billed again some days later", "over_billed", (v.gross, v.net))
        so("SUB-02", "invoice_line", lk(v), "billed twice, hence overlapping"); so("DUP-05", "invoice", v.id, "same line as the first bill")
    at(day, go)
@story(50)
def dup02_ok_repair(k):
    c = cust(); s0 = D(6, R.randint(2, 20)); a = add_months(s0, 4); s = subscription(c, s0, skip=(a,))
    def go():
        v = sub_bill(s, a, add_months(a, 1), a, pay=False)
        def fix():
            cn = credit(v, a + 3, [L(s.plan, -s.seats, s.p, s=a, e=add_months(a, 1), sub=s.id, orig=1, uom="")], "wrong_invoice"); dispose(cn, v, a + 3)
            u = sub_bill(s, a, add_months(a, 1), a + 3)
            for r, pop, key in (("DUP-02", "invoice_line", lk(u)), ("SUB-02", "invoice_line", lk(u)), ("DUP-05", "invoice", u.id)): ok(r, "", pop, key, "charge, repair, recharge: the first bill was credited in full")
        at(a + 3, fix)
    at(a, go)
@story(50)
def dup02_ok_two_subs(k):
    c = cust(); s0 = D(6, R.randint(2, 25)); pl = R.choice(PLANS)
    s1 = subscription(c, s0, plan=pl, seats=2, run=False); s2 = subscription(c, s0, plan=pl, seats=2, run=False)
    for m in range(5):
        a, b = add_months(s0, m), add_months(s0, m + 1)
        def go(a=a, b=b, m=m):
            sub_bill(s1, a, b, a); v = sub_bill(s2, a, b, a)
            if m == 4:
                for r, pop, key in (("DUP-02", "invoice_line", lk(v)), ("DUP-04", "invoice", v.id)): ok(r, "", pop, key, "two subscriptions of one plan for two teams, billed the same day")
        at(a, go)
@story()
def dup03(k):
    c = cust(); s0 = od(2, 10); s = subscription(c, s0, run=False)
    def go():
        v = document(c, s0, [sub_line(s, s0, add_months(s0, 1)), L(SETUP, 1, 2500000, "fee", code="setup", sub=s.id, s=s0, uom="")]); ordinary_payment(v)
        def again():
            u = document(c, s0 + 11, [L(SETUP, 1, 2500000, "fee", code="setup", sub=s.id, s=s0, uom="")]); ordinary_payment(u)
            bad("DUP-03", "A one-off fee is billed twice for one subscription", "invoice_line", lk(u), "setup fee of the subscription billed with the first bill and again", "over_billed", (u.gross, u.net))
        at(s0 + 11, again)
    at(s0, go)
@story(50)
def dup03_ok(k):
    c = cust(); s0 = od(2, 10); s = subscription(c, s0, run=False); t = subscription(c, s0, run=False)
    def go():
        v = document(c, s0, [sub_line(s, s0, add_months(s0, 1)), L(SETUP, 1, 2500000, "fee", code="setup", sub=s.id, s=s0, uom=""), L(SETUP, 1, 0, "fee", code="training", sub=s.id, s=s0, uom=""), L(SETUP, 1, 0, "fee", code="training", sub=s.id, s=s0, uom="", desc="Training, free")]); ordinary_payment(v)
        u = document(c, s0, [sub_line(t, s0, add_months(s0, 1)), L(SETUP, 1, 2500000, "fee", code="setup", sub=t.id, s=s0, uom="")]); ordinary_payment(u)
        ok("DUP-03", "", "invoice_line", lk(v, 4), "a fee of nothing twice"); ok("DUP-03", "", "invoice_line", lk(u, 2), "setup fee of another subscription of the customer"); ok("DUP-08", "", "invoice_line", lk(v, 4), "a fee of nothing twice")
    at(s0, go)
@story()
def dup04(k):
    c = cust(); d = od(); sp = [(i, R.choice([2, 3, 7])) for i in general(3)]
    def go():
        ls = lambda: [L(i, q, price(i, q, d, c)) for i, q in sp]
        v = document(c, d, ls(), po="PO-" + c.id); ordinary_payment(v); u = document(c, d, ls(), po="PO-" + c.id); ordinary_payment(u)
        bad("DUP-04", "The same lines are billed twice to one customer on one day", "invoice", u.id, "counter sale keyed twice: same lines, same customer order, same day", "over_billed", u.gross)
    at(d, go)
@story(50)
def dup04_ok(k):
    c = cust(); d = od(); sp = [(i, R.choice([2, 3, 7])) for i in general(3)]; kind = k % 2
    b = address(c.st, c.cty); w("customer_address", c.id, b, "ship_to", "2025-01-01", "")
    def go():
        ls = lambda: [L(i, q, price(i, q, d, c)) for i, q in sp]
        v = document(c, d, ls(), po="PO1-" + c.id); ordinary_payment(v)
        u = document(c, d, ls(), po="PO2-" + c.id if kind else "PO1-" + c.id, shipto=None if kind else b); ordinary_payment(u)
        ok("DUP-04", "", "invoice", u.id, "two orders of the customer, two purchase orders" if kind else "the same goods for the customer's second store")
    at(d, go)
@story()
def dup05(k):
    c = cust(); d = od(2, 20); sp = [(i, R.choice([2, 3, 7])) for i in general(3)]
    def go():
        ls = lambda: [L(i, q, price(i, q, d, c)) for i, q in sp]
        v = document(c, d, ls(), po="PO-" + c.id); ordinary_payment(v)
        def again():
            u = document(c, d + 4, ls(), po="PO-" + c.id); ordinary_payment(u)
            bad("DUP-05", "The same lines are billed to one customer again within days", "invoice", u.id, "the same lines for the same purchase order billed again four days later", "over_billed", u.gross)
        at(d + 4, again)
    # a price change between the two must not disturb: articles of constant price
    at(d, go)
@story(50)
def dup05_ok_weekly(k):
    c = cust(); sp = [(i, R.choice([2, 3, 7])) for i in general(2)]; d0 = D(8, 3) + R.randint(0, 4)
    for x in range(12):
        def go(x=x):
            v = document(c, d0 + 7 * x, [L(i, q, price(i, q, d0, c)) for i, q in sp]); ordinary_payment(v)
            if x in (9, 10): ok("DUP-05", "", "invoice", v.id, "standing order, the same goods every week for twelve weeks"); 
        at(d0 + 7 * x, go)
    # it ends: the last delivery is late in October, nothing is missing before the end of the extract
@story(50)
def dup05_ok_orders(k):
    c = cust(); d = od(2, 20); sp = [(i, 4) for i in general(2)]
    def go():
        sale(c, d, sp)
        def again():
            u = sale(c, d + 3, sp); ok("DUP-05", "", "invoice", u.id, "ordered again and delivered again three days later")
        at(d + 3, again)
    at(d, go)
@story()
def dup06(k):
    c = cust(); d = od(2, 20)
    def go():
        sp = [(i, 3) for i in general(2)]
        ls = lambda: [L(i, q, price(i, q, d, c)) for i, q in sp]
        v = document(c, d, ls(), po="PO-" + c.id); ordinary_payment(v)
        def again():
            no = v.no.replace("0", "O", 2) if k % 2 else v.no.lower().replace("-", "")
            u = document(c, d + 1, ls(), no=no, po="PO-" + c.id, series=v.series, source="keyed"); ordinary_payment(u)
            bad("DUP-06", "Two document numbers are one number in two spellings", "invoice", u.id, f"invoice {v.no} keyed again as {no}", "over_billed", u.gross)
            so("DUP-05", "invoice", u.id, "content equal too"); so("DUP-04", "invoice", u.id, "content equal too"); so("SEQ-02", "invoice", u.id, "the number is the same after reading")
        at(d + 1, again)
    at(d, go)
@story(50)
def dup06_ok(k):
    c = cust(); d = od(2, 20); sp = [(i, 6) for i in general(2)]
    def go():
        o, po = order(c, d - 2, [(i, q, price(i, q, d - 2, c)) for i, q in sp]); p = [price(i, q, d - 2, c) for i, q in sp]
        def part(day, sfx):
            s = ship(c, day, o, [(n, i, 3) for n, (i, q) in enumerate(sp, 1)])
            v = document(c, day, [L(i, 3, p[n-1], o=o, ol=n, sh=s, shl=n) for n, (i, q) in enumerate(sp, 1)], po=po, series="E1-B", no=f"B{base}{sfx}", source="branch"); ordinary_payment(v); return v
        base = counter["E1-B"]; counter["E1-B"] += 1
        part(d, "")
        def second():
            u = part(d + 6, "A"); ok("DUP-06", "", "invoice", u.id, "back-order part numbered with a suffix letter"); ok("DUP-05", "", "invoice", u.id, "second half of the order"); ok("SEQ-02", "", "invoice", u.id, "suffix makes another number")
        at(d + 6, second)
    at(d, go)
@story()
def dup08(k):
    c = cust(); d = od()
    def go():
        def mod(ls): x = ls[0]; ls.append(L(x.item, x.qty, x.price, o=x.o, ol=x.ol, sh=x.sh, shl=x.shl)); return ls
        v = sale(c, d, mod=mod); l = v.lines[3]
        bad("DUP-08", "A line stands twice on one invoice", "invoice_line", lk(v, 4), "the first line of the invoice stands again as its last; one was ordered and shipped", "over_billed", lg(l))
        so("DUP-01", "order_line", f"{l.o}/{l.ol}", "hence billed beyond the order"); so("DUP-12", "shipment_line", f"{l.sh}/{l.shl}", "hence billed beyond the shipment")
    at(d, go)
@story(50)
def dup08_ok(k):
    c = cust(); d = od(); i = general(1)[0]
    def go():
        p = price(i, 1, d, c)
        if k % 2: v = document(c, d, [L(i, 1, p), L(i, 1, p), L(i, 1, p)]); why = "three pieces scanned one by one at the counter, no order"
        else:
            o, po = order(c, d - 2, [(i, 10, p)]); s = ship(c, d, o, [(1, i, 5), (1, i, 5)])
            v = document(c, d, [L(i, 5, p, o=o, ol=1, sh=s, shl=1, lot="LOT-A"), L(i, 5, p, o=o, ol=1, sh=s, shl=2, lot="LOT-B")], po=po); why = "one order line delivered from two lots"
        ordinary_payment(v); ok("DUP-08", "", "invoice_line", lk(v, 2), why)
    at(d, go)
@story()
def dup10(k):
    c = cust(); d = od(2, 14)
    def go():
        v = sale(c, d)
        def again():
            ls = [L(l.item, l.qty, l.price, o=l.o, ol=l.ol, sh=l.sh, shl=l.shl) for l in v.lines]
            u = document(c, d + 8, ls, po="PO-CORR" + c.id, repl=v.id, reason="wrong_po"); ordinary_payment(u)
            bad("DUP-10", "An invoice was issued again and the old one still stands", "invoice", f"{u.id}|{v.id}", "corrected copy with the customer's new order number; the first was never credited", "over_billed", v.gross)
            for l in v.lines: so("DUP-01", "order_line", f"{l.o}/{l.ol}", "billed by both copies"); so("DUP-12", "shipment_line", f"{l.sh}/{l.shl}", "billed by both copies")
            so("DUP-05", "invoice", u.id, "content equal")
        at(d + 8, again)
    at(d, go)
@story(50)
def dup10_ok(k):
    c = cust(); d = od(2, 14)
    def go():
        v = sale(c, d, settle_=False, status="void" if k % 2 else "posted")
        def again():
            if not k % 2: cn = credit(v, d + 8, credit_lines(v, [(l, l.qty) for l in v.lines]), "wrong_po"); dispose(cn, v, d + 8)
            ls = [L(l.item, l.qty, l.price, o=l.o, ol=l.ol, sh=l.sh, shl=l.shl) for l in v.lines]
            u = document(c, d + 8, ls, po="PO-CORR" + c.id, repl=v.id, reason="wrong_po"); ordinary_payment(u)
            for r in ("DUP-10", "CRD-07", "DUP-05", "TIM-02"): ok(r, "", "invoice", u.id, "corrected copy; the first was " + ("voided" if k % 2 else "credited in full"))
        at(d + 8, again)
    at(d, go)
@story()
def dup12(k):
    c = cust(); d = od(2, 14); i, j = general(2)
    def go():
        p = price(i, 30, d, c); o, po = order(c, d - 1, [(i, 30, p)]); s = ship(c, d, o, [(1, i, 10)])
        v = document(c, d, [L(i, 10, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
        def again():
            n = L(i, 10, p, o=o, ol=1, sh=s, shl=1); x = L(j, 2, price(j, 2, d, c)); u = document(c, d + 10, [x, n], po=po); ordinary_payment(u); so("TIM-02", "invoice", u.id, "")
            bad("DUP-12", "A shipment line is billed for more than was shipped", "shipment_line", f"{s}/1", "a shipment of ten, of thirty ordered, billed by two invoices", "over_billed", lg(n))
        at(d + 10, again)
    at(d, go)
@story(50)
def dup12_ok(k):
    c = cust(); d = od(2, 14); i, j = general(2)
    def go():
        p, q = price(i, 10, d, c), price(j, 10, d, c); o, po = order(c, d - 1, [(i, 10, p), (j, 10, q)]); s = ship(c, d, o, [(1, i, 10), (2, j, 10)])
        v = document(c, d, [L(i, 10, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
        u = document(c, d, [L(j, 10, q, o=o, ol=2, sh=s, shl=2)], po=po); ordinary_payment(u)
        f = document(c, d + 1, [L(FRT, 1, 180000, "freight", code="freight", sh=s)], po=po); ordinary_payment(f)
        ok("DUP-12", "", "shipment_line", f"{s}/2", "two lines of one shipment on two invoices, freight on a third")
    at(d, go)

# ---------------------------------------------------------------- SEQ
@story()
def seq01(k):
    d = od()
    def go():
        s = ["E1-INV", "E2-INV"][k % 2]; n = counter[s]; counter[s] += 1 + k % 3
        bad("SEQ-01", "Numbers are missing from a series of documents", "document_number", f"{s}//{n}|{s}//{n - 1}", f"number {n} and {k % 3} more of the series were never given out")
    at(d, go)
@story(50)
def seq01_ok(k):
    c = cust(); d = od()
    def go():
        v = document(c, d, [L(i, 2, price(i, 2, d, c)) for i in general(2)], status="void")
        ok("SEQ-01", "", "document_number", v.no, "voided number, present as void"); ok("ARI-06", "", "invoice", v.id, "void")
    at(d, go)
@story()
def seq02(k):
    c, c2 = cust(ent="E-1"), cust(ent="E-1"); d = od(2, 20)
    def go():
        v = sale(c, d)
        def again():
            u = sale(c2, d + 3, no=v.no); bad("SEQ-02", "Two documents bear the same number", "invoice", f"{u.id}|{v.id}", f"number {v.no} given to two customers' invoices")
        at(d + 3, again)
    at(d, go)
@story(50)
def seq02_ok(k):
    c, c2 = cust(ent="E-1"), cust(ent="E-2"); d = od()
    def go():
        n = nid("M", 5, 10001)
        v = document(c, d, [L(i, 2, price(i, 2, d, c)) for i in general(2)], series="E1-MANUAL", no=n); ordinary_payment(v)
        u = document(c2, d, [L(i, 2, price(i, 2, d, c2)) for i in general(2)], series="E2-MANUAL", no=n); ordinary_payment(u)
        ok("SEQ-02", "", "invoice", u.id, "the same manual number in another entity's series")
    at(d, go)
@story()
def seq07(k):
    c = cust(); d = od(6, 20)
    def a1():
        lost = nid("I", 8)
        p = payment(c, d, 45600); p.used = 45600
        w("payment_application", p.id, lost, 1, iso(d), "456.00", "", "USD", iso(d + 1))
        bad("SEQ-07", "A payment is applied to an invoice that is not there", "payment_application", f"{p.id}/{lost}/1", "the invoice is in no export although its number lies amid the others")
    at(d, a1)
    def a2():
        v = sale(c, d, settle_=False)
        def pay():
            lostp = nid("P", 8); w("payment_application", lostp, v.id, 1, iso(d + 2), m2(v.gross), "", "USD", iso(d + 2)); v.apps.append((d + 2, v.gross))
            bad("SEQ-07", "An invoice is paid by a payment that is not there", "payment_application", f"{lostp}/{v.id}/1", "the payment is in no export although its id lies amid the others")
        at(d + 2, pay)
    at(d, a2)
    e = cust(); ghost = nid("C", 6); dd = od(12, 24)
    def a3():
        i = general(1)[0]
        cn = document(e, dd, [L(i, -2, price(i, 2, dd, e))], "credit_note", reason="return", cust_id=ghost); cn.over["ghost"] = ghost
        refund(e, -cn.gross, dd + 3, cn=cn) if dd + 3 <= END else None
        bad("SEQ-07", "A credit note names a customer who is not there", "invoice", cn.id, "the customer is not in the master file"); cn.over.pop("ghost")
    at(dd, a3)
    f = cust(); e2 = od()
    def a4():
        v = document(f, e2, [L(i, 2, price(i, 2, e2, f)) for i in general(2)], lineless=True, tamper=None); ordinary_payment(v)
        bad("SEQ-07", "An invoice has no lines", "invoice", v.id, "header without lines"); so("ARI-02", "invoice", v.id, "no lines, hence no sum"); so("ARI-05", "invoice", v.id, "tax of lines that are not there")
        for n, r in enumerate(v.rows, 1): so("TAX-01", "invoice_tax", f"{v.id}/{r[0]}/{n}", "tax of lines that are not there"); so("SEQ-07", "invoice_tax", f"{v.id}/{r[0]}/{n}", "tax of lines that are not there")
    at(e2, a4)
    g = cust(); e3 = od()
    def a5():
        lost2 = nid("I", 8)
        i = general(1)[0]; p = price(i, 2, e3, g)
        w("invoice_line", lost2, 1, i, "", "item", 2, "EA", p4(p), "", "", "", "", m2(hup(2 * p, 100)), "taxable", "0.000000", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
        bad("SEQ-07", "An invoice line has no invoice", "invoice_line", f"{lost2}/1", "line whose invoice is in no export although its number lies amid the others")
    at(e3, a5)
    h = cust(); e4 = od(4, 20)
    def a6():
        lost3 = nid("P", 8); sale(h, e4); rf = refund(h, 9900, e4 + 6, requested=e4 + 3, pid=lost3)
        bad("SEQ-07", "A refund names a payment or credit note that is not there", "refund", rf, "the payment refunded is in no export")
    at(e4, a6)
@story(50)
def seq07_ok(k):
    c = cust(); d = od(4, 20)
    def go():
        p = payment(c, d, 33300); old = f"I{90001 + k + R.randint(0, 9) * 500:08d}"; p.used = 33300
        w("payment_application", p.id, old, 1, iso(d), "333.00", "", "USD", iso(d + 1)); ok("SEQ-07", "", "payment_application", f"{p.id}/{old}/1", "pays an invoice of March, before the extract begins")
        rf = refund(c, 1200, d + 4, requested=d + 1, pid=f"P{90001 + k:08d}"); ok("SEQ-07", "", "refund", rf, "refund of a payment received before the extract begins")
        st = document(c, d, [], kind="statement", series="E1-ST", no=nid("ST", 6), tamper=None); ok("SEQ-07", "", "invoice", st.id, "statement of account, has no lines by nature")
    at(d, go)
def control_wrong():
    for t in ("order_line", "reminder"): CONTROL[t] = lambda n: n + 3; bad("SEQ-05", "Records or total differ from the sender's figure", "control_total", f"{t}/|{t}.csv/", "the sender counted three records more")
    for t in ("payment", "shipment_line"): CONTROL[t] = lambda n: n
    ok("SEQ-05", "", "control_total", "payment/", "count agrees")
FINISH.append(control_wrong)

# ---------------------------------------------------------------- ARI
@story()
def ari01(k):
    c = cust(); d = od()
    def go():
        delta = R.choice([500, -700, 1250, 9000])
        def mod(ls): l = ls[1]; l.net = hup(l.qty * l.price, 100) + delta
        v = sale(c, d, mod=mod)
        l = v.lines[1]; bad("ARI-01", "A line is not quantity times price", "invoice_line", lk(v, 2), f"net amount off by {m2(delta)} from quantity times price", "over_billed" if delta > 0 else "under_billed", both(abs(delta), l))
    at(d, go)
@story(50)
def ari01_ok(k):
    c = cust(); d = od(); i = FREE[k % 4]
    def go():
        if k % 3 == 0: ls = [L(i, 2500, FREEP[k % 4], base=100)]; why = "price per hundred"
        elif k % 3 == 1: ls = [L(i, 10, FREEP[k % 4], allow=1000, charge=350)]; why = "allowance and charge on the line"
        else: ls = [L(API, 10000, 125, uom="")]; ls[0].net = 12500; why = "price of 1.25 cents shown with four decimals"
        v = document(c, d, ls); ordinary_payment(v); ok("ARI-01", "", "invoice_line", lk(v), why)
    at(d, go)
@story()
def ari02(k):
    c = cust(); d = od(); x = R.choice([2500, -1800, 10000])
    def go():
        v = sale(c, d, over={"dnet": x, "line_total_as_net": 1})
        bad("ARI-02", "The lines do not add up to the invoice", "invoice", v.id, f"net total {m2(x)} off the sum of the lines", "over_billed" if x > 0 else "under_billed", abs(x))
    at(d, go)
@story(50)
def ari02_ok(k):
    c = cust(cur="CAD"); d = od()
    def go():
        ls = [L(i, 2, price(i, 2, d, c)) for i in general(3)]
        v = document(c, d, ls, hdr_allow=1500, hdr_charge=2200); ordinary_payment(v)
        ok("ARI-02", "", "invoice", v.id, "document discount and freight charge in the header, not in the lines"); ok("ARI-03", "", "invoice", v.id, "document discount and charge")
    at(d, go)
@story()
def ari03(k):
    c = cust(); d = od(); x = R.choice([900, -1100, 9000])
    def go():
        v = sale(c, d, over={"dgross": x}); bad("ARI-03", "Net and tax do not come to the gross total", "invoice", v.id, f"gross total off by {m2(x)}", "over_billed" if x > 0 else "under_billed", abs(x))
    at(d, go)
@story()
def ari04(k):
    c = cust(); d = od(); x = R.choice([2000, -3000])
    def go():
        v = sale(c, d); v.over["payable_amount"] = m2(v.gross + x)
        bad("ARI-04", "The amount due is not the total less what was prepaid", "invoice", v.id, f"amount due off by {m2(x)}", "over_billed" if x > 0 else "under_billed", abs(x))
    at(d, go)
@story(50)
def ari04_ok(k):
    c = cust(); d = od(6, 20)
    def go():
        if k % 2:
            dep = R.choice([20000, 35000]); p = payment(c, d - 3, dep, type="prepayment")
            v = sale(c, d, sp=[(R.choice(PLAIN), 20), (R.choice(BRACK), 20)], settle_=False, prepaid=0)
            x = min(dep, v.gross); v.prepaid = x; apply(p, v, x, day=d); ordinary_payment(v)
            if dep > x: refund(c, dep - x, d + 6, requested=d + 2, p=p)
            ok("ARI-04", "", "invoice", v.id, "deposit deducted"); ok("PAY-04", "", "invoice", v.id, "deposit applied and the rest paid"); ok("ARI-06", "", "invoice", v.id, "deposit applied")
        else:
            v = sale(c, d, settle_=False); rr = -(v.gross % 5) or -5; v.round = rr
            def pay():
                p = payment(c, d + 5, v.gross + rr); apply(p, v, v.gross + rr)
            at(d + 5, pay); ok("ARI-04", "", "invoice", v.id, "cash rounding"); ok("ARI-03", "", "invoice", v.id, "cash rounding of what is due"); ok("ARI-06", "", "invoice", v.id, "cash rounding"); ok("ARI-07", "", "invoice", v.id, "cash rounding")
    at(d, go)
@story()
def ari05(k):
    c = cust(ent=("E-1", "E-2")[k % 2]); d = od(); x = R.choice([400, -300, 1250])
    def go():
        v = sale(c, d, over={"dtax": x}); bad("ARI-05", "The tax rows do not add up to the invoice's tax", "invoice", v.id, f"tax total off by {m2(x)} from its rows", "tax_over_collected" if x > 0 else "tax_under_collected", abs(x))
        if v.ent == "E-1":
            for r in v.rows: so("TAX-01", "invoice_tax", taxkey(v, r[1]), "")
    at(d, go)
@story(50)
def ari05_ok(k):
    c = cust(ent="E-1", st="KS"); d = od()
    def go():
        v = sale(c, d); n = len(v.rows) + 1
        w("invoice_tax", v.id, "", n, "USE", v.rows[0][1], r6(v.rows[0][2]), m2(v.rows[0][3]), "0.00", "12.34"); ok("ARI-05", "", "invoice", v.id, "informational row of use tax that the customer assesses")
        ok("TAX-01", "", "invoice_tax", f"{v.id}//{n}", "use tax, self-assessed"); ok("TAX-04", "", "invoice_tax", f"{v.id}//{n}", "use tax, self-assessed")
    at(d, go)
@story()
def ari06(k):
    c = cust(terms="NET30"); d = od(8, 20); x = R.choice([2500, 4400])
    def go():
        v = sale(c, d, sp=[(R.choice(ITEMS[:5]), 50), (PLAIN[k % len(PLAIN)], 100)], settle_=False)
        p = payment(c, d + 6, v.gross // 3, text=v.no); apply(p, v, v.gross // 3)
        v.over["balance"] = m2(v.gross - v.gross // 3 - x); bad("ARI-06", "The open balance is not the document less what was applied to it", "invoice", v.id, f"stated open balance {m2(x)} too low")
    at(d, go)
@story(50)
def ari06_ok(k):
    c = cust(terms="NET30"); d = od(6, 20)
    def go():
        v = sale(c, d, settle_=False)
        if k % 3 == 0:
            p = payment(c, ASOF + 1, v.gross, posted=ASOF + 1); s = f"{p.id}/{v.id}"; apply(p, v, v.gross, day=ASOF + 1); why = "paid after the day of the balances"
        elif k % 3 == 1:
            p = payment(c, d + 5, v.gross, text=v.no); apply(p, v, v.gross); apply(p, v, -v.gross, day=d + 6); apply(p, v, v.gross, day=d + 7); why = "applied, un-applied, applied again"
        else: p = payment(c, d + 5, v.gross - 250, text=v.no); apply(p, v, v.gross - 250); adjust(v, d + 8, "write_off", 250); why = "small rest written off"
        ok("ARI-06", "", "invoice", v.id, why); ok("ARI-07", "", "invoice", v.id, why)
    at(d, go)
@story()
def ari07(k):
    c = cust(terms="NET30"); d = od(10, 26)
    def go():
        v = sale(c, d, settle_=k % 2 == 1)
        if k % 2: settle(v, d + 4)
        v.over["payment_status"] = "open" if k % 2 else "paid"; bad("ARI-07", "The payment status contradicts the open balance", "invoice", v.id, "marked open though nothing is open" if k % 2 else "marked paid though nothing was paid")
    at(d, go)
@story()
def ari08(k):
    c = cust(); d = od(12, 24)
    def go():
        if k % 2:
            def mod(ls): ls.append(L(R.choice(PLAIN), -1, 30000 * 100 // 100))
            v = document(c, d, [L(PLAIN[0], 20, price(PLAIN[0], 20, d, c)), L(PLAIN[1], -2, price(PLAIN[1], 2, d, c))]); ordinary_payment(v) if v.gross > 0 else None
            bad("ARI-08", "A line has the wrong sign for its document", "invoice_line", lk(v, 2), "an ordinary line with negative quantity on an invoice")
        else:
            lo, hi = sorted(PLAIN[:2], key=lambda i: price(i, 1, d, c))
            u = sale(c, d - 6, sp=[(hi, 30), (lo, 2)], settle_=False)
            ls = credit_lines(u, [(u.lines[0], 20)]) + [L(lo, 1, price(lo, 1, d, c), orig=2 if k % 4 else None)]
            cn = credit(u, d, ls, "return"); dispose(cn, u, d); bad("ARI-08", "A line has the wrong sign for its document", "invoice_line", lk(cn, 2), "a line of a credit note that charges")
    at(d, go)
@story(50)
def ari08_ok(k):
    c = cust(); d = od(); i = FREE[1]
    def go():
        t = ["discount", "trade_in"][k % 2]
        v = document(c, d, [L(i, 4, FREEP[1]), L(i, -1, 100000, t, desc=t, uom="")]); ordinary_payment(v); ok("ARI-08", "", "invoice_line", lk(v, 2), t + " as a negative line"); ok("STA-01", "", "invoice_line", lk(v, 2), t)
    at(d, go)
@story()
def ari10(k):
    c = cust(); d = od(); i = R.choice([x for x in PLAIN if PRICE[x][0][2] > 200000])
    def go():
        p = price(i, 5, d - 2, c); wrong = p * 10 if k % 3 == 0 else p // 10 if k % 3 == 1 else None
        if wrong is None:
            s = str(p // 100); a = next((x for x in range(len(s) - 1) if s[x] != s[x + 1] and not (x == 0 and s[1] == "0")), None)
            wrong = int(s[:a] + s[a + 1] + s[a] + s[a + 2:]) * 100
        def mod(ls): ls[0].price = wrong
        v = sale(c, d, sp=[(i, 5)] + [(general(1)[0], 3)], mod=mod)
        l = v.lines[0]; x = l.net - hup(5 * p, 100)
        bad("ARI-10", "A decimal point or two digits slipped against the order", "invoice_line", lk(v, 1), f"ordered at {p4(p)}, billed at {p4(wrong)}", "over_billed" if x > 0 else "under_billed", both(abs(x), l))
        so("PRC-01", "invoice_line", lk(v, 1), "hence not the price agreed"); so("STA-01", "invoice_line", lk(v, 1), "hence unusual"); so("DUP-01", "order_line", f"{l.o}/{l.ol}", "hence money above the order")
    at(d, go)
@story(50)
def ari10_ok(k):
    c = cust(); d = od(); i = nid("G", 5, 10001); CAT[i] = "general"; w("item", i, f"Screws {i}", "general", "false", "goods")
    p = R.choice([2500, 4800]); w("price", i, "", "", "USD", "EA", "", "", p4(p * 100 // 10), "2026-01-01", "", "list"); w("price", i, "", "", "USD", "BX", "", "", p4(p * 100), "2026-01-01", "", "list")
    def go():
        o = nid("O", 7); w("order_line", o, 1, c.id, i, 2, p4(p * 100), iso(d - 2), "open", c.ent, "USD", "BX", "", "on_shipment")
        v = document(c, d, [L(i, 20, p * 10, o=o, ol=1, uom="EA")]); ordinary_payment(v); ok("ARI-10", "", "invoice_line", lk(v), "two boxes of ten ordered, billed by the piece at a tenth"); ok("DUP-01", "", "order_line", f"{o}/1", "boxes ordered, pieces billed")
        ok("PRC-01", "", "invoice_line", lk(v), "price by the piece")
    at(d, go)

# ---------------------------------------------------------------- TAX
def taxcust(k, **kw): return cust(ent=("E-1", "E-2")[k % 2], **kw)
def rowcust(k, **kw): return cust(ent="E-1" if k % 4 == 3 else "E-2", **kw)      # mostly taxed by line
@story()
def tax01(k):
    c = taxcust(k, st=R.choice(["NE", "KS", "IA", "WI", "MN"])); d = od(); x = R.choice([300, -250, 700])
    def go():
        def t(rows): rows[0][5] += x
        v = sale(c, d, sp=[(i, 10) for i in general(2)], tamper=t)
        bad("TAX-01", "Tax differs from every lawful result", "invoice_tax", taxkey(v, c.st), f"state tax off by {m2(x)}", "tax_over_collected" if x > 0 else "tax_under_collected", abs(x))
    at(d, go)
@story()
def tax02(k):
    if k: return
    def moved():
        for j, x in FIRST.items():
            if j[:2] not in NOREG: so("TAX-02", "invoice_tax", "|".join(x), f"what rounding moved in {j}")
        for j in ("NE", "KS"): bad("TAX-02", "What rounding moved, by jurisdiction", "invoice_tax", "|".join(FIRST[j]), f"lawful roundings of {j}, one line for the period (advice)")
    FINISH.append(moved)
    for j in PENNY:
        ks = []; net = [0]
        for x in range(26):
            c = cust(ent="E-2", st=j[:2], cty=j); d = od()
            def go(c=c, d=d, x=x, j=j, ks=ks, net=net):
                def t(rows):
                    for r in rows: up = -((-r[3] * r[2]) // 1000000); net[0] += up - r[5]; r[5] = up
                i = FREE[1]
                v = document(c, d, [L(i, 1, FREEP[1] + 100 * (37 * x % 97)), L(i, 1, FREEP[1] + 100 * (11 * x % 89))], tamper=t); ordinary_payment(v); ks.extend(f"{v.id}/{r[0]}/{n}" for n, r in enumerate(v.rows, 1))
            at(d, go)
        def lab(j=j, ks=ks, net=net):
            bad("TAX-02", "Pennies of tax all go one way", "invoice_tax", "|".join(ks), f"every tax of {j} in October is rounded up", "tax_over_collected")
        FINISH.append(lab)
@story()
def tax03(k):
    up = k % 2 == 0
    c = cust(ent=R.choice(("E-1", "E-2")), st=("KS", "NE")[not up], cty=(CHG_UP, CHG_DOWN)[not up]); d = od(3, 25)
    def go():
        i = general(1)[0]; q = max(20, 200000 // max(1, price(i, 1, d, c) // 100) + 20)
        v = sale(c, d, sp=[(i, q)], rate_day=P0 - 1, orderday=d - 1)
        j = c.cty; r = [r for r in v.rows if r[1] == j][0]; x = r[5] - hup(r[3] * rate_on(j, d), 1000000)
        bad("TAX-03", "Tax is charged at a former or future rate of the same jurisdiction", "invoice_tax", taxkey(v, j), "September's county rate on an October delivery", "tax_over_collected" if x > 0 else "tax_under_collected", abs(x)); so("TAX-01", "invoice_tax", taxkey(v, j), "hence the wrong tax")
    at(d, go)
@story(50)
def tax03_ok(k):
    c = cust(st="KS", cty=CHG_UP); d = D(9, R.randint(5, 25)); 
    def go():
        v = sale(c, d, sp=[(i, 20) for i in general(2)], settle_=False)
        d2 = od(13, 24)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 6)]), "return"); dispose(cn, v, d2); j = c.cty
            ok("TAX-03", "", "invoice_tax", taxkey(cn, j), "credit of a September sale at September's rate"); ok("TAX-01", "", "invoice_tax", taxkey(cn, j), "credit at the original's rate"); ok("TAX-09", "", "invoice_line", lk(cn), "credit at the original's rate")
        at(d2, back)
    at(d, go)
@story(50)
def tax03_ok_service(k):
    c = cust(st="KS", cty=CHG_UP); subscription(c, D(6, R.randint(5, 25)), seats=8, plan=PLANS[4], arrears=True)
@story()
def tax04(k):
    st = R.choice(["NE", "IA", "WI", "MN"]); c = taxcust(k, st=st, cty=f"{st}-C1"); d = od()
    wrong = f"{st}-C4"
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], jur=[st, wrong])
        for r in v.rows:
            if r[1] == wrong: bad("TAX-04", "Tax is charged for a place where the sale is not taxed", "invoice_tax", f"{v.id}/{r[0]}/{v.rows.index(r)+1}", "taxed in the neighbour county instead of the ship-to's", "tax_over_collected", r[5])
        for l in v.lines: so("TAX-05", "invoice_line", lk(v, l.no), "the right county is missing"); so("TAX-01", "invoice_line", lk(v, l.no), "")
    at(d, go)
@story(50)
def tax04_ok(k):
    c = cust(ent="E-1", st="OH", cty=f"OH-C{2 + k % 3}"); d = od()
    def go(): v = sale(c, d); ok("TAX-04", "", "invoice_tax", taxkey(v, "OH-C1"), "inside a state that taxes by origin: the seller's county is right"); ok("TAX-01", "", "invoice_tax", taxkey(v, "OH-C1"), "origin sourcing")
    at(d, go)
@story()
def tax05(k):
    c = rowcust(k); d = od()
    def go():
        def mod(ls): l = ls[k % 3]; l.treat = "none"; l.ex = "taxable"
        v = sale(c, d, mod=mod); l = v.lines[k % 3]; rt = sum(rate_on(j, d) for j in v.jur if TXB[j, "general"] != "exempt"); x = hup(l.net * rt, 1000000)
        bad("TAX-05", "A taxable sale carries no tax and nothing excuses it", "invoice_line", lk(v, l.no), "taxable goods, no tax, no excuse", "tax_under_collected", x)
        if v.ent == "E-1":
            for j in v.jur: so("TAX-01", "invoice_tax", taxkey(v, j), "base too small") if taxkey(v, j) else None
    at(d, go)
@story(50)
def tax05_ok(k):
    c = taxcust(k, st="NV" if k % 2 else "WI"); d = od()
    def go():
        if k % 2: v = sale(c, d); ok("TAX-05", "", "invoice_line", lk(v), "seller is not registered in the state")
        else: v = document(c, d, [L(REPAIR, 3, 850000, uom="")]); ordinary_payment(v); ok("TAX-05", "", "invoice_line", lk(v), "repair is exempt in the state")
    at(d, go)
@story()
def tax06(k):
    st = ["NE", "IA", "MN"][k % 3]; c = rowcust(k, st=st); d = od(); g = [i for i in ITEMS if CAT[i] == "grocery" and i in PRICE and len(PRICE[i]) == 1]
    def go():
        def mod(ls): ls[1].treat = "all"
        v = sale(c, d, sp=[(general(1)[0], 4), (R.choice(g), 12)], mod=mod); l = v.lines[1]
        bad("TAX-06", "An item that is exempt there is taxed", "invoice_line", lk(v, 2), "grocery taxed where the law exempts it", "tax_over_collected", hup(l.net * l.treat, 1000000))
        for n, r in enumerate(v.rows, 1):
            if v.ent == "E-1" or r[0] == 2: so("TAX-01", "invoice_tax", f"{v.id}/{r[0]}/{n}", "hence the wrong tax"); so("TAX-04", "invoice_tax", f"{v.id}/{r[0]}/{n}", "hence the wrong tax")
    at(d, go)
@story(50)
def tax06_ok(k):
    c = taxcust(k, st="KS"); d = od(); g = [i for i in ITEMS if CAT[i] == "grocery" and i in PRICE and len(PRICE[i]) == 1]
    def go():
        v = sale(c, d, sp=[(R.choice(g), 12)]); ok("TAX-06", "", "invoice_line", lk(v), "exempt from state tax, taxed by the county")
        ok("TAX-05", "", "invoice_line", lk(v), "exempt from state tax, taxed by the county"); [ok("TAX-01", "", "invoice_tax", taxkey(v, r[1]), "county only") for r in v.rows]
    at(d, go)
@story()
def tax07(k):
    up = k % 2 == 0; st = R.choice(["NE", "IA", "MN"] if up else ["OH", "KS", "WI"]); c = cust(ent="E-1" if k % 4 == 3 else "E-2", st=st); d = od()
    def go():
        def mod(ls): ls[-1].treat = "all" if up else "none"; ls[-1].ex = None if up else "nontaxable"
        v = sale(c, d, frt=True, mod=mod); l = v.lines[-1]; rt = sum(rate_on(j, d) for j in v.jur)
        bad("TAX-07", "Freight or handling is taxed against the rule of the place", "invoice_line", lk(v, l.no), "freight taxed where it is exempt" if up else "freight untaxed where it is taxable", "tax_over_collected" if up else "tax_under_collected", hup(l.net * rt, 1000000))
        so("TAX-05", "invoice_line", lk(v, l.no), "the freight"); so("TAX-06", "invoice_line", lk(v, l.no), "the freight")
        for n, r in enumerate(v.rows, 1):
            if v.ent == "E-1" or r[0] == l.no: so("TAX-01", "invoice_tax", f"{v.id}/{r[0]}/{n}", "the freight"); so("TAX-04", "invoice_tax", f"{v.id}/{r[0]}/{n}", "the freight")
    at(d, go)
@story(50)
def tax07_ok(k):
    c = cust(exempt=True, st="WI"); d = od()
    def go(): v = sale(c, d, frt=True); ok("TAX-07", "", "invoice_line", lk(v, 4), "freight on an exempt sale follows the sale")
    at(d, go)
@story()
def tax09(k):
    c = rowcust(k); d = D(9, R.randint(5, 25))
    def go():
        v = sale(c, d, sp=[(i, 20) for i in general(2)], settle_=False)
        d2 = od(13, 24)
        def back():
            def t(rows):
                for r in rows: r[5] = 0 if k % 2 else r[5] * 2
            ls = credit_lines(v, [(v.lines[0], 6)]); cn = credit(v, d2, ls, "return", tamper=t); dispose(cn, v, d2)
            due_ = hup(-ls[0].net * v.lines[0].treat, 1000000); got = -cn.tax; x = got - due_
            bad("TAX-09", "A credit gives back another share of the tax than of the price", "invoice_line", lk(cn), "no tax given back with the price" if k % 2 else "tax given back twice over", "tax_under_collected" if x > 0 else "tax_over_collected", abs(x))
            for r in cn.rows: so("TAX-01", "invoice_tax", taxkey(cn, r[1]), "hence not the lawful tax")
        at(d2, back)
    at(d, go)
@story(0)
def tax12(k):
    j = [("E-1", "WI"), ("E-2", "NE-C2"), ("E-1", "OH"), ("E-2", "KS-C3")][k]; RETURNFIX.append((j, (15000, -9900)[k % 2]))
def juris_code(e, j):
    home = HOME[e][0]
    if "-" not in j: return "StateTaxDueSalesInState" if j == home else "StateTaxDueSalesOrigOutOfState"
    return "JurisTaxDueSalesInState" if j[:2] == home else "JurisTaxDueSalesOrigOutOfState"
def write_returns():
    fix = dict(RETURNFIX); done = set()
    for (e, j, m), x in sorted(TAXSUM.items()):
        if j[:2] in NOREG: continue
        code = juris_code(e, j)
        if m == "2026-10" and (e, j) in fix:
            y = x + fix[e, j]; w("return_filed", e, j, m, code, m2(y), "original", 1, "USD")
            LF and bad("TAX-12", "Tax collected differs from the return", "return_filed", f"{e}/{j}/{m}/{code}/original/1", f"return is {m2(fix[e, j])} off the tax collected")
        elif m == "2026-10" and j in ("OH-C1", "NE") and code.endswith("InState"):
            w("return_filed", e, j, m, code, m2(x - 4321), "original", 1, "USD"); w("return_filed", e, j, m, code, m2(x), "amended", 2, "USD")
            ok("TAX-12", "", "return_filed", f"{e}/{j}/{m}/{code}/original/1", "wrong original replaced by an amended return"); ok("TAX-12", "", "return_filed", f"{e}/{j}/{m}/{code}/amended/2", "amended return agrees")
        else: w("return_filed", e, j, m, code, m2(x), "original", 1, "USD")
@story()
def tax14(k):
    c = taxcust(k, st="NV"); d = od()
    def go():
        def mod(ls):
            for l in ls: l.treat = "all"
        v = sale(c, d, mod=mod)
        for n, r in enumerate(v.rows, 1):
            bad("TAX-14", "Tax is charged for a place where no return is filed", "invoice_tax", f"{v.id}/{r[0]}/{n}", "tax of a state in which the seller is not registered", "tax_over_collected", r[5]); so("TAX-04", "invoice_tax", f"{v.id}/{r[0]}/{n}", "not taxed there")
    at(d, go)
@story(50)
def tax14_ok(k):
    c = taxcust(k, st="ID"); d = od()
    def go(): v = sale(c, d); [ok("TAX-14", "", "invoice_tax", taxkey(v, j), "registered there since the first of the month") for j in v.jur]
    at(d, go)
@story(50)
def tax20_ok(k):
    c = cust(ent="E-1", st="WI"); d = od()
    def go():
        v = document(c, d, [L(FREE[1], 10, FREEP[1])]); ordinary_payment(v); n = document(c, d, [L(FREE[1], 1, FREEP[1] + 700)], ); ordinary_payment(n)
        for x in (v, n): ok("TAX-20", "", "invoice_tax", taxkey(x, "WI"), "one line: by line and in total are the same"); ok("TAX-02", "Pennies of tax all go one way", "invoice_tax", taxkey(x, "WI"), "rounded as the law has it")
    at(d, go)
MIXED = []
FINISH.append(lambda: bad("TAX-20", "Tax is rounded by line on some invoices and in total on others", "invoice_tax", "|".join(MIXED), "rounded line by line where the entity rounds by invoice"))
@story()
def tax20(k):
    c = cust(ent="E-1", st=R.choice(["NE", "IA", "WI", "MN"])); d = od(); i = FREE[1]
    def go():
        rs = [rate_on(j, d) for j in jurs(c, "E-1")]
        for t in range(2000):
            nets = [FREEP[1] + 100 * R.randint(0, 99) for _ in range(5)]
            one = [sum(hup(n * r, 10**8) for n in nets) for r in rs]; tot = [hup(sum(nets) * r, 10**8) for r in rs]
            agg = hup(sum(nets) * sum(rs), 10**8)
            if one[0] != tot[0] and one[1] != tot[1] and sum(one) != agg: break
        def tm(rows):
            for r, x in zip(rows, one): r[5] = x
        v = document(c, d, [L(i, 1, n) for n in nets], tamper=tm); ordinary_payment(v)
        MIXED.extend(f"{v.id}//{n}" for n in (1, 2))
        for n in (1, 2): so("TAX-02", "invoice_tax", f"{v.id}//{n}", "pennies of rounding")
    at(d, go)

# ---------------------------------------------------------------- EXM
@story()
def exm01(k):
    c = rowcust(k); c.cert = cert(c); d = od()
    def go():
        v = sale(c, d, n=2)
        for l in v.lines: bad("EXM-01", "A customer with a certificate on file is taxed", "invoice_line", lk(v, l.no), "resale certificate for the state on file since January, yet taxed", "tax_over_collected", hup(l.net * l.treat, 1000000))
        for n, r in enumerate(v.rows, 1): so("TAX-01", "invoice_tax", f"{v.id}/{r[0]}/{n}", ""); so("TAX-04", "invoice_tax", f"{v.id}/{r[0]}/{n}", "")
    at(d, go)
@story(80)
def exm01_ok(k):
    c = taxcust(k // 4); d = od(2, 20); m = k % 4
    if m == 0: cert(c, frm=d + 5, received=d + 6); why = "certificate received after the sale"
    elif m == 1: cert(c, cat="grocery"); why = "certificate covers other goods"
    elif m == 2: cert(c, states=["OH" if c.st != "OH" else "NE"]); why = "certificate for another state"
    else: cert(c, status="revoked"); why = "certificate revoked"
    def go(): v = sale(c, d); [ok("EXM-01", "", "invoice_line", lk(v, l.no), why) for l in v.lines]
    at(d, go)
@story(30)
def exm01_ok_single(k):
    c = taxcust(k); d = od(2, 20); cert(c, scope="single_purchase", ref="E1-INV-0000001")
    def go(): v = sale(c, d); ok("EXM-01", "", "invoice_line", lk(v), "certificate for one other purchase")
    at(d, go)
@story()
def exm02(k):
    c = rowcust(k); d = od()
    def go():
        def mod(ls):
            for l in ls: l.treat = "none"; l.ex = "exempt"; l.reason = "resale"
        v = sale(c, d, n=2, mod=mod)
        for l in v.lines: bad("EXM-02", "An exempt sale has no certificate behind it", "invoice_line", lk(v, l.no), "untaxed as resale, no certificate of the customer in any file"); so("TAX-05", "invoice_line", lk(v, l.no), "hence taxable")
    at(d, go)
@story(50)
def exm02_ok(k):
    c = taxcust(k, exempt="late"); d = D(10, R.randint(2, 12)); x = cert(c, frm=d, received=d + 20)
    def go():
        def mod(ls):
            for l in ls: l.treat = "none"; l.ex = "exempt"; l.reason = "resale"; l.cert = x
        v = sale(c, d, n=2, mod=mod)
        for r in ("EXM-02", "TAX-05"): ok(r, "", "invoice_line", lk(v), "certificate obtained twenty days after the sale, within ninety")
    at(d, go)
@story()
def exm03(k):
    c = taxcust(k, exempt="x"); c.exempt = True
    to = D(9, 16) if k % 2 else D(11, 16); x = c.cert = cert(c, frm=D(11, 16, 2024), to=to)
    for m in (8, 9, 10):
        d = D(m, R.randint(3, 12)) if m == 9 else D(m, R.randint(3, 25))
        def go(d=d, m=m):
            v = sale(c, d)
            if m == 10:
                bad("EXM-03", "A certificate has lapsed or soon will, and the customer still buys untaxed", "exemption_certificate", x, "ends 15 September, customer buys on untaxed" if k % 2 else "ends 15 November, customer buys monthly")
                for l in v.lines:
                    if k % 2: so("EXM-02", "invoice_line", lk(v, l.no), "certificate lapsed"); so("TAX-05", "invoice_line", lk(v, l.no), "certificate lapsed")
        at(d, go)
@story(50)
def exm03_ok(k):
    c = taxcust(k, exempt="x"); c.exempt = True; x = c.cert = cert(c, frm=D(11, 16, 2024), to=D(9, 16))
    def a(): sale(c, D(8, 11))
    at(D(8, 11), a)
    if k % 2: why = "lapsed, the customer bought nothing since"
    else:
        y = cert(c, frm=D(9, 10)); why = "lapsed and replaced by a new one"; d = od()
        def b(): c.cert = y; sale(c, d)
        at(d, b)
    ok("EXM-03", "", "exemption_certificate", x, why)
@story()
def exm04(k):
    c = taxcust(k, exempt="x"); c.exempt = True
    if k % 2: x = c.cert = cert(c, tax="99-" + f"{7654321 - k * 7:07d}"); why = "tax number on the certificate is another's"
    else: x = c.cert = cert(c, nm=name(), tax="98-" + f"{1234567 + k * 11:07d}"); why = "made out by another company"
    d = od()
    def go():
        v = sale(c, d); bad("EXM-04", "A certificate names somebody else than the customer", "exemption_certificate", x, why)
        for l in v.lines: so("EXM-02", "invoice_line", lk(v, l.no), "")
    at(d, go)
@story(50)
def exm04_ok(k):
    c = taxcust(k, exempt="x"); c.exempt = True; n = c.name
    nm = n.upper() + "." if k % 2 else n.replace(" Inc", "; Inc.").replace(" LLC", "; L.L.C.").replace(" Co", " Co."); nm = nm.replace(";", "")
    x = c.cert = cert(c, nm=nm); d = od()
    def go(): sale(c, d); ok("EXM-04", "", "exemption_certificate", x, "the same name in other spelling, same tax number")
    at(d, go)

# ---------------------------------------------------------------- CRD / REF
@story()
def crd01(k):
    c = cust(terms="NET15"); d = D(8, R.randint(10, 28))
    def go():
        v = sale(c, d, sp=[(i, 30) for i in general(2)], settle_=False)
        settle(v, d + 3)
        def back():
            cn = credit(v, d + 12 if ymd(d + 12)[2] >= 11 else D(9, 13), credit_lines(v, [(v.lines[0], 10)]), "return")
            do = od(2, 12)
            def buy():
                u = sale(c, do, sp=[(i, 20) for i in general(2)], settle_=False)
                x = min(-cn.gross, u.gross)
                bad("CRD-01", "A credit note is open while the customer has open invoices", "invoice", cn.id, "credit open since September, October's invoice due and unpaid", "held_for_customer", x)
                so("REF-01", "invoice", cn.id, "credit of a paid invoice, money neither used nor returned")
            at(do, buy)
        at(d + 12 if ymd(d + 12)[2] >= 11 else D(9, 13), back)
    at(d, go)
@story(60)
def crd01_ok(k):
    c = cust(terms="NET15" if k % 3 == 0 else "NET30"); d = D(8, R.randint(10, 18)) if k % 3 == 0 else od(2, 8)
    def go():
        v = sale(c, d, sp=[(i, 30) for i in general(2)], settle_=False); settle(v, d + 3)
        d2 = D(9, 13) if k % 3 == 0 else od(20, 28)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 10)]), "return")
            do = od(2, 12) if k % 3 == 0 else d2
            def buy():
                u = sale(c, do, sp=[(i, 20) for i in general(2)], settle_=False)
                if k % 3 == 0:
                    QUIET.add(u.id); w("dispute", nid("DS", 6), u.id, iso(do + 3), "", m2(u.gross), "price"); why = "the only open invoice is disputed in full; credit paid back meanwhile"; refund(c, -cn.gross, do + 5, cn=cn)
                elif k % 3 == 1: why = "credit of the last days, invoice not yet due"
                else: why = "credit of the last days; invoice of the same day"
                ok("CRD-01", "", "invoice", cn.id, why); ok("REF-01", "", "invoice", cn.id, why)
            at(do, buy)
        at(d2, back)
    at(d, go)
@story()
def crd02(k):
    c = taxcust(k); d = od(2, 10)
    def go():
        v = sale(c, d, sp=[(i, 30) for i in general(2)], settle_=False)
        d2 = od(13, 18); d3 = d2 + R.randint(2, 6)
        def back():
            tot = v.net * 70 // 100
            c1 = credit(v, d2, [L(v.lines[0].item, -1, tot * 100, "discount", desc="Compensation")], "price_correction"); dispose(c1, v, d2)
            def more():
                c2 = credit(v, d3, [L(v.lines[0].item, -1, tot * 100, "discount", desc="Compensation")], "price_correction"); b = balance(v, d3); usecredit(c2, v, min(b, -c2.gross), d3)
                bad("CRD-02", "Credit notes exceed the invoice that they refer to", "invoice", f"{c2.id}|{v.id}", "two price corrections of 70 % each on one invoice", "under_billed", -c1.gross - c2.gross - v.gross)
            at(d3, more)
        at(d2, back)
    at(d, go)
@story(50)
def crd02_ok(k):
    c = taxcust(k); d = od(2, 10)
    def go():
        v = sale(c, d, sp=[(i, 30) for i in general(2)], settle_=False)
        d2 = od(13, 18)
        def back():
            i = v.lines[0].item
            if k % 2:
                dn = document(c, d2 - 1, [L(i, 1, 2500000, "fee", desc="Special packing")], "debit_note", orig=v.id, reason="packing", rate_day=v.taxday); cn = credit(v, d2, credit_lines(v, [(l, l.qty) for l in v.lines]), "return")
                n2 = credit(v, d2, [L(i, -1, 2500000, "fee", desc="Special packing")], "return"); dispose(cn, v, d2); usecredit(n2, dn, min(-n2.gross, dn.gross), d2) if True else None
                ok("CRD-02", "", "invoice", n2.id, "invoice was raised by a debit note; credits equal both")
            else:
                cn = credit(v, d2, credit_lines(v, [(l, l.qty) for l in v.lines]), "return"); dispose(cn, v, d2)
                g = credit(v, d2 + 1, [L(i, -1, 5000 * 100, "discount", desc="Goodwill")], "goodwill", status="void"); ok("CRD-02", "", "invoice", g.id, "second credit voided")
        at(d2 - (1 if k % 2 else 0), back)
    at(d, go)
@story()
def crd03(k):
    c = taxcust(k); d = od(2, 10)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(4)], settle_=False); d2 = od(13, 17); d3 = d2 + R.randint(2, 6)
        def one():
            dispose(credit(v, d2, credit_lines(v, [(v.lines[0], 10)]), "return"), v, d2)
            def two():
                cn = credit(v, d3, credit_lines(v, [(v.lines[0], 10)]), "return"); b = balance(v, d3); usecredit(cn, v, min(b, -cn.gross), d3)
                bad("CRD-03", "An invoice line is credited for more than it billed", "invoice_line", f"{lk(cn)}|{lk(v)}", "the same returned line credited twice", "under_billed", (-cn.gross, -cn.net))
                so("CRD-02", "invoice", cn.id, ""); so("CRD-02", "invoice", v.id, "")
            at(d3, two)
        at(d2, one)
    at(d, go)
@story(50)
def crd03_ok(k):
    c = taxcust(k); d = od(2, 10)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False)
        for x, (dd, q) in enumerate(((13, 3), (19, 2))):
            def back(dd=dd, q=q, x=x):
                cn = credit(v, D(10, dd), credit_lines(v, [(v.lines[0], q)]), "return"); dispose(cn, v, D(10, dd))
                if x: ok("CRD-03", "", "invoice_line", lk(cn), "partial returns of three, then two, of ten")
            at(D(10, dd), back)
    at(d, go)
@story()
def crd04(k):
    c = taxcust(k); d = D(8, R.randint(3, 20))
    def go():
        v = sale(c, d, sp=[(i, 12) for i in general(2)]); l = v.lines[0]; rd = D(10, R.randint(1, 3)) if k % 2 else D(9, R.randint(5, 25)); r = nid("RMA", 6)
        w("return_authorization", r, v.id, c.id, l.item, 5, iso(rd), iso(rd - 5), "approved"); n = hup(5 * l.price, 100)
        bad("CRD-04", "Goods came back and were not credited", "return_authorization", r, "five of twelve came back a month ago and more; no credit note", "over_billed", both(n, l))
    at(d, go)
@story(60)
def crd04_ok(k):
    c = taxcust(k); d = D(9, R.randint(3, 20))
    def go():
        v = sale(c, d, sp=[(i, 12) for i in general(2)]); l = v.lines[0]; r = nid("RMA", 6)
        rd, st, why = [(D(11, 2), "approved", "came back three days ago, being inspected"), (D(10, 2), "rejected", "rejected after inspection"), (None, "approved", "approved, not come back yet")][k % 3]
        w("return_authorization", r, v.id, c.id, l.item, 5, iso(rd), iso(D(9, 28)), st); ok("CRD-04", "", "return_authorization", r, why)
    at(d, go)
@story()
def crd06(k):
    c = taxcust(k); m = 10; d = D(m, R.randint(22, 29)); d2 = D(m + 1, R.randint(1, 3))
    def go():
        v = sale(c, d, settle_=False)
        def back():
            cn = credit(v, d2, credit_lines(v, [(l, l.qty) for l in v.lines]), "return"); dispose(cn, v, d2); bad("CRD-06", "A sale was credited soon after the end of its month", "invoice", f"{cn.id}|{v.id}", "sale of the month's last days credited in full in the first days of the next")
        at(d2, back)
    at(d, go)
@story(50)
def crd06_ok(k):
    c = taxcust(k); d = D(9, R.randint(3, 20)); d2 = D(10, R.randint(20, 26))
    def go():
        v = sale(c, d, settle_=False)
        def back(): cn = credit(v, d2, credit_lines(v, [(v.lines[0], v.lines[0].qty)]), "return"); dispose(cn, v, d2); ok("CRD-06", "", "invoice", cn.id, "a return credited late in the next month")
        at(d2, back)
    at(d, go)
@story()
def crd07(k):
    c = taxcust(k); d = od(2, 8); d2 = od(12, 24)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False)
        def fix():
            cn = credit(v, d2, credit_lines(v, [(l, l.qty) for l in v.lines]), "wrong_price"); dispose(cn, v, d2)
            a, b = v.lines; ls = [L(a.item, a.qty, a.price - a.price // 2000 * 100, o=a.o, ol=a.ol, sh=a.sh, shl=a.shl), L(b.item, b.qty - 2, b.price, o=b.o, ol=b.ol, sh=b.sh, shl=b.shl)]
            if k % 2: ls[1].qty = b.qty
            u = document(c, d2, ls, po="PO-OTHER" + c.id if k % 2 else v.po, repl=v.id, reason="wrong_price", terms=("NET15" if c.terms != "NET15" else "NET30") if k % 2 else None); ordinary_payment(u)
            bad("CRD-07", "A corrected invoice differs from the old one in more than the correction", "invoice", u.id, "rebilled for a wrong price, but purchase order and terms changed too" if k % 2 else "rebilled for a wrong price, but another line's quantity fell too"); so("PRC-01", "invoice_line", lk(u), "the corrected price")
            so("COM-01", "order_line", f"{b.o}/{b.ol}", "two of the goods are billed no more")
        at(d2, fix)
    at(d, go)
@story(50)
def crd07_ok(k):
    c = taxcust(k); d = od(2, 8); d2 = od(12, 24); wrong = None
    def go():
        def mod(ls): ls[0].price = ls[0].price + ls[0].price // 1000 * 100
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False, mod=mod)
        def fix():
            cn = credit(v, d2, credit_lines(v, [(l, l.qty) for l in v.lines]), "wrong_price"); dispose(cn, v, d2)
            ls = [L(l.item, l.qty, price(l.item, 10, d - 2, c), o=l.o, ol=l.ol, sh=l.sh, shl=l.shl) for l in v.lines]
            u = document(c, d2, ls, po=v.po, repl=v.id, reason="wrong_price"); ordinary_payment(u)
            ok("CRD-07", "", "invoice", u.id, "rebilled at the right price, nothing else changed"); ok("TIM-02", "", "invoice", u.id, "the first bill was in time, this one corrects it"); ok("PRC-01", "", "invoice_line", lk(v), "wrong price, credited in full and rebilled rightly")
        at(d2, fix)
    at(d, go)
@story()
def crd09(k):
    c, e = cust(ent="E-2"), cust(ent="E-2"); d = od(2, 10); d2 = od(13, 24)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 1); u = sale(e, d, sp=[(i, 20) for i in general(3)], settle_=False)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 5)]), "return"); x = min(-cn.gross, u.gross); key = usecredit(cn, u, x, d2)
            bad("CRD-09", "A credit note is applied to another customer's invoice", "credit_application", key, "credit of one customer used on a stranger's invoice", "misposted", x)
        at(d2, back)
    at(d, go)
@story(50)
def crd09_ok(k):
    par = cust(ent="E-2"); c = cust(ent="E-2", parent=par.id); d = od(2, 10); d2 = od(13, 24)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 1); u = sale(par, d, sp=[(i, 20) for i in general(3)], settle_=False)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 5)]), "return"); x = min(-cn.gross, u.gross); key = usecredit(cn, u, x, d2); ok("CRD-09", "", "credit_application", key, "subsidiary's credit used on its parent's invoice")
        at(d2, back)
    at(d, go)
@story()
def crd10(k):
    c = cust(st=R.choice(["OH", "NE", "KS", "IA"])); d = D(12, R.randint(1, 28), 2023)
    cn = document(c, d, [L(FREE[1], -R.randint(1, 3), FREEP[1])], "credit_note", reason="return", series="E1-OLD", no=nid("OLD", 5), orig=f"K{5000 + k:08d}", returned=False, rate_day=BIG0, iid=f"K{6000 + k:08d}", ent="E-1")
    bad("CRD-10", "A forgotten credit is about to become unclaimed property", "invoice", cn.id, "credit of December 2023, untouched since; the state takes it after 36 months", "held_for_customer", -cn.gross); so("REF-01", "invoice", cn.id, "an old credit never paid back")
@story(50)
def crd10_ok(k):
    c = cust(st="OH"); d = D(12, R.randint(1, 28), 2023)
    n = L(FREE[1], -1, 200000) if k % 2 else L(FREE[1], -3, FREEP[1])
    cn = document(c, d, [n], "credit_note", reason="return", series="E1-OLD", no=nid("OLD", 5), orig=f"K{7000 + k:08d}", returned=False, rate_day=BIG0, iid=f"K{8000 + k:08d}", ent="E-1")
    if k % 2: ok("CRD-10", "", "invoice", cn.id, "old credit below the state's minimum")
    else:
        def buy(): v = sale(c, D(8, 20), settle_=False); usecredit(cn, v, 3000, D(8, 20)); ordinary_payment(v); ok("CRD-10", "", "invoice", cn.id, "old credit used in part in August: activity resets the clock")
        at(D(8, 20), buy)
@story()
def ref01p(k):
    c = cust(); d = D(9, R.randint(2, 28)) if k % 2 else D(10, R.randint(1, 4)); 
    def go():
        v = sale(c, d - 3, settle_=False); p = payment(c, d, v.gross + 7500); apply(p, v, v.gross)
        bad("REF-01", "A customer who owes nothing has not got back what they paid too much", "payment", p.id, "paid 75.00 too much over a month ago, owes nothing since", "held_for_customer", 7500); so("PAY-06", "payment", p.id, "the same money")
    at(d, go)
@story(60)
def ref01p_ok(k):
    c = cust(); d = D(9, R.randint(2, 20))
    def go():
        v = sale(c, d - 3, settle_=False)
        if k % 3 == 0: p = payment(c, d, v.gross + 7500); apply(p, v, v.gross); refund(c, 7500, d + 10, requested=d + 6, p=p); why = "paid too much, refunded"
        elif k % 3 == 1: settle(v, d); p = payment(c, d, 50000, type="deposit"); why = "deposit held by agreement"
        else: settle(v, d); p = payment(c, d, 30000, status="reversed"); why = "bounced, never applied"
        ok("REF-01", "", "payment", p.id, why); ok("PAY-06", "", "payment", p.id, why)
    at(d, go)
@story()
def ref01i(k):
    c = taxcust(k); d = D(8, R.randint(5, 25)); d2 = D(9, R.randint(12, 28))
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 5)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 4)]), "return"); bad("REF-01", "A paid invoice was credited and the money was not given back", "invoice", f"{cn.id}|{v.id}", "paid in August, credited in September, neither refunded nor used", "held_for_customer", -cn.gross)
        at(d2, back)
    at(d, go)
@story(50)
def ref01i_ok(k):
    c = taxcust(k); d = D(8, R.randint(5, 25)); d2 = D(9, R.randint(12, 28))
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 5)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 4)]), "return"); d3 = od(2, 8)
            def buy(): u = sale(c, d3, sp=[(i, 20) for i in general(4)], settle_=False); x = min(-cn.gross, u.gross); usecredit(cn, u, x, d3); refund(c, -cn.gross - x, d3 + 2, cn=cn) if x < -cn.gross else None; ordinary_payment(u); ok("REF-01", "", "invoice", cn.id, "credit used on the next invoice"); ok("CRD-01", "", "invoice", cn.id, "credit used on the next invoice")
            at(d3, buy)
        at(d2, back)
    at(d, go)
@story()
def ref02(k):
    c = customer(biz=False); d = D(7, R.randint(5, 25)); q, pd = D(9, R.randint(3, 12)), od(18, 28)
    def go():
        v = sale(c, d - 3, settle_=False); p = payment(c, d, v.gross + 12000); apply(p, v, v.gross); rf = refund(c, 12000, pd, requested=q, p=p)
        bad("REF-02", "A refund is paid later than the law allows", "refund", rf, "consumer asked in September, paid late in October, more than 30 days later", "held_for_customer", 12000)
    at(d, go)
@story(50)
def ref02_ok(k):
    c = customer(biz=bool(k % 2)); d = D(9, R.randint(5, 25)); q = D(10, R.randint(5, 12))
    def go():
        v = sale(c, d - 3, settle_=False); p = payment(c, d, v.gross + 12000); apply(p, v, v.gross); rf = refund(c, 12000, q + (20 if k % 2 else 4), requested=q, p=p); ok("REF-02", "", "refund", rf, "business customer, twenty days: the consumer's law does not apply" if k % 2 else "paid within four days")
    at(d, go)
@story()
def ref03(k):
    c = taxcust(k); s0 = D(9, R.randint(18, 22)); en = D(10, R.randint(2, 4)); pl = PLANS[4]
    s = subscription(c, s0, en, plan=pl, seats=4, run=False, refundable=True, notice=s0 + 5)
    def go():
        v = sub_bill(s, s0, add_months(s0, 1), s0, pay=False); settle(v, s0 + 2); bad("REF-03", "A cancelled subscription is paid beyond its end", "subscription", s.id, "cancelled in mid month, the month was paid in advance, the rest not given back", "held_for_customer"); so("SUB-03", "invoice_line", lk(v), ""); so("SUB-04", "invoice_line", lk(v), "billed beyond the end")
    at(s0, go)
@story(50)
def ref03_ok(k):
    c = taxcust(k); s0 = D(9, R.randint(2, 4)) if k % 2 else D(9, R.randint(18, 22)); en = add_months(s0, 1) if k % 2 else D(10, R.randint(2, 4))
    if k % 2: s = subscription(c, s0, en, run=False, refundable=True, notice=s0 + 10); why = "notice given, billing runs to the end of the paid month"
    else: s = subscription(c, s0, en, run=False, refundable=False, notice=s0 + 10); why = "the contract gives nothing back"
    def go(): v = sub_bill(s, s0, add_months(s0, 1), s0, pay=False); settle(v, s0 + 2); ok("REF-03", "", "subscription", s.id, why); ok("SUB-03", "", "invoice_line", lk(v), why)
    at(s0, go)
@story()
def ref04(k):
    c = taxcust(k); d = D(9, R.randint(5, 20)); d2 = od(12, 20)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 5)
        def back():
            cn = credit(v, d2, credit_lines(v, [(v.lines[0], 4)]), "return"); x = -cn.gross; r1 = refund(c, x, d2 + 3, cn=cn)
            if k % 2: r2 = refund(c, x, d2 + 7, cn=cn); over = x; cn.refd -= x
            else: over = 2500; r2 = refund(c, over, d2 + 7, cn=cn); cn.refd -= over
            bad("REF-04", "More was refunded than was paid or credited", "refund", r2, "credit note refunded twice" if k % 2 else "refunded 25.00 beyond the credit note", "under_billed", over)
            so("ARI-06", "invoice", cn.id, ""); so("ARI-07", "invoice", cn.id, "")
        at(d2, back)
    at(d, go)
@story(50)
def ref04_ok(k):
    c = taxcust(k); d = D(9, R.randint(5, 20)); d2 = od(12, 20)
    def go():
        v = sale(c, d, sp=[(i, 10) for i in general(2)], settle_=False); settle(v, d + 5)
        def back(): cn = credit(v, d2, credit_lines(v, [(v.lines[0], 4)]), "return"); x = -cn.gross; refund(c, x // 2, d2 + 3, cn=cn); r = refund(c, x - x // 2, d2 + 7, cn=cn); ok("REF-04", "", "refund", r, "refunded in two halves")
        at(d2, back)
    at(d, go)

# ---------------------------------------------------------------- PAY
@story()
def pay01(k):
    c, e = cust(), cust(); d = od(2, 12)
    def go():
        v = sale(c, d, settle_=False); u = sale(e, d, settle_=False); p = payment(e, d + 6, v.gross); key = apply(p, v, v.gross)
        bad("PAY-01", "A payment is applied to another customer's invoice", "payment_application", key, "payment of a stranger put on this customer's invoice", "misposted", v.gross)
    at(d, go)
@story(60)
def pay01_ok(k):
    par = cust(); c = cust(parent=par.id if k % 3 == 0 else ""); d = od(2, 12)
    def go():
        v = sale(c, d, settle_=False)
        if k % 3 == 0: p = payment(par, d + 6, v.gross, text="group settlement"); why = "parent pays for its subsidiary"
        elif k % 3 == 1: p = payment(par, d + 6, v.gross, text=f"pays {v.no} for {c.name}"); why = "remittance names the invoice"
        else: p = payment(c, d + 6, v.gross, payer=par.id, text="by factor"); why = "paid by a third party on the customer's account"
        ok("PAY-01", "", "payment_application", apply(p, v, v.gross), why)
    at(d, go)
@story()
def pay02(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, sp=[(PLAIN[1], 12)], settle_=False); b = sale(c, d, sp=[(PLAIN[1], 12), (PLAIN[3], 5)], settle_=False)
        p = payment(c, d + 6, a.gross, text=f"Invoice {a.no}"); key = apply(p, b, a.gross)
        bad("PAY-02", "A payment names one invoice and was put to another", "payment_application", key, f"remittance says {a.no}, applied to {b.no}", "misposted", a.gross)
    at(d, go)
@story(50)
def pay02_ok(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); b = sale(c, d, settle_=False)
        if k % 2: p = payment(c, d + 6, a.gross + b.gross, text=f"{a.no}, {b.no}"); apply(p, a, a.gross); key = apply(p, b, b.gross); why = "names both"
        else:
            q = payment(c, d + 4, a.gross, text=a.no); apply(q, a, a.gross); p = payment(c, d + 6, b.gross, text=f"order of {c.name} {b.po}"); key = apply(p, b, b.gross); why = "names the purchase order"
        ok("PAY-02", "", "payment_application", key, why)
    at(d, go)
@story()
def pay03(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); b = sale(c, d, settle_=False); x = R.choice([2000, 5500]); x = min(x, b.gross // 2)
        p = payment(c, d + 6, a.gross + b.gross - x); apply(p, a, a.gross); apply(p, b, b.gross)
        bad("PAY-03", "More is applied of a payment than was received", "payment", p.id, f"{m2(x)} more applied than came in", "under_billed", x)
    at(d, go)
@story(50)
def pay03_ok(k):
    c = cust(terms="D2N30"); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False)
        if k % 2: settle(a, d + 6, disc=a.gross * 2 // 100); p = PAYS[-1]; why = "cash and the discount earned come to the invoice"
        else:
            b = sale(c, d, settle_=False); p = payment(c, d + 6, b.gross); apply(p, a, min(a.gross, b.gross)); apply(p, a, -min(a.gross, b.gross), day=d + 7); apply(p, b, b.gross, day=d + 7); why = "applied to the wrong invoice, taken back, applied to the right one"
        ok("PAY-03", "", "payment", p.id, why)
    at(d, go)
@story()
def pay04(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); x = a.gross // 4; p = payment(c, d + 5, a.gross, text=a.no); apply(p, a, a.gross); q = payment(c, d + 9, x, text=a.no); apply(q, a, x)
        bad("PAY-04", "More is applied to an invoice than it asks for", "invoice", a.id, "paid in full, then a quarter more applied", "held_for_customer", x)
    at(d, go)
@story(50)
def pay04_ok(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); p = payment(c, d + 5, a.gross + 1500, text=a.no)
        if k % 2: apply(p, a, a.gross + 1500); apply(p, a, -1500, day=d + 8); refund(c, 1500, d + 9, p=p); why = "over-applied, un-applied, refunded"
        else: apply(p, a, a.gross); refund(c, 1500, d + 9, p=p); why = "overpayment refunded, never applied"
        ok("PAY-04", "", "invoice", a.id, why); ok("REF-01", "", "payment", p.id, why)
    at(d, go)
@story()
def pay05(k):
    c = cust(); d = od(2, 8)
    def go():
        a = sale(c, d, settle_=False); ref = f"WIRE {R.randrange(10**9, 10**10)}"; p = payment(c, d + 5, a.gross, ref=ref, text=a.no); apply(p, a, a.gross); q = payment(c, d + 8, a.gross, ref=ref, text=a.no)
        bad("PAY-05", "A payment was received twice", "payment", q.id, "same sum, same reference, three days apart; one invoice", "held_for_customer", a.gross)
    at(d, go)
@story(60)
def pay05_ok(k):
    c = cust(); d = od(2, 8)
    def go():
        i = general(1)[0]; a = sale(c, d, sp=[(i, 5)], settle_=False); ref = "ACH ONLINE"
        if k % 3 == 0: b = sale(c, d + 1, sp=[(i, 5)], settle_=False); apply(payment(c, d + 5, a.gross, ref=ref), a, a.gross); q = payment(c, d + 6, b.gross, ref=ref); apply(q, b, b.gross); why = "two equal invoices, each paid"
        elif k % 3 == 1: p = payment(c, d + 5, a.gross, ref=ref + " 77", status="reversed"); apply(p, a, a.gross); apply(p, a, -a.gross, day=d + 8); q = payment(c, d + 9, a.gross, ref=ref + " 77"); apply(q, a, a.gross); why = "returned unpaid and presented again"
        else: x = a.gross // 2; apply(payment(c, d + 5, x, ref="autopay"), a, x); q = payment(c, d + 12, x, ref="autopay"); apply(q, a, x); a.gross - 2 * x and adjust(a, d + 12, "write_off", a.gross - 2 * x); why = "two equal instalments of one invoice"
        ok("PAY-05", "", "payment", q.id, why)
    at(d, go)
@story()
def pay06(k):
    c = cust(terms="NET30"); d = D(9, R.randint(5, 28)) if k % 2 else D(10, R.randint(1, 4))
    def go():
        p = payment(c, d, 25000)
        def buy():
            sale(c, od(10, 25), sp=[(i, 30) for i in general(2)], settle_=False); bad("PAY-06", "A payment is unapplied for more than a month", "payment", p.id, "money on account for over a month while invoices are open", "held_for_customer", 25000)
        at(D(10, 10), buy)
    at(d, go)
@story(60)
def pay06_ok(k):
    c = cust(terms="NET30"); d = [od(15, 28), D(9, 8), D(9, 8)][k % 3]
    def go():
        sale(c, max(d, D(10, 6)), settle_=False) if d >= D(10, 6) else at(D(10, 6), lambda: sale(c, D(10, 6), settle_=False))
        p = payment(c, d, 25000, type=["receipt", "prepayment", "receipt"][k % 3])
        if k % 3 == 2: refund(c, 25000, d + 12, requested=d + 8, p=p)
        ok("PAY-06", "", "payment", p.id, ["receipt of the last weeks", "prepayment for a project", "receipt sent back"][k % 3])
    at(d, go)
@story()
def pay10(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); p = payment(c, d + 5, a.gross, status=("reversed", "chargeback")[k % 2], text=a.no); apply(p, a, a.gross)
        bad("PAY-10", "A payment that bounced still pays an invoice", "payment", p.id, "bounced, the application stands", "under_billed", a.gross)
    at(d, go)
@story(50)
def pay10_ok(k):
    c = cust(); d = od(2, 12)
    def go():
        a = sale(c, d, settle_=False); p = payment(c, d + 5, a.gross, status="reversed", text=a.no); apply(p, a, a.gross); apply(p, a, -a.gross, day=d + 8); ok("PAY-10", "", "payment", p.id, "bounced and taken off the invoice"); ok("ARI-06", "", "invoice", a.id, "open again")
    at(d, go)

# ---------------------------------------------------------------- PRC, STA
@story()
def prc01(k):
    c = taxcust(k); d = od(); i = general(1)[0]
    def go():
        p = price(i, 6, d - 2, c); f = R.choice([107, 113, 92]); x = p * f // 100 // 100 * 100
        def mod(ls): ls[0].price = x
        v = sale(c, d, sp=[(i, 6), (general(1)[0], 2)], mod=mod, orderday=d - 1); l = v.lines[0]; df = l.net - hup(6 * p, 100)
        bad("PRC-01", "The unit price is not the one agreed", "invoice_line", lk(v, 1), f"list and order say {p4(p)}, billed {p4(x)}", "over_billed" if df > 0 else "under_billed", both(abs(df), l)); so("DUP-01", "order_line", f"{l.o}/{l.ol}", "")
    at(d, go)
@story(80)
def prc01_ok(k):
    c = taxcust(k); d = od(4, 12); i = general(1)[0]; m = k % 4
    if m == 0:
        i = R.choice([x for x in PRICE if len(PRICE[x]) == 2 and CAT[x] == "general"]); why = "ordered in September at September's price, delivered in October"
        def go(): v = sale(c, d, sp=[(i, 5)], orderday=D(9, 28)); ok("PRC-01", "", "invoice_line", lk(v), why); ok("ARI-10", "", "invoice_line", lk(v), why)
    elif m == 1:
        p = PRICE[i][0][2] * 80 // 100 // 100 * 100; CON[i, c.id] = p; w("price", i, c.id, "", "USD", "EA", "", "", p4(p), "2026-06-01", "", "contract"); why = "customer's contract price below list"
        def go(): v = sale(c, d, sp=[(i, 5)]); ok("PRC-01", "", "invoice_line", lk(v), why)
    elif m == 2:
        p = PRICE[i][0][2] * 90 // 100 // 100 * 100; why = "order taken at an approved special price, billed as ordered"
        def go():
            v = sale(c, d, sp=[(i, 5)], prices=[p]); v.approved = "sales manager"; ok("PRC-01", "", "invoice_line", lk(v), why)
    else:
        why = "list price with ten per cent allowance shown on the line"
        def go():
            def mod(ls): l = ls[0]; l.allow = hup(l.qty * l.price, 1000); l.allowpct = "0.10"
            v = sale(c, d, sp=[(i, 5)], mod=mod); ok("PRC-01", "", "invoice_line", lk(v), why); ok("ARI-01", "", "invoice_line", lk(v), why)
    at(d, go)
@story()
def prc03(k):
    c = taxcust(k); d = od(); i = R.choice(BRACK)
    def go():
        q = (50, 200)[k // 2 % 2] if k % 2 else (49, 199)[k // 2 % 2]; right = price(i, q, d, c); t = BRK[i]; x = [p for lo, hi, p in t if p != right][0 if q >= 50 and k % 2 else 0]
        n = next(a for a, (lo, hi, p) in enumerate(t) if p == right); x = t[n - 1][2] if k % 2 else t[n + 1][2]
        def mod(ls): ls[0].price = x
        v = sale(c, d, sp=[(i, q)], mod=mod, prices=[right]); l = v.lines[0]; df = l.net - hup(q * right, 100)
        bad("PRC-03", "The unit price is that of another quantity bracket", "invoice_line", lk(v), f"{q} pieces billed at {p4(x)}, the bracket says {p4(right)}", "over_billed" if df > 0 else "under_billed", both(abs(df), l)); so("PRC-01", "invoice_line", lk(v), ""); so("DUP-01", "order_line", f"{l.o}/{l.ol}", "")
    at(d, go)
@story(50)
def prc03_ok(k):
    c = taxcust(k); d = od(2, 14); i = R.choice(BRACK)
    def go():
        p = price(i, 60, d, c); o, po = order(c, d - 1, [(i, 60, p)])
        for x in range(2):
            def part(x=x):
                s = ship(c, d + 6 * x, o, [(1, i, 30)]); v = document(c, d + 6 * x, [L(i, 30, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
                for r in ("PRC-03", "PRC-01"): ok(r, "", "invoice_line", lk(v), "sixty ordered at the bracket of fifty and more, delivered thirty and thirty")
            at(d + 6 * x, part)
    at(d, go)
@story(80)
def price_overlap(k):
    i = nid("G", 5, 10001); CAT[i] = "general"; w("item", i, f"Spare {i}", "general", "false", "goods")
    to, frm = [("", "2026-09-01"), ("2026-10-16", "2026-10-01"), ("", "2026-10-05")][k % 3]
    w("price", i, "", "", "USD", "EA", "", "", "12.00", "2026-01-01", to, "list"); w("price", i, "", "", "USD", "EA", "", "", "12.60", frm, "", "list")
    bad("-", "Two prices of one standing hold on one day", "price", f"{i}///USD/EA//{frm}|{i}///USD/EA//2026-01-01", "old list price was not ended when the new one began" if not to else "old list price ends two weeks after the new one began")
    j = nid("G", 5, 10001); CAT[j] = "general"; w("item", j, f"Spare {j}", "general", "false", "goods")
    w("price", j, "", "", "USD", "EA", "", "", "12.00", "2026-01-01", "2026-09-01", "list"); w("price", j, "", "", "USD", "EA", "", "", "12.60", "2026-09-01", "", "list"); w("price", j, "", "RETAIL", "USD", "EA", "", "", "11.00", "2026-01-01", "", "list")
    w("price", j, "", "", "USD", "EA", 100, "", "10.00", "2020-01-01", "2026-01-01", "list")
    ok("-", "Two prices of one standing hold on one day", "price", f"{j}///USD/EA//2026-09-01", "one ends the day the other begins; a segment's price beside the list")
@story(0)
def rates_bad(k):
    for a in range(1):
        j = UNUSED[k]; frm = ("2026-08-01", "2026-10-01")[k]; w("tax_rate", j, "SALES", "general", "intrastate", "0.012500", frm, "", "synthetic"); bad("-", "Two rates of a jurisdiction are in force on one day", "tax_rate", f"{j}/SALES/general/intrastate/{frm}|{j}/SALES/general/intrastate/2025-01-01", "new rate entered, old one not ended")
        h = UNUSED[k + 2]; w("tax_rate", h, "SALES", "general", "interstate", "0.015000", "2025-01-01", "", "synthetic"); bad("-", "A rate stands twice in the rate table", "tax_rate", f"{h}/SALES/general/interstate/2025-01-01", "one key, two rates"); so("-", "tax_rate", f"{h}/SALES/general/interstate/2025-01-01", "")
        g = UNUSED[k + 4]; w("tax_rate", g, "SALES", "food_drug", "intrastate", "0.005000", "2025-01-01", "2026-10-01", "synthetic"); w("tax_rate", g, "SALES", "food_drug", "intrastate", "0.006000", "2026-10-01", "", "synthetic"); ok("-", "Two rates of a jurisdiction are in force on one day", "tax_rate", f"{g}/SALES/food_drug/intrastate/2026-10-01", "one rate ends the day the other begins; another class stands beside")
@story(50)
def sta01(k):
    d = od(); i = FREE[0]; c = taxcust(k)
    def go():
        v = document(c, d, [L(i, 2, FREEP[0] * 6)]); ordinary_payment(v); bad("STA-01", "A unit price is far from the item's own history", "invoice_line", lk(v), "made to order article at six times its usual price")
    at(d, go)
@story(0)
def sta01_history(k):
    if k: return
    for x in range(180):
        c = cust(); d = START + x
        if d <= END:
            def go(c=c, d=d, x=x): v = document(c, d, [L(FREE[0], 2 + x % 4, FREEP[0] + 100 * (x % 13 - 6) * 50)]); ordinary_payment(v)
            at(d, go)
# ---------------------------------------------------------------- SUB, COM
@story()
def sub01(k):
    c = taxcust(k); s0 = D(6, R.randint(2, 20)); gap = add_months(s0, 3) if k % 2 else add_months(s0, 4)
    s = subscription(c, s0, skip=(gap,)); n = s.seats * s.p // 100
    bad("SUB-01", "Days of an active subscription are not billed", "subscription", s.id, "one month of an active subscription never billed, the next was" if k % 2 else "October's month not billed, active", "unbilled", None)
    def lab():
        for v in INVS: pass
    so("COM-05", "invoice_line", "SUB:" + s.id, "")
@story(80)
def sub01_ok(k):
    c = taxcust(k); s0 = D(6, R.randint(2, 20)); a = add_months(s0, 4); b = add_months(a, 1); m = k % 4
    if m == 0: s = subscription(c, s0, skip=(a,), periods=[("active", s0, a), ("paused", a, b), ("active", b, None)]); why = "paused for the month"
    elif m == 1: s = subscription(c, a, skip=(a,), status="trial", periods=[("trial", a, b), ("active", b, None)]); why = "free trial month"
    elif m == 2: s = subscription(c, s0, a); why = "ended before the month"
    else: s = subscription(c, s0, arrears=True); why = "billed in arrears, the last month is not over"
    ok("SUB-01", "", "subscription", s.id, why)
@story()
def sub02(k):
    c = taxcust(k); s0 = D(6, R.randint(2, 12)); s = subscription(c, s0); a = add_months(s0, 4); day = a + 10
    def go():
        v = document(c, day, [sub_line(s, a + 10, add_months(a + 10, 1))]); ordinary_payment(v)
        bad("SUB-02", "Billed service periods of a subscription overlap", "invoice_line", lk(v), "a month billed from the tenth day of a month already billed", "over_billed"); so("DUP-05", "invoice", v.id, "same lines"); so("SUB-02", "invoice_line", lk(v), "")
    at(day, go)
    # the following ordinary bill overlaps the surplus one too
    nx = add_months(a, 1)
    def lab():
        for v in INVS:
            if v.c is c and v.day == nx: so("SUB-02", "invoice_line", lk(v), "runs into the surplus month")
    FINISH.append(lab)
@story(50)
def sub02_ok(k):
    c = taxcust(k); s0 = D(6, R.randint(2, 20)); s = subscription(c, s0, usage=True)
    ok("SUB-02", "", "subscription", s.id, "fee in advance and last month's usage side by side")
@story()
def sub03(k):
    c = taxcust(k); s0 = od(5, 20); b = D(11, 1); s = subscription(c, s0, run=False, plan=PLANS[3 + k % 2], seats=3)
    def go():
        n = (b - s0); full = s.seats * s.p // 100; x = full * n * 13 // 310 if k % 2 else full * max(1, n - 4) // 31
        l = L(s.plan, s.seats, hup(x * 100, s.seats), s=s0, e=b, sub=s.id, uom=""); l.price = x * 100 // s.seats // 100 * 100; v = document(c, s0, [l]); ordinary_payment(v)
        cls = "over_billed" if k % 2 else "under_billed"
        bad("SUB-03", "A part of a period is billed by no lawful convention", "invoice_line", lk(v), f"{n} days billed at {m2(l.net)} of {m2(full)} a month", cls); so("PRC-01", "invoice_line", lk(v), "part of the monthly price")
    at(s0, go)
    def nov(): sub_bill(s, D(11, 1), D(12, 1), D(11, 1))
    at(D(11, 1), nov)
@story(80)
def sub03_ok(k):
    c = taxcust(k); s0 = od(5, 20); b = D(11, 1); s = subscription(c, s0, run=False, plan=PLANS[3 + k % 2], seats=1)
    def go():
        n = b - s0; full = s.p // 100
        if k % 3 == 0: x, why, pr = hup(full * n, 31), "actual days of the month", "actual"
        elif k % 3 == 1: x, why, pr = hup(full * (30 - (ymd(s0)[2] - 1)), 30), "thirty-day months", "30_360"
        else: x, why, pr = hup(full * (n + 1), 31), "actual days, first and last day counted", None
        l = L(s.plan, 1, x * 100, s=s0, e=b, sub=s.id, uom="", pror=pr); v = document(c, s0, [l]); ordinary_payment(v); ok("SUB-03", "", "invoice_line", lk(v), "part of a month by " + why); ok("PRC-01", "", "invoice_line", lk(v), "part of a month by " + why)
    at(s0, go)
    at(D(11, 1), lambda: sub_bill(s, D(11, 1), D(12, 1), D(11, 1)))
@story()
def com01(k):
    c = taxcust(k); d = od(1, 4); i = general(1)[0]
    def go():
        p = price(i, 8, d - 1, c); o, po = order(c, d - 1, [(i, 8, p)]); ship(c, d, o, [(1, i, 8)]); bad("COM-01", "Goods were shipped and not billed", "order_line", f"{o}/1", "eight shipped a month ago and more, no invoice", "unbilled", 8 * p // 100)
    at(d, go)
@story(120)
def com01_ok(k):
    c = taxcust(k); d = D(9, R.randint(5, 28)); i = general(1)[0]; m = k % 6
    def go():
        p = price(i, 8, d - 1, c); o, po = order(c, d - 1, [(i, 8, p)], billing=["on_shipment", "ship_complete", "prepaid", "on_shipment", "on_shipment", "on_shipment"][m])
        if m == 0: ship(c, d, o, [(1, i, 8)], reason="sample"); why = "sample, free of charge"
        elif m == 1: ship(c, d, o, [(1, i, 4)]); why = "billed when complete; half is still to come"
        elif m == 2: ship(c, d, o, [(1, i, 8)]); v = document(c, d - 1, [L(i, 8, p, o=o, ol=1)], po=po); settle(v, d); why = "prepaid: billed with the order"
        elif m == 3: s = ship(c, d, o, [(1, i, 8)]); w("shipment_line", s, 2, o, 1, c.id, i, -8, iso(d + 9), iso(d + 9), c.ship, "", "EA"); why = "all came back"
        elif m == 4: ship(c, d, o, [(1, i, 8)]); v = document(c, d + 1, [L(i, 8, p, o=o, ol=1)], po=po); ordinary_payment(v); why = "billed by order line, not by shipment"
        else: ship(c, d, o, [(1, i, 8)], reason="consignment"); why = "consignment stock"
        ok("COM-01", "", "order_line", f"{o}/1", why)
    at(d, go)
@story(30)
def com01_ok_recent(k):
    c = taxcust(k); d = D(11, 2); i = general(1)[0]
    def go(): p = price(i, 8, d - 1, c); o, po = order(c, d - 1, [(i, 8, p)]); ship(c, d, o, [(1, i, 8)]); ok("COM-01", "", "order_line", f"{o}/1", "shipped three days ago")
    at(d, go)
@story()
def com05(k):
    c = taxcust(k); dd = R.randint(3, 24); last = []
    for m in range(5, 10):
        def go(m=m):
            v = document(c, D(m, dd), [L(REPAIR, 1, 4500000, uom="", desc="Maintenance for the month")]); ordinary_payment(v)
            if m == 9: bad("COM-05", "A bill that came again and again fails to come", "invoice_line", lk(v), "maintenance billed every month from May to September, not in October", "unbilled")
        at(D(m, dd), go)
@story(80)
def com05_ok(k):
    c = taxcust(k); dd = 31 if k % 3 == 0 else R.randint(3, 24)
    for m in range(5, 12):
        day = D(m, min(dd, mlen(2026, m)))
        if k % 3 == 1 and m > 9: break
        if k % 3 == 2 and m == 10: day += 3
        if day > END or m > 10: continue
        def go(m=m, day=day):
            n = L(REPAIR, 6 if k % 3 == 1 and m == 9 else 1, 4500000, uom="", desc="Maintenance", s=date(2026, m, 1).toordinal(), e=D(3, 1, 2027) if k % 3 == 1 and m == 9 else month_end(day) + 1)
            v = document(c, day, [n]); ordinary_payment(v)
            ok("COM-05", "", "invoice_line", lk(v), ["billed on the month's last day", "September's bill covers half a year", "October's bill came three days later than usual"][k % 3]) if m == (9 if k % 3 == 1 else 10) else None
        at(day, go)

# ---------------------------------------------------------------- TIM, TRM, CUR, CUS, DUN
@story()
def tim01(k):
    c = taxcust(k); d = D(10, R.randint(2, 4)); dl = D(9, R.randint(27, 29))
    def go(): v = sale(c, d, delivered=dl, orderday=dl - 2); [bad("TIM-01", "A delivery is billed in another period than it was made in", "invoice_line", lk(v, l.no), "delivered in September, billed in October") for l in v.lines]; so("TIM-02", "invoice", v.id, "five days and more after delivery")
    at(d, go)
@story(50)
def tim01_ok(k):
    c = taxcust(k); d = D(10, 2)
    def go():
        i = general(1)[0]; p = price(i, 4, D(9, 25), c); o, po = order(c, D(9, 25), [(i, 4, p)])
        if k % 2: s = ship(c, D(9, 30), o, [(1, i, 4)], delivered=D(10, 1)); t = None; why = "left in September, arrived and was billed in October"
        else: s = ship(c, D(9, 28), o, [(1, i, 4)], delivered=D(9, 29)); t = D(10, 1); why = "title passed in October: consignment taken over"
        v = document(c, d, [L(i, 4, p, o=o, ol=1, sh=s, shl=1, title=t)], po=po); ordinary_payment(v); ok("TIM-01", "", "invoice_line", lk(v), why)
    at(d, go)
@story()
def tim02(k):
    c = taxcust(k); d = od(8, 28) if k % 2 else od(2, 3)
    def go():
        if k % 2: v = sale(c, d, delivered=D(7, 20), orderday=D(7, 18)); why = "delivered in July, billed in October"; [so("TIM-01", "invoice_line", lk(v, l.no), "hence another period") for l in v.lines]
        else: v = sale(c, d, sent=D(11, 4)); why = "made out early in October, sent in November"
        bad("TIM-02", "An invoice was made out or sent long after the delivery", "invoice", v.id, why)
    at(d, go)
@story(50)
def tim02_ok(k):
    c = taxcust(k); d = od(8, 28)
    def go(): v = sale(c, d, delivered=d - 3, orderday=d - 6, sent=d + 2); ok("TIM-02", "", "invoice", v.id, "billed three days after delivery, sent two days later")
    at(d, go)
@story()
def trm01(k):
    c = taxcust(k); d = od(); x = R.choice([15, -10, 30])
    def go(): v = sale(c, d, duedate=due(c.terms, d) + x); bad("TRM-01", "The due date does not follow from the payment terms", "invoice", v.id, f"due {x} days off the terms")
    at(d, go)
@story(50)
def trm01_ok(k):
    t = ["EOM", "PROX10", "NET30"][k % 3]; c = taxcust(k, terms=t); d = [D(10, 30), D(10, 31), D(10, 2)][k % 3]
    def go(): v = sale(c, d); ok("TRM-01", "", "invoice", v.id, ["end of month, made out a day before", "tenth of the next month, made out on the 31st", "thirty days over the month's end"][k % 3])
    at(d, go)
@story()
def trm03(k):
    c = taxcust(k, terms="D2N30"); d = D(9, R.randint(20, 28)) if k % 2 else od(2, 6)
    def go():
        v = sale(c, d, settle_=False); pc, day = (2, d + 22) if k % 2 else (5, d + 8)
        def pay():
            x = v.gross * pc // 100; settle(v, day, disc=x); right = 0 if k % 2 else v.gross * 2 // 100
            bad("TRM-03", "A discount for early payment was taken late or too high", "invoice", v.id, "two per cent taken on the 22nd day" if k % 2 else "five per cent taken where two are granted", "under_billed", x - right)
        at(day, pay)
    at(d, go)
@story(50)
def trm03_ok(k):
    c = taxcust(k, terms="D2N30"); d = od(2, 12)
    def go():
        v = sale(c, d, settle_=False); day = d + 10
        def pay():
            x = v.gross * 2 // 100; p = payment(c, day, v.gross - x, text=v.no, posted=day + 3); apply(p, v, v.gross - x, day=day if k % 2 else day, disc=x, posted=day + 3); ok("TRM-03", "", "invoice", v.id, "paid on the last day of the term, booked three days later")
        at(day, pay)
    at(d, go)
@story()
def trm04(k):
    c = taxcust(k, terms="NET30"); d = D(8, R.randint(10, 25)); f = d + 30 + 20
    def go():
        v = sale(c, d, sp=[(i, 20) for i in general(2)], settle_=False); f2 = max(f, D(10, 2))
        def fee():
            b = balance(v, f2); x = hup(b * 15 * (4 if k % 2 == 0 else 3), 1000); n = L("", 1, x * 100, "late_fee", code="late fee", desc=f"Late fee on {v.no}", uom="")
            u = document(c, f2, [n], orig=v.id); at(f2 + 5, settle, v, f2 + 5); at(f2 + 6, settle, u, f2 + 6); bad("TRM-04", "A late fee exceeds what the terms allow", "invoice_line", lk(u), f"late fee of {('6', '4.5')[k % 2]} per cent where the terms allow 1.5", "over_billed")
        at(f2, fee)
    at(d, go)
@story(50)
def trm04_ok(k):
    c = taxcust(k, terms="NET30"); d = D(8, R.randint(24, 28))
    def go():
        v = sale(c, d, sp=[(i, 20) for i in general(2)], settle_=False); f2 = D(10, R.randint(8, 12))
        def fee():
            x = balance(v, f2) * 15 // 1000; n = L("", 1, x * 100, "late_fee", code="late fee", desc=f"Late fee on {v.no}", uom=""); u = document(c, f2, [n], orig=v.id); at(f2 + 5, settle, v, f2 + 5); at(f2 + 6, settle, u, f2 + 6); ok("TRM-04", "", "invoice_line", lk(u), "1.5 per cent of what is open, after the days of grace"); ok("TAX-05", "", "invoice_line", lk(u), "a late fee is no sale")
        at(f2, fee)
    at(d, go)
@story()
def cur02(k):
    c = cust(cur="CAD"); d = od()
    def go(): v = sale(c, d); x = R.choice([12345, -2222]); v.over["gross_total_functional"] = m2(hup(v.gross * FX[d], 1000000) + x); bad("CUR-02", "The functional amount is not the total at the stated rate", "invoice", v.id, f"functional total off by {m2(x)}")
    at(d, go)
@story(50)
def cur02_ok(k):
    c = cust(cur="CAD"); d = od()
    def go(): v = sale(c, d, n=4); v.over["gross_total_functional"] = m2(hup(v.gross * FX[d], 1000000) + (1 if k % 2 else -1)); ok("CUR-02", "", "invoice", v.id, "sum of the lines rounded one by one: a cent from the rounded total")
    at(d, go)
@story(70)
def cus01(k):
    a = customer(); n = a.name; nm = n.upper().replace(" INC", ", INC.").replace(" LLC", " L L C").replace(" CO", " COMPANY").replace(",", "")
    b = customer(ent=a.ent, st=a.st, cty=a.cty, nm=nm, tax=a.tax, email=f"billing@{n.split()[0].lower()}{n.split()[1].lower()}.example", bill_line=f"{int(a.bill[1:])} Main St.")
    d = od(2, 20)
    def go(): sale(a, d); sale(b, d + 1) if False else None
    def go2(): sale(b, d + 1)
    at(d, go); at(d + 1, go2); bad("CUS-01", "One customer is held under two numbers", "customer", f"{b.id}|{a.id}", "same company, same tax number, same address, name spelt differently")
@story(50)
def cus01_ok(k):
    a = customer(); n = a.name
    if k % 2: b = customer(ent=a.ent, nm=n + " Store 4", tax=a.tax, parent=a.id); why = "branch of the first, with its parent stated"
    else: b = customer(ent=a.ent, nm=n.replace(" Inc", " LLC") if " Inc" in n else n.rsplit(" ", 1)[0] + " Inc", st="MN" if a.st != "MN" else "IA"); why = "other company of like name: other tax number, other place"
    d = od(2, 20)
    at(d, lambda: sale(a, d)); at(d + 1, lambda: sale(b, d + 1)); ok("CUS-01", "", "customer", b.id, why)
@story()
def cus02(k):
    st = R.choice(["NE", "IA", "WI"]); c = taxcust(k, st=st, cty=f"{st}-C1", moved=True); new = address(st, f"{st}-C3"); old = c.ship
    w("customer_address", c.id, old, "ship_to", "2025-01-01", "2026-07-01"); w("customer_address", c.id, old, "bill_to", "2025-01-01", "2026-07-01"); w("customer_address", c.id, new, "ship_to", "2026-07-01", ""); w("customer_address", c.id, new, "bill_to", "2026-07-01", "")
    c.bill = new; d = od()
    def go(): v = sale(c, d, shipto=old); bad("CUS-02", "An invoice goes to an address that the customer has left", "invoice", v.id, "delivered and taxed at the address left in July")
    at(d, go)
@story(50)
def cus02_ok(k):
    st = R.choice(["NE", "IA", "WI"]); c = taxcust(k, st=st, cty=f"{st}-C1", moved=True); new = address(st, f"{st}-C1"); old = c.ship
    if k % 2: w("customer_address", c.id, old, "ship_to", "2025-01-01", "2026-11-01"); w("customer_address", c.id, new, "ship_to", "2026-11-01", ""); why = "moves on 1 November; October went to the old place"
    else: w("customer_address", c.id, old, "ship_to", "2025-01-01", ""); w("customer_address", c.id, new, "ship_to", "2026-07-01", ""); why = "two places in use"
    w("customer_address", c.id, old, "bill_to", "2025-01-01", ""); d = od()
    def go(): v = sale(c, d); ok("CUS-02", "", "invoice", v.id, why)
    at(d, go)
@story()
def dun01(k):
    c = taxcust(k, terms="NET15"); d = D(9, R.randint(5, 20))
    def go():
        v = sale(c, d, settle_=False); settle(v, d + 12); r = nid("D", 6); x = od(8, 25); w("reminder", r, v.id, c.id, iso(x), 1); bad("DUN-01", "A reminder was sent for a paid invoice", "reminder", r, "paid and booked weeks before the letter")
    at(d, go)
    e = taxcust(k, terms="NET15"); d2 = D(9, R.randint(5, 20))
    def go2():
        v = sale(e, d2, settle_=False); QUIET.add(v.id); w("dispute", nid("DS", 6), v.id, iso(d2 + 8), "", m2(v.gross), "quality"); r = nid("D", 6); w("reminder", r, v.id, e.id, iso(od(8, 25)), 1); bad("DUN-01", "A reminder was sent for a disputed invoice", "reminder", r, "disputed since September")
    at(d2, go2)
@story(100)
def dun01_ok(k):
    c = taxcust(k, terms="NET15"); d = D(9, R.randint(5, 20)); x = od(8, 20); m = k % 5
    def go():
        v = sale(c, d, settle_=False); r = nid("D", 6); lev = 1; sent = x
        if m == 0: p = payment(c, x - 1, v.gross, posted=x + 2); apply(p, v, v.gross, day=x - 1, posted=x + 2); why = "value of the day before, booked after the letter"
        elif m == 1: p = payment(c, x - 9, v.gross // 2); apply(p, v, v.gross // 2); why = "half paid, the rest is overdue"
        elif m == 2: p = payment(c, x - 9, v.gross, status="reversed"); apply(p, v, v.gross); apply(p, v, -v.gross, day=x - 4); why = "the payment bounced before the letter"
        elif m == 3: QUIET.add(v.id); w("dispute", nid("DS", 6), v.id, iso(d + 5), iso(x - 4), m2(v.gross), "quality"); why = "dispute was closed before the letter"
        else: settle(v, x - 20 if x - 20 > d else d + 3); lev = 0; sent = max(D(10, 3), x - 4); why = "courtesy note, level nought"
        w("reminder", r, v.id, c.id, iso(sent), lev); ok("DUN-01", "", "reminder", r, why)
    at(d, go)


# ---------------------------------------------------------------- run of days
total = A.lines
ncust = max(60, total // 70)
for k in range(ncust):
    x = R.random()
    c = customer(exempt=x < .15, cur="CAD" if x > .97 else "USD", terms="D2N30" if .15 < x < .20 else None, pool=True)
    if x > .92 and c.cur == "USD": c.collective = True
    if R.random() < .1 and c.cur == "USD":
        for i in R.sample(PLAIN, 3):
            CON[i, c.id] = PRICE[i][0][2] * 88 // 100 // 100 * 100
            w("price", i, c.id, "", "USD", "EA", "", "", p4(CON[i, c.id]), "2026-01-01", "", "contract")
for c in R.sample(CUST, max(1, ncust // 60)):
    ok("SUB-01", "", "subscription", subscription(c if c.cur == "USD" else CUST[0], D(1, 31), seats=2).id, "anchored on the 31st: periods end on the last day of short months") if c.cur == "USD" else None
nsub = max(6, total // 80)
for k in range(nsub):
    c = R.choice(CUST)
    if c.cur != "USD": continue
    st = D(R.randint(1, 12), R.randint(1, 28), 2025) if R.random() < .8 else START + R.randint(0, 120)
    en = None
    if R.random() < .08: en = add_months(st, max(1, (END - st) // 31 - R.randint(0, 2)))
    subscription(c, st, en, usage=R.random() < .25, arrears=R.random() < .15)
days = END - START + 1
plan_docs = total * 10 // 39            # documents for the lines wanted, about
october = plan_docs // 6
def count(mult=100): return max(2, int(RATE * october * mult / 100 + Decimal("0.5")))
plant(count)
emitted = 0
per_day = total * 83 // 100 * 10 // (days * 44)
for day in range(START, END + 1):
    for _ in range(per_day + (1 if R.randrange(days * 44) < (total * 83 // 100 * 10) % (days * 44) else 0)):
        order_sale(R.choice(CUST), day)
    q = CAL.pop(day, [])
    k = 0
    while k < len(q) or day in CAL:
        if k >= len(q): q = CAL.pop(day); k = 0
        fn, a = q[k]; k += 1; fn(*a)

# ---------------------------------------------------------------- headers, ledgers, returns
for fn in FINISH: fn()
AR = {}
for v in INVS:
    b = balance(v); o = v.over
    if v.status != "posted": b = 0
    if v.type == "statement": b = 0
    v.bal = b
    st = "paid" if b == 0 else "credit" if b < 0 else "open" if b == v.gross else "partly_paid"
    fxr = o.pop("fxr", None) or (FX.get(v.day, 735000) if v.cur != "USD" else None)
    g = {"invoice_id": v.id, "invoice_no": v.no, "series": v.series, "document_type": v.type, "status": v.status, "issue_date": iso(v.day), "posting_date": iso(v.day), "tax_point_date": iso(v.taxday),
         "due_date": iso(v.due), "entity_id": v.ent, "customer_id": v.c.id, "ship_from_id": HOME[v.ent][2], "ship_to_id": v.shipto, "bill_to_id": v.c.bill, "currency": v.cur,
         "fx_rate": r6(fxr) if fxr else "", "prices_include_tax": "false", "line_total": m2(v.net + v.allow), "allowance_total": m2(v.allow), "charge_total": "0.00", "net_total": m2(v.net),
         "tax_total": m2(v.tax), "gross_total": m2(v.gross), "prepaid_amount": m2(v.prepaid), "rounding_amount": m2(v.round), "payable_amount": m2(v.gross - v.prepaid + v.round),
         "original_invoice_id": v.orig or "", "reason_code": v.reason, "channel": v.chan, "payment_terms_code": "" if v.type == "credit_note" else v.terms, "entered_by": "job-" + SER[v.ent].lower(),
         "source_system": v.source, "balance": m2(b), "customer_po": v.po, "sent_date": iso(v.sent), "approved_by": v.approved, "replaces_id": v.repl or "", "payment_status": st,
         "gross_total_functional": m2(hup(v.gross * fxr, 1000000)) if fxr else m2(v.gross), "batch_id": "B" + iso(v.day)}
    g.update(o)
    if v.header_only if hasattr(v, "header_only") else False: continue
    w("invoice", *[g[k] for k in COLS["invoice"].split()])
    if v.status == "posted" and b and v.type != "statement":
        w("open_item", v.id, v.id, v.type, iso(ASOF), m2(b), m2(v.gross), v.c.id, v.cur); AR[v.cur] = AR.get(v.cur, 0) + b
for p in PAYS:
    left = p.amount - p.used - p.refd
    if p.status != "cleared" or p.day > ASOF: continue
    if left: w("open_item", p.id, "", "payment", iso(ASOF), m2(-left), m2(-p.amount), p.c.id, p.cur); AR[p.cur] = AR.get(p.cur, 0) - left
for cur, x in sorted(AR.items()): w("gl_balance", "1200", iso(ASOF), cur, m2(x))
write_returns()
for f in F.values(): f.close()
LF.close()
with open(os.path.join(A.out, "tieout.toml"), "w", encoding="utf-8") as f:
    f.write('[engagement]\nname = "Second generator, October 2026"\nperiod = "2026-10"\nas_of = "2026-11-05"\n')
    dated = {"invoice", "invoice_line", "invoice_tax", "payment", "payment_application", "order_line", "shipment_line", "credit_application", "refund", "return_authorization", "adjustment", "usage", "reminder", "dispute", "allowance_charge"}
    for t, c in COLS.items():
        if not N[t]: continue
        f.write(f'\n[[source]]\npopulation = "{t}"\npath = "{t}.csv"\n')
        if t in dated: f.write('extract = { from = "2026-05-01", to = "2026-11-06" }\n')
        if t == "invoice":
            series = [("E1-INV", "E1-INV-{number}"), ("E2-INV", "E2-INV-{number}"), ("E2-CN", "E2-CN-{number}")]
        if t in CONTROL: f.write("control = { records = %s%s }\n" % (CONTROL[t](N[t]), ""))
        f.write("[source.columns]\n" + "".join(f'{x} = "{x}"\n' for x in c.split()))
        if t == "invoice":
            for name_, pat in series: f.write(f'[[source.series]]\nname = "{name_}"\nheader = "invoice_no"\npattern = "{pat}"\n')
print({t: n for t, n in N.items() if t in ("invoice", "invoice_line", "invoice_tax", "payment", "customer", "subscription")}, file=sys.stderr)
