#!/usr/bin/env python3
"""Compares a tieout report with labels.csv: what was found, missed, and said beyond the labels, rule by rule."""
import argparse, csv, json, sys
from collections import Counter, defaultdict
from decimal import Decimal

ap = argparse.ArgumentParser()
ap.add_argument("--labels", required=True)
ap.add_argument("--report", required=True)
ap.add_argument("--show", type=int, default=3)
ap.add_argument("--rule", default="", help="show only this rule or catalogue id")
a = ap.parse_args()
TOLERANCE = Decimal("0.05")      # roundings of the tax on a difference
rep = json.load(open(a.report), parse_float=Decimal)
rules = {r["id"]: r for r in rep["rules"]}

PK = {"invoice": 1, "invoice_line": 2, "invoice_tax": 3, "payment": 1, "payment_application": 3, "credit_application": 3, "customer": 1, "order_line": 2, "shipment_line": 2,
      "subscription": 1, "refund": 1, "return_authorization": 1, "reminder": 1, "exemption_certificate": 1, "return_filed": 6, "price": 7, "tax_rate": 5, "document_number": 3, "control_total": 2}
def keytext(pop, key):
    """the population's key columns; what follows them in the report is context"""
    return "/".join("" if k["value"] is None else str(k["value"]) for k in key[:PK.get(pop, len(key))])
def amounts(f):
    out = []
    for e in f.get("effects") or []:
        for n in ("gross", "net", "tax"):
            if e.get(n) not in (None, ""): out.append((e.get("class"), abs(Decimal(str(e[n])))))
    return out

labels = list(csv.DictReader(open(a.labels, encoding="utf-8", newline="")))
planted, look, cons = [], defaultdict(list), defaultdict(list)
for l in labels:
    ks = l["key"].split("|")
    if l["kind"] == "planted":
        planted.append((l, ks))
    for k in ks: (look if l["kind"] == "look-alike" else cons if l["kind"] == "consequence" else defaultdict(list))[l["population"], k].append(l)
byrule = defaultdict(list)
for f in rep["findings"]:
    f["_k"] = keytext(f["population"], f["key"]); byrule[f["rule"]].append(f)
hit = defaultdict(list)          # (rule, population, key) -> findings
for r, fs in byrule.items():
    for f in fs: hit[r, f["population"], f["_k"]].append(f)
used = set(); res = defaultdict(lambda: Counter()); diff = defaultdict(lambda: defaultdict(list))
plantkeys = defaultdict(list)
for l, ks in planted:
    rs = [i for i, r in rules.items() if (r.get("reference") or "") in (l["reference"], "" if l["reference"] == "-" else None, None if l["reference"] != "-" else None) and (not l["title"] or r["title"] == l["title"])]
    if l["reference"] == "-": rs = [i for i, r in rules.items() if r["title"] == l["title"]]
    if not rs: res["(no rule) " + l["reference"]]["planted"] += 1; continue
    r = rs[0]
    for k in ks: plantkeys[l["population"], k].append(l)
    res[r]["planted"] += 1
    fs = [f for i in rs for k in ks for f in hit.get((i, l["population"], k), [])]
    if fs:
        res[r]["found"] += 1
        for f in fs: used.add(id(f))
        if l["amount"]:
            want = [Decimal(x) for x in l["amount"].split("|")]; got = [x for f in fs for x in amounts(f)]
            right = lambda w: any(abs(x - w) <= TOLERANCE and c in l["class"].split() for c, x in got)
            if not right(want[0]):
                if len(want) > 1 and right(want[1]): res[r]["net"] += 1
                else: res[r]["amount"] += 1; diff[r]["other amount"].append(f'{l["population"]} {"|".join(ks[:2])}: label {l["class"]} {l["amount"]}, report {", ".join(f"{c} {x}" for c, x in got) or "none"}; {l["note"]}')
        elif l["class"] and not any(c in l["class"].split() for f in fs for c, _ in amounts(f)): res[r]["amount"] += 1; diff[r]["other class"].append(f'{ks[0]}: label {l["class"]}, report {[c for f in fs for c, _ in amounts(f)]}')
    else:
        res[r]["missed"] += 1; diff[r]["missed"].append(f'{l["population"]} {"|".join(ks[:2])}: {l["note"]}')
for r, fs in byrule.items():
    for f in fs:
        res[r]["conf " + str(f.get("confidence"))] += 1
        if id(f) in used: continue
        k = (f["population"], f["_k"]); ref = rules[r].get("reference", "")
        mine = [l for l in look.get(k, []) if l["reference"] == ref or (l["reference"] == "-" and l["title"] == rules[r]["title"])]
        if mine: res[r]["look"] += 1; diff[r]["on a look-alike"].append(f'{k[0]} {k[1]} [{f.get("confidence")}]: {mine[0]["note"]}'); continue
        if k in cons or k in plantkeys or f.get("caused_by"): res[r]["consequence"] += 1; continue
        c = f.get("confidence"); res[r]["extra"] += 1; res[r]["extra " + str(c)] += 1
        diff[r]["extra"].append(f'{k[0]} {k[1]} [{c}] {amounts(f)[:1]}' + (f' (item is a look-alike of {look[k][0]["reference"]}: {look[k][0]["note"]})' if k in look else ""))
bad = 0
print(f'{"rule":40s} {"ref":7s} {"plant":>6s} {"found":>6s} {"missed":>6s} {"amount":>6s} {"net":>5s} {"look":>5s} {"extra":>6s} {"conseq":>6s}  cert/likely/review  status')
for r in sorted(set(res) | set(rules), key=lambda r: (rules.get(r, {}).get("reference") or "~", r)):
    x, ru = res[r], rules.get(r, {})
    sev, conf = ru.get("severity"), ru.get("confidence")
    if a.rule and a.rule not in (r, ru.get("reference")): continue
    fail = conf == "certain" and sev != "advice" and (x["missed"] or x["extra"] or x["look"])
    bad += bool(fail)
    print(f'{r:40s} {ru.get("reference", "") or "-":7s} {x["planted"]:6d} {x["found"]:6d} {x["missed"]:6d} {x["amount"]:6d} {x["net"]:5d} {x["look"]:5d} {x["extra"]:6d} {x["consequence"]:6d}  {x["conf certain"]}/{x["conf likely"]}/{x["conf review"]}  {ru.get("status", "")}{"  <-" if fail else ""}')
    for kind, ls in diff[r].items():
        for t in ls[:a.show]: print(f"      {kind}: {t}")
        if len(ls) > a.show > 0: print(f"      {kind}: and {len(ls) - a.show} more")
print(f"{bad} rules that are certain have misses or unexplained extras")
sys.exit(1 if bad else 0)
