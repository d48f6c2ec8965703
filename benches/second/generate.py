#!/usr/bin/env python3
"""Second, independent generator of test data for tieout: a seller's books with planted errors and legal look-alikes.

Written from the check catalogue alone, never from the rules. Money is integer cents, prices 1/10000, rates 1/1000000.
"""
import argparse, os, random, sys
from datetime import date, timedelta

AP = argparse.ArgumentParser()
AP.add_argument("--lines", type=int, default=100000)
AP.add_argument("--seed", type=int, default=1)
AP.add_argument("--rate", default="0.001")
AP.add_argument("--out", required=True)
AP.add_argument("--only", default="", help="plant only these catalogue ids (comma separated), for debugging")
A = AP.parse_args()
R = random.Random(A.seed)
os.makedirs(A.out, exist_ok=True)
from decimal import Decimal
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
"invoice_line": "invoice_id line_no item_id description line_type quantity uom unit_price base_quantity line_allowance line_allowance_percent line_charge net_amount tax_category tax_rate exemption_reason certificate_id tax_amount service_start service_end ship_to_id subscription_id order_id order_line_no shipment_id shipment_line_no original_line_no lot charge_code title_date proration",
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
    F[t].write(",".join(["" if x is None else str(x) for x in v])); F[t].write("\n"); N[t] += 1
LF = open(os.path.join(A.out, "labels.csv"), "w", encoding="utf-8", newline="")
LF.write("kind,reference,title,population,key,class,amount,currency,note\n")
def label(kind, ref, title, pop, key, note, cls="", amount=None, cur="USD"):
    q = lambda s: '"' + s.replace('"', '""') + '"' if "," in s or '"' in s else s
    LF.write(",".join([kind, ref, q(title), pop, q(key), cls if amount is not None or cls else "",
                       "" if amount is None else m2(amount), cur if amount is not None else "", q(note)]) + "\n")
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
for st, (fips, rate) in list(STATES.items()) + list(NOREG.items()):
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
            w("taxability_rule", f"TR{rid:04d}", j, cat, tr, "separately_stated" if cat == "11010" else "", "", "2025-01-01", "", "synthetic")
        if lev == "county": w("jurisdiction_set", "S-" + j, st); w("jurisdiction_set", "S-" + j, j)
        if st in STATES:
            for e in ("E-1", "E-2"): w("registration", e, j, f"{e}-{st}", "2024-01-01", "", "monthly", 20)
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
    def __init__(s, item, qty, price, type="item", **k):
        s.item, s.qty, s.price, s.type = item, qty, price, type
        s.base = s.allow = s.charge = 0
        s.allowpct = s.desc = s.ex = s.reason = s.cert = s.s = s.e = s.shipto = s.sub = s.o = s.ol = s.sh = s.shl = s.orig = s.lot = s.code = s.title = s.pror = None
        s.net = None; s.over = None; s.cat = None; s.treat = None; s.uom = "EA" if type == "item" else ""
        for a, b in k.items(): setattr(s, a, b)
class Inv:
    __slots__ = "id no series type status day due c ent cur net tax gross apps credits adj orig reason terms po sent repl over prepaid round chan allow rows lines pays po_ paidday shipto fx taxday unapplied approved refd header_only jur bal disc source".split()
INVS, BYID = [], {}
SER = {"E-1": "E1", "E-2": "E2"}
counter = {"E1-INV": 20417, "E2-INV": 7301, "E2-CN": 311, "E1-B": 5001}
def number(series):
    n = counter[series]; counter[series] = n + 1
    return f"{series}-{n:07d}"
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
        ltax = {}
        if linegrain:
            for r in rows: ltax[r[0]] = ltax.get(r[0], 0) + r[5]
        for l in lines:
            o = [v.id, l.no, l.item, l.desc, l.type, l.qty, l.uom, p4(l.price), l.base or "", m2(l.allow) if l.allow else "", l.allowpct, m2(l.charge) if l.charge else "", m2(l.net),
              l.ex, r6(l.treat), l.reason, l.cert, m2(ltax.get(l.no, 0)) if linegrain else "", iso(l.s), iso(l.e), l.shipto, l.sub, l.o, l.ol, l.sh, l.shl, l.orig, l.lot, l.code, iso(l.title), l.pror]
            w("invoice_line", *o)
    for n, r in enumerate(rows, 1):
        w("invoice_tax", v.id, r[0], n, r[6] if len(r) > 6 else "SALES", r[1], r6(r[2]), m2(r[3]), m2(r[4]), m2(r[5]))
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
    b = v.gross
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
    if x > .90: remind(v, dd + 10)
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
def remind(v, day, level=1):
    def go():
        if balance(v, day) > 0 and day > v.due: w("reminder", nid("D", 6), v.id, v.c.id, iso(day), level)
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
    if R.random() < .1: ok("TIM-02", "", "invoice", v.id, "monthly collective invoice for the month's deliveries, agreed with the customer")
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
    if ret < .02: ordinary_return(v, day)
    elif ret < .03: ordinary_goodwill(v, day)
    elif ret > .997 and day < END - 40:
        w("dispute", nid("DS", 6), v.id, iso(day + 6), iso(day + 15), m2(v.gross // 4), "quality")
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

exec(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "stories.py"), encoding="utf-8").read())

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
plan_docs = int(total / 3.9)            # ordinary orders for the lines wanted, about
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
        if t in CONTROL: f.write("control = { records = %s%s }\n" % (CONTROL[t](N[t]), ""))
        f.write("[source.columns]\n" + "".join(f'{x} = "{x}"\n' for x in c.split()))
print({t: n for t, n in N.items() if t in ("invoice", "invoice_line", "invoice_tax", "payment", "customer", "subscription")}, file=sys.stderr)
