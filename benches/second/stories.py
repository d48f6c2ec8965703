# ======================================================================= stories
# Each story plants one error or one legal look-alike, on a customer of its own unless the error needs company.
STORIES, FINISH, CONTROL, RETURNFIX = [], [], {}, []
def story(mult=100):
    def deco(fn): STORIES.append((fn, mult)); return fn
    return deco
def plant(count):
    for fn, m in STORIES:
        for k in range(count(m) if m else 2): fn(k)
def od(a=2, b=28): return D(10, R.randint(a, b))
def lk(v, n=1): return f"{v.id}/{n}"
def lg(l, net=None):
    n = l.net if net is None else net
    return n + hup(n * l.treat, 1000000)
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
            n = L(i, x, l.price, o=l.o, ol=l.ol); u = document(c, d + 9, [n], po=v.po); ordinary_payment(u)
            bad("DUP-01", "An order line is billed for more than was ordered", "order_line", f"{l.o}/{l.ol}", f"ordered and shipped {q}, billed {q} and {x} more", "over_billed", u.gross)
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
    c = cust(); i = general(1)[0]; amt = R.choice([120000, 90000]) * 100
    o, po = order(c, START + 1, [(i, 1, amt * 6)], billing="scheduled")
    s = ship(c, START + 12, o, [(1, i, 1)])
    PRICE_AT = amt
    for m in range(5, 11):
        def part(m=m):
            n = L(i, 1, amt * 6, o=o, ol=1, allow=amt // 100 * 5, desc=f"Instalment {m-4} of 6"); v = document(c, D(m, 16), [n], po=po); ordinary_payment(v)
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
        bad("DUP-02", "One service period of a subscription is billed twice", "invoice_line", lk(v), "October's period of the subscription billed again some days later", "over_billed", v.gross)
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
            bad("DUP-03", "A one-off fee is billed twice for one subscription", "invoice_line", lk(u), "setup fee of the subscription billed with the first bill and again", "over_billed", u.gross)
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
            for r in ("DUP-10", "CRD-07", "DUP-05"): ok(r, "", "invoice", u.id, "corrected copy; the first was " + ("voided" if k % 2 else "credited in full"))
        at(d + 8, again)
    at(d, go)
@story()
def dup12(k):
    c = cust(); d = od(2, 14); i, j = general(2)
    def go():
        p = price(i, 30, d, c); o, po = order(c, d - 1, [(i, 30, p)]); s = ship(c, d, o, [(1, i, 10)])
        v = document(c, d, [L(i, 10, p, o=o, ol=1, sh=s, shl=1)], po=po); ordinary_payment(v)
        def again():
            n = L(i, 10, p, o=o, ol=1, sh=s, shl=1); x = L(j, 2, price(j, 2, d, c)); u = document(c, d + 10, [x, n], po=po); ordinary_payment(u)
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
        bad("SEQ-01", "Numbers are missing from a series of documents", "document_number", f"{s}-{n:07d}", "number(s) of the series skipped from here")
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
    c = cust(); d = od(6, 20); lost = nid("I", 8); lostp = nid("P", 8)
    def a1():
        p = payment(c, d, 45600); p.used = 45600
        s = apply(p, None, 45600, vid=lost) if False else None
        w("payment_application", p.id, lost, 1, iso(d), "456.00", "", "USD", iso(d + 1))
        bad("SEQ-07", "A payment is applied to an invoice that is not there", "payment_application", f"{p.id}/{lost}/1", "the invoice is in no export although its number lies amid the others")
    at(d, a1)
    def a2():
        v = sale(c, d, settle_=False)
        def pay():
            w("payment_application", lostp, v.id, 1, iso(d + 2), m2(v.gross), "", "USD", iso(d + 2)); v.apps.append((d + 2, v.gross))
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
    g = cust(); lost2 = nid("I", 8); e3 = od()
    def a5():
        i = general(1)[0]; p = price(i, 2, e3, g)
        w("invoice_line", lost2, 1, i, "", "item", 2, "EA", p4(p), "", "", "", "", m2(hup(2 * p, 100)), "taxable", "0.000000", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
        bad("SEQ-07", "An invoice line has no invoice", "invoice_line", f"{lost2}/1", "line whose invoice is in no export although its number lies amid the others")
    at(e3, a5)
    h = cust(); lost3 = nid("P", 8); e4 = od(4, 20)
    def a6():
        sale(h, e4); rf = refund(h, 9900, e4 + 6, requested=e4 + 3, pid=lost3)
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
        l = v.lines[1]; bad("ARI-01", "A line is not quantity times price", "invoice_line", lk(v, 2), f"net amount off by {m2(delta)} from quantity times price", "over_billed" if delta > 0 else "under_billed", abs(delta) + hup(abs(delta) * l.treat, 1000000))
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
            v = sale(c, d, settle_=False); rr = -(v.gross % 5); v.round = rr
            def pay():
                p = payment(c, d + 5, v.gross + rr); apply(p, v, v.gross + rr)
                if rr: adjust(v, d + 5, "rounding", -rr)
            at(d + 5, pay); ok("ARI-04", "", "invoice", v.id, "cash rounding"); ok("ARI-07", "", "invoice", v.id, "cash rounding adjusted away")
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
            u = sale(c, d - 6, sp=[(PLAIN[0], 30), (PLAIN[2], 2)], settle_=False)
            ls = credit_lines(u, [(u.lines[0], 20)]) + [L(PLAIN[2], 1, price(PLAIN[2], 1, d, c), orig=2)]
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
        bad("ARI-10", "A decimal point or two digits slipped against the order", "invoice_line", lk(v, 1), f"ordered at {p4(p)}, billed at {p4(wrong)}", "over_billed" if x > 0 else "under_billed", abs(x) + hup(abs(x) * l.treat, 1000000))
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
    for j in PENNY:
        ks = []; net = [0]
        for x in range(26):
            c = cust(ent="E-2" if x % 3 else "E-1", st=j[:2], cty=j); d = od()
            def go(c=c, d=d, x=x):
                def t(rows):
                    for r in rows:
                        if r[1] == j: up = -((-r[3] * r[2]) // 1000000); net[0] += up - r[5]; r[5] = up
                i = FREE[1]
                v = document(c, d, [L(i, 1, FREEP[1] + 100 * (37 * x % 97)), L(i, 1, FREEP[1] + 100 * (11 * x % 89))], tamper=t); ordinary_payment(v); ks.extend(f"{v.id}/{r[0]}/{n}" for n, r in enumerate(v.rows, 1) if r[1] == j)
            at(d, go)
        def lab(j=j, ks=ks, net=net):
            bad("TAX-02", "Pennies of tax all go one way", "invoice_tax", "|".join(ks), f"every tax of {j} in October is rounded up", "tax_over_collected", net[0])
            bad("TAX-02", "What rounding moved, by jurisdiction", "invoice_tax", "|".join(ks), f"sum of pennies of {j}")
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
    c = taxcust(k); d = od()
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
    st = ["NE", "IA", "MN"][k % 3]; c = taxcust(k, st=st); d = od(); g = [i for i in ITEMS if CAT[i] == "grocery" and i in PRICE and len(PRICE[i]) == 1]
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
    up = k % 2 == 0; st = R.choice(["NE", "IA", "MN"] if up else ["OH", "KS", "WI"]); c = cust(ent="E-2" if k % 4 < 2 else "E-1", st=st); d = od()
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
    c = taxcust(k); d = D(9, R.randint(5, 25))
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
    j = [("E-1", "WI"), ("E-2", "KS-C3"), ("E-1", "IA-C2"), ("E-2", "MN")][k]; RETURNFIX.append((j, (15000, -9900)[k % 2]))
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
        elif m == "2026-10" and j in ("OH", "NE") and code.endswith("InState"):
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
        bad("TAX-20", "Tax is rounded by line on some invoices and in total on others", "invoice_tax", "|".join(f"{v.id}//{n}" for n in (1, 2)), "rounded line by line where the entity rounds by invoice")
        for n in (1, 2): so("TAX-02", "invoice_tax", f"{v.id}//{n}", "pennies of rounding")
    at(d, go)

# ---------------------------------------------------------------- EXM
@story()
def exm01(k):
    c = taxcust(k); c.cert = cert(c); d = od()
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
    c = taxcust(k); d = od()
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
                    w("dispute", nid("DS", 6), u.id, iso(do + 3), "", m2(u.gross), "price"); why = "the only open invoice is disputed in full; credit paid back meanwhile"; refund(c, -cn.gross, do + 5, cn=cn)
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
                bad("CRD-03", "An invoice line is credited for more than it billed", "invoice_line", f"{lk(cn)}|{lk(v)}", "the same returned line credited twice", "under_billed", -cn.gross)
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
        bad("CRD-04", "Goods came back and were not credited", "return_authorization", r, "five of twelve came back a month ago and more; no credit note", "over_billed", n + hup(n * l.treat, 1000000))
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
    c = taxcust(k); m = 9 + k % 2; d = D(m, R.randint(22, 29)); d2 = D(m + 1, R.randint(1, 3))
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
            u = document(c, d2, ls, po=v.po, repl=v.id, reason="wrong_price"); ordinary_payment(u)
            bad("CRD-07", "A corrected invoice differs from the old one in more than the correction", "invoice", u.id, "rebilled for a wrong price, but a quantity fell too"); so("PRC-01", "invoice_line", lk(u), "the corrected price")
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
            ok("CRD-07", "", "invoice", u.id, "rebilled at the right price, nothing else changed"); ok("PRC-01", "", "invoice_line", lk(v), "wrong price, credited in full and rebilled rightly")
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
    cn = document(c, d, [L(FREE[1], -R.randint(1, 3), FREEP[1])], "credit_note", reason="return", series="E1-OLD", no=nid("OLD", 5), orig=f"I{5000 + k:08d}", returned=False, rate_day=BIG0, iid=f"I{6000 + k:08d}", ent="E-1")
    bad("CRD-10", "A forgotten credit is about to become unclaimed property", "invoice", cn.id, "credit of December 2023, untouched since; the state takes it after 36 months", "held_for_customer", -cn.gross); so("REF-01", "invoice", cn.id, "an old credit never paid back")
@story(50)
def crd10_ok(k):
    c = cust(st="OH"); d = D(12, R.randint(1, 28), 2023)
    n = L(FREE[1], -1, 200000) if k % 2 else L(FREE[1], -3, FREEP[1])
    cn = document(c, d, [n], "credit_note", reason="return", series="E1-OLD", no=nid("OLD", 5), orig=f"I{7000 + k:08d}", returned=False, rate_day=BIG0, iid=f"I{8000 + k:08d}", ent="E-1")
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
    c = customer(biz=False); d = D(7, R.randint(5, 25))
    def go():
        v = sale(c, d - 3, settle_=False); p = payment(c, d, v.gross + 12000); apply(p, v, v.gross); rf = refund(c, 12000, od(5, 28), requested=D(8, R.randint(10, 25)), p=p)
        bad("REF-02", "A refund is paid later than the law allows", "refund", rf, "consumer asked in August, paid in October", "held_for_customer", 12000)
    at(d, go)
@story(50)
def ref02_ok(k):
    c = customer(biz=bool(k % 2)); d = D(9, R.randint(5, 25)); q = D(10, R.randint(5, 12))
    def go():
        v = sale(c, d - 3, settle_=False); p = payment(c, d, v.gross + 12000); apply(p, v, v.gross); rf = refund(c, 12000, q + (20 if k % 2 else 4), requested=q, p=p); ok("REF-02", "", "refund", rf, "business customer, twenty days: the consumer's law does not apply" if k % 2 else "paid within four days")
    at(d, go)
@story()
def ref03(k):
    c = taxcust(k); s0 = D(10, R.randint(1, 4)); en = s0 + 15; pl = PLANS[4]
    s = subscription(c, s0, en, plan=pl, seats=4, run=False, refundable=True, notice=s0 + 10)
    def go():
        v = sub_bill(s, s0, add_months(s0, 1), s0, pay=False); settle(v, s0 + 2); bad("REF-03", "A cancelled subscription is paid beyond its end", "subscription", s.id, "cancelled in mid month, the month was paid in advance, the rest not given back", "held_for_customer"); so("SUB-03", "invoice_line", lk(v), "")
    at(s0, go)
@story(50)
def ref03_ok(k):
    c = taxcust(k); s0 = D(10, R.randint(1, 4)); en = add_months(s0, 1) if k % 2 else s0 + 15
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
        bad("PRC-01", "The unit price is not the one agreed", "invoice_line", lk(v, 1), f"list and order say {p4(p)}, billed {p4(x)}", "over_billed" if df > 0 else "under_billed", abs(df) + hup(abs(df) * l.treat, 1000000)); so("DUP-01", "order_line", f"{l.o}/{l.ol}", "")
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
        bad("PRC-03", "The unit price is that of another quantity bracket", "invoice_line", lk(v), f"{q} pieces billed at {p4(x)}, the bracket says {p4(right)}", "over_billed" if df > 0 else "under_billed", abs(df) + hup(abs(df) * l.treat, 1000000)); so("PRC-01", "invoice_line", lk(v), ""); so("DUP-01", "order_line", f"{l.o}/{l.ol}", "")
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
@story(50)
def price_overlap(k):
    i = nid("G", 5, 10001); CAT[i] = "general"; w("item", i, f"Spare {i}", "general", "false", "goods")
    w("price", i, "", "", "USD", "EA", "", "", "12.00", "2026-01-01", "", "list"); w("price", i, "", "", "USD", "EA", "", "", "12.60", "2026-09-01", "", "list")
    bad("-", "Two prices of one standing hold on one day", "price", f"{i}///USD/EA//2026-09-01|{i}///USD/EA//2026-01-01", "old list price was not ended when the new one began")
    j = nid("G", 5, 10001); CAT[j] = "general"; w("item", j, f"Spare {j}", "general", "false", "goods")
    w("price", j, "", "", "USD", "EA", "", "", "12.00", "2026-01-01", "2026-09-01", "list"); w("price", j, "", "", "USD", "EA", "", "", "12.60", "2026-09-01", "", "list"); w("price", j, "", "RETAIL", "USD", "EA", "", "", "11.00", "2026-01-01", "", "list")
    w("price", j, "", "", "USD", "EA", 100, "", "10.00", "2020-01-01", "2026-01-01", "list")
    ok("-", "Two prices of one standing hold on one day", "price", f"{j}///USD/EA//2026-09-01", "one ends the day the other begins; a segment's price beside the list")
@story(0)
def rates_bad(k):
    for a in range(1):
        j = UNUSED[k]; w("tax_rate", j, "SALES", "general", "intrastate", "0.012500", "2026-08-01", "", "synthetic"); bad("-", "Two rates of a jurisdiction are in force on one day", "tax_rate", f"{j}/SALES/general/intrastate/2026-08-01|{j}/SALES/general/intrastate/2025-01-01", "new rate entered, old one not ended")
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
    for x in range(60):
        c = cust(); d = START + 3 * x
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
        else: x, why, pr = hup(full * 12 * n, 365), "days of the year", None
        l = L(s.plan, 1, x * 100, s=s0, e=b, sub=s.id, uom="", pror=pr); v = document(c, s0, [l]); ordinary_payment(v); ok("SUB-03", "", "invoice_line", lk(v), "part of a month by " + why); ok("PRC-01", "", "invoice_line", lk(v), "part of a month by " + why)
    at(s0, go)
    at(D(11, 1), lambda: sub_bill(s, D(11, 1), D(12, 1), D(11, 1)))
@story()
def com01(k):
    c = taxcust(k); d = D(9, R.randint(5, 28)) if k % 2 else od(2, 5); i = general(1)[0]
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
    def go(): v = sale(c, d, delivered=dl, orderday=dl - 2); [bad("TIM-01", "A delivery is billed in another period than it was made in", "invoice_line", lk(v, l.no), "delivered in September, billed in October") for l in v.lines]
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
    def go(): v = sale(c, d, delivered=d - 3, orderday=d - 6, sent=d + 4); ok("TIM-02", "", "invoice", v.id, "billed three days after delivery, sent four days later")
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
        v = sale(e, d2, settle_=False); w("dispute", nid("DS", 6), v.id, iso(d2 + 8), "", m2(v.gross), "quality"); r = nid("D", 6); w("reminder", r, v.id, e.id, iso(od(8, 25)), 1); bad("DUN-01", "A reminder was sent for a disputed invoice", "reminder", r, "disputed since September")
    at(d2, go2)
@story(100)
def dun01_ok(k):
    c = taxcust(k, terms="NET15"); d = D(9, R.randint(5, 20)); x = od(8, 20); m = k % 5
    def go():
        v = sale(c, d, settle_=False); r = nid("D", 6); lev = 1; sent = x
        if m == 0: p = payment(c, x - 1, v.gross, posted=x + 2); apply(p, v, v.gross, day=x - 1, posted=x + 2); why = "value of the day before, booked after the letter"
        elif m == 1: p = payment(c, x - 9, v.gross // 2); apply(p, v, v.gross // 2); why = "half paid, the rest is overdue"
        elif m == 2: p = payment(c, x - 9, v.gross, status="reversed"); apply(p, v, v.gross); apply(p, v, -v.gross, day=x - 4); why = "the payment bounced before the letter"
        elif m == 3: w("dispute", nid("DS", 6), v.id, iso(d + 5), iso(x - 4), m2(v.gross), "quality"); why = "dispute was closed before the letter"
        else: settle(v, x - 20 if x - 20 > d else d + 3); lev = 0; sent = max(D(10, 3), x - 4); why = "courtesy note, level nought"
        w("reminder", r, v.id, c.id, iso(sent), lev); ok("DUN-01", "", "reminder", r, why)
    at(d, go)
