"use strict";
(() => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const data = read("data");
  const by = id => document.getElementById(id);
  const PAGE = 100, WORK = 25, PRINT = 2000;
  const chunks = new Map();
  const detail = index => {
    const chunk = Math.floor(index / data.chunk);
    if (!chunks.has(chunk)) chunks.set(chunk, read("d" + chunk));
    return chunks.get(chunk)[index % data.chunk];
  };

  // Text of the exports is shown, never interpreted; what would hide or reorder is written as its code point.
  const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;
  const escape = hidden => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[hidden] || "\\u{" + hidden.codePointAt(0).toString(16) + "}";
  const show = text => text.replace(HIDDEN, escape);
  const put = (node, text) => {
    let from = 0;
    for (const hit of text.matchAll(HIDDEN)) {
      if (hit.index > from) node.append(text.slice(from, hit.index));
      const code = document.createElement("span");
      code.className = "esc";
      code.textContent = escape(hit[0]);
      node.append(code);
      from = hit.index + hit[0].length;
    }
    if (from < text.length) node.append(text.slice(from));
    return node;
  };
  const make = (tag, text, name) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined && text !== null) put(node, String(text));
    return node;
  };
  const bdi = text => make("bdi", text);

  const customer = f => f.p < 0 ? null : data.parties[f.p];
  const title = party => party ? (party.name ? party.id + " " + party.name : party.id) : "no customer named";
  const owner = f => { const party = customer(f); return party && party.owner || ""; };
  const STATUS = ["open", "consequence", "waived"];
  const status = f => STATUS[f.t] + (f.h ? ", " + f.h : "");
  for (const f of data.findings) {
    const rule = data.rules[f.r];
    f.text = [f.i, rule.id, rule.title, rule.family, rule.reference, title(customer(f)), owner(f), f.k, f.d, f.m, f.q, f.x.map(x => x.gross).join(" ")].join("\n").toLowerCase();
  }

  // The state of the list of findings.
  const filter = { q: "", customer: "", owner: "", family: "", rule: "", confidence: "", status: "", one: "" };
  let sort = "order", down = false, page = 0, shown = [];
  const opened = new Set();

  const options = (select, values) => { for (const value of values) select.append(new Option(show(value), value)); };
  const unique = values => [...new Set(values)].filter(value => value).sort();
  options(by("f-owner"), unique(data.findings.map(owner)));
  options(by("work-owner"), unique(data.findings.map(owner)));
  options(by("f-family"), unique(data.rules.filter(rule => rule.n).map(rule => rule.family)));
  options(by("f-rule"), unique(data.rules.filter(rule => rule.n).map(rule => rule.id)));
  options(by("f-confidence"), data.confidences);
  options(by("f-status"), unique(data.findings.flatMap(f => f.h ? [STATUS[f.t], f.h] : [STATUS[f.t]])));
  for (const party of data.parties.slice(0, 5000)) {
    const option = document.createElement("option");
    option.value = party.id;
    option.label = show(title(party));
    by("customers").append(option);
  }

  const words = () => filter.q.toLowerCase().split(/\s+/).filter(word => word);
  const admits = (f, wanted) => {
    if (filter.one) return f.i === filter.one;
    const rule = data.rules[f.r], party = customer(f);
    return (!filter.customer || (party && (party.id === filter.customer || f.x.some(x => x.p === filter.customer))))
      && (!filter.owner || owner(f) === filter.owner)
      && (!filter.family || rule.family === filter.family)
      && (!filter.rule || rule.id === filter.rule)
      && (!filter.confidence || data.confidences[f.c] === filter.confidence)
      && (!filter.status || STATUS[f.t] === filter.status || f.h === filter.status)
      && wanted.every(word => f.text.includes(word));
  };
  const compare = (left, right) => left < right ? -1 : left > right ? 1 : 0;
  const keys = {
    order: f => f.o,
    customer: f => title(customer(f)).toLowerCase(),
    date: f => f.d || "",
    confidence: f => f.c,
    status: f => status(f),
  };
  // Money is compared within a class and currency only.
  const money = (left, right) => {
    const [a, b] = [left.x[0], right.x[0]];
    if (!a || !b) return a ? -1 : b ? 1 : 0;
    return a.o - b.o || compare(a.currency, b.currency) || (BigInt(a.z) < BigInt(b.z) ? 1 : BigInt(a.z) > BigInt(b.z) ? -1 : 0);
  };
  const choose = () => {
    const wanted = words();
    shown = [];
    data.findings.forEach((f, index) => { if (admits(f, wanted)) shown.push(index); });
    if (sort === "money") shown.sort((a, b) => money(data.findings[a], data.findings[b]) || a - b);
    else if (keys[sort]) shown.sort((a, b) => compare(keys[sort](data.findings[a]), keys[sort](data.findings[b])) || a - b);
    if (down) shown.reverse();
  };

  const stake = x => x.words + " " + x.gross + (x.parts ? " (" + x.parts + ")" : "");
  const row = index => {
    const f = data.findings[index], rule = data.rules[f.r], party = customer(f);
    const line = make("tr");
    line.dataset.index = index;
    const head = make("th");
    head.scope = "row";
    const toggle = make("button", null, "toggle");
    toggle.type = "button";
    toggle.append(make("span", rule.id, "rule"), " ", bdi(f.k));
    toggle.setAttribute("aria-expanded", String(opened.has(index)));
    toggle.addEventListener("click", () => open(index, line, toggle));
    const say = make("div", null, "say");
    say.append(bdi(f.m));
    head.append(toggle, say);
    const who = make("td");
    if (party) {
      const link = make("a");
      link.href = "#c-" + encodeURIComponent(party.id);
      link.append(bdi(party.id));
      who.append(link);
      if (party.name) { const name = make("div", null, "small"); name.append(bdi(party.name)); who.append(name); }
    }
    const amounts = make("td", null, "num");
    for (const x of f.x) {
      amounts.append(make("div", x.gross), make("div", x.words, "small"));
    }
    line.append(head, who, make("td", f.d || "", "day"), amounts, make("td", data.confidences[f.c]), make("td", status(f)));
    if (opened.has(index)) { line.classList.add("open"); return [line, panel(index)]; }
    return [line];
  };
  const open = (index, line, toggle) => {
    if (opened.delete(index)) {
      line.classList.remove("open");
      line.nextElementSibling.remove();
    } else {
      opened.add(index);
      line.classList.add("open");
      line.after(panel(index));
    }
    toggle.setAttribute("aria-expanded", String(opened.has(index)));
  };

  const entry = (list, word, value) => {
    if (value === undefined || value === null || value === "") return;
    const cell = make("dd");
    cell.append(value instanceof Node ? value : bdi(value));
    list.append(make("dt", word), cell);
  };
  const panel = index => {
    const f = data.findings[index], d = detail(index), rule = data.rules[f.r];
    const line = make("tr", null, "detail"), cell = make("td");
    cell.colSpan = 6;
    const list = make("dl");
    entry(list, "rule", rule.title + (rule.reference ? " (" + rule.reference + ")" : ""));
    entry(list, "expected", d.expected);
    entry(list, "stated", d.stated);
    entry(list, "difference", d.difference);
    for (const x of f.x) entry(list, "money", stake(x) + (x.p && (!customer(f) || x.p !== customer(f).id) ? " for " + x.p : "") + (x.counted ? "" : ", not counted here"));
    entry(list, "confidence", data.confidences[f.c] + ": " + d.reason);
    entry(list, "remedy", d.remedy);
    entry(list, "history", d.history);
    entry(list, "limited", d.limited);
    entry(list, "corrected by", d.corrected);
    entry(list, "waived", d.waiver);
    entry(list, "in common", d.root);
    if (d.cause) {
      const link = make("a", d.cause);
      link.href = "#f-" + d.cause;
      entry(list, "explained by", link);
    }
    const self = make("a", f.i);
    self.href = "#f-" + f.i;
    entry(list, "finding", self);
    cell.append(list);
    if (d.line.length > 1) {
      cell.append(make("h3", "In order of time"));
      const time = make("ol", null, "line");
      for (const [day, what] of d.line) { const step = make("li"); step.append(make("strong", day), " ", bdi(what)); time.append(step); }
      cell.append(time);
    }
    if (d.chain.length) {
      cell.append(make("h3", "Netted before judging, and further detail"));
      const chain = make("ul");
      for (const step of d.chain) { const item = make("li"); item.append(bdi(step)); chain.append(item); }
      cell.append(chain);
    }
    cell.append(make("h3", "Records"));
    for (const e of d.evidence) {
      const table = make("table", null, "evidence");
      const caption = make("caption");
      caption.append(make("strong", e.role), " ", bdi(e.place), " (" + e.population + ")");
      table.append(caption);
      for (const [label, pairs] of [["as understood", e.cells], ["as received", e.received]]) {
        if (!pairs.length) continue;
        const names = make("tr"), values = make("tr");
        for (const [name, value] of pairs) {
          const head = make("th");
          head.scope = "col";
          head.append(bdi(name));
          names.append(head);
          const box = make("td");
          box.append(bdi(value));
          values.append(box);
        }
        const caption = make("tr"), what = make("th", label, "small");
        what.colSpan = pairs.length;
        what.scope = "colgroup";
        caption.append(what);
        table.append(caption, names, values);
      }
      const scroll = make("div", null, "scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", show(e.role + " " + e.place));
      scroll.append(table);
      cell.append(scroll);
    }
    line.append(cell);
    return line;
  };

  const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(page, pages - 1);
    by("rows").replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).flatMap(row));
    by("page").textContent = "Page " + (page + 1) + " of " + pages;
    by("prev").disabled = page === 0;
    by("next").disabled = page >= pages - 1;
    by("count").textContent = shown.length.toLocaleString("en-US") + " of " + data.findings.length.toLocaleString("en-US") + " findings" + (filter.one ? ", the one of the link; clear to see all" : "");
    for (const button of document.querySelectorAll("th button[data-sort]")) {
      const head = button.closest("th");
      if (button.dataset.sort === sort) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    person();
  };
  const list = () => { choose(); draw(); };

  // Who is on the phone: the sums of one customer, class by class.
  const person = () => {
    const box = by("person"), party = data.parties.find(party => party.id === filter.customer);
    box.hidden = !party;
    if (!party) return;
    const head = make("h3");
    head.append(bdi(title(party)));
    box.replaceChildren(head);
    const facts = make("p", null, "small");
    put(facts, [party.owner ? "owner " + party.owner : "", party.email || ""].filter(word => word).join(", "));
    const sums = make("p");
    for (const total of party.totals) sums.append(make("span", total, "tag"), " ");
    box.append(facts, sums);
  };

  const inputs = { q: "q", customer: "f-customer", owner: "f-owner", family: "f-family", rule: "f-rule", confidence: "f-confidence", status: "f-status" };
  for (const [name, id] of Object.entries(inputs)) {
    let wait = 0;
    by(id).addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(() => { filter[name] = by(id).value; filter.one = ""; page = 0; list(); }, name === "q" ? 120 : 0);
    });
  }
  const clear = () => {
    for (const [name, id] of Object.entries(inputs)) { filter[name] = ""; by(id).value = ""; }
    filter.one = "";
    page = 0;
  };
  by("clear").addEventListener("click", () => { clear(); history.replaceState(null, "", location.pathname + location.search); list(); by("q").focus(); });
  by("prev").addEventListener("click", () => { page -= 1; draw(); });
  by("next").addEventListener("click", () => { page += 1; draw(); });
  for (const button of document.querySelectorAll("th button[data-sort]")) {
    button.addEventListener("click", () => {
      down = button.dataset.sort === sort && !down;
      sort = button.dataset.sort;
      page = 0;
      list();
    });
  }

  // The work list.
  let order = "filing", work = WORK;
  const workList = () => {
    const mine = by("work-owner").value, filing = by("work-filing").checked;
    let groups = data.groups.filter(group => (!mine || group.owner === mine) && (!filing || group.filing));
    const oldest = (a, b) => compare(a.oldest || "9999", b.oldest || "9999") || a.n - b.n;
    if (order === "filing") groups = groups.slice().sort((a, b) => (b.filing - a.filing) || oldest(a, b));
    if (order === "oldest") groups = groups.slice().sort(oldest);
    if (order === "customer") groups = groups.slice().sort((a, b) => compare(a.who, b.who) || a.n - b.n);
    by("work-list").replaceChildren(...groups.slice(0, work).map(group => {
      const item = make("li"), head = make("div");
      if (group.p >= 0) {
        const link = make("a");
        link.href = "#c-" + encodeURIComponent(data.parties[group.p].id);
        link.append(bdi(title(data.parties[group.p])));
        head.append(link);
      } else head.append(bdi(group.who));
      head.append(" ", make("span", group.sure, "tag"), " ");
      if (group.owner) head.append(make("span", "owner " + group.owner, "tag"), " ");
      if (group.oldest) head.append(make("span", "oldest " + group.oldest, "small"), " ");
      if (group.filing) head.append(make("span", "before filing", "tag"));
      const sums = make("div", null, "sums");
      for (const total of group.totals) sums.append(make("span", total));
      const cases = make("ul");
      for (const one of group.cases) {
        const line = make("li"), link = make("a");
        link.href = "#f-" + data.findings[one.first].i;
        link.append(bdi(one.keys));
        line.append(make("span", one.confidence, "tag"), " ", one.title, ": ", link, ". ", bdi(one.remedy));
        cases.append(line);
      }
      if (group.more) cases.append(make("li", group.more, "small"));
      item.append(head, sums, cases);
      return item;
    }));
    by("work-count").textContent = groups.length ? groups.length.toLocaleString("en-US") + (groups.length === 1 ? " entry" : " entries") : "Nothing is open.";
    by("work-more").hidden = groups.length <= work;
  };
  by("work-order").addEventListener("change", () => { order = by("work-order").value; workList(); });
  by("work-owner").addEventListener("change", workList);
  by("work-filing").addEventListener("change", workList);
  by("work-more").addEventListener("click", () => { work += 100; workList(); });

  // A link to a finding or a customer.
  const follow = () => {
    const hash = location.hash;
    if (hash.startsWith("#f-")) {
      const index = data.findings.findIndex(f => f.i === hash.slice(3));
      if (index < 0) return;
      clear();
      filter.one = data.findings[index].i;
      opened.add(index);
      list();
      by("findings").scrollIntoView();
      by("rows").querySelector("button").focus({ preventScroll: true });
    } else if (hash.startsWith("#c-")) {
      clear();
      filter.customer = decodeURIComponent(hash.slice(3));
      by("f-customer").value = filter.customer;
      list();
      by("findings").scrollIntoView();
      by("findings").focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", follow);
  // A printed page shows every finding of the list, up to a limit that it names.
  addEventListener("beforeprint", () => {
    by("rows").replaceChildren(...shown.slice(0, PRINT).flatMap(row));
    if (shown.length > PRINT) by("count").textContent = "The first " + PRINT.toLocaleString("en-US") + " of " + shown.length.toLocaleString("en-US") + " findings; filter, or take the workbook, for the others";
  });
  addEventListener("afterprint", draw);
  list();
  workList();
  follow();
})();
