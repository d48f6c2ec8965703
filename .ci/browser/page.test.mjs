// The HTML report in headless Chromium: what a clerk does with it, what must never happen, and whether everybody can use it.
// The binary and the browser are named by TIEOUT and CHROMIUM.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const tieout = process.env.TIEOUT, root = new URL('../..', import.meta.url).pathname;
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const folder = mkdtempSync(join(tmpdir(), 'tieout-page-'));
let browser;

// Writes the report of a folder; finding something is exit code 1.
const report = (data, name, ...more) => {
  const file = join(folder, name);
  const run = spawnSync(tieout, ['audit', data, '--quiet', ...more, '--report', `html=${file}`, '--report', `json=${file}.json`], { encoding: 'utf8' });
  assert.equal(run.status, 1, run.stderr);
  return file;
};

// Opens the page and watches it: nothing may be said on the console, thrown, or asked of anybody.
const opened = async (file, options = {}, hash = '') => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('console', said => wrong.push(said.text()));
  page.on('pageerror', error => wrong.push(error.message));
  page.on('dialog', dialog => { wrong.push(`a dialog says ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', asked => { if (!asked.url().startsWith(`file://${file}`)) wrong.push(`asks for ${asked.url()}`); });
  await page.goto(`file://${file}${hash}`);
  return { page, close: async () => { assert.deepEqual(wrong, []); await context.close(); } };
};
const count = page => page.locator('#count').innerText();
const shows = async (page, words) => { await page.waitForFunction(words => document.getElementById('count').textContent.includes(words), words); };

let demo, findings;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  demo = report(join(root, 'fixtures/demo'), 'demo.html');
  findings = JSON.parse(readFileSync(`${demo}.json`)).findings;
});
after(async () => { await browser?.close(); });

test('it holds every finding of the JSON report', async () => {
  const { page, close } = await opened(demo);
  assert.equal(await count(page), `${findings.length} of ${findings.length} findings`);
  const own = await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).findings.map(finding => finding.i));
  assert.deepEqual(own, findings.map(finding => finding.fingerprint));
  await close();
});

test('it is searched, filtered, sorted and cleared', async () => {
  const { page, close } = await opened(demo);
  const some = findings.find(finding => finding.rule === 'order-line-over-billed');
  const order = some.key[0].value;
  await page.fill('#q', order.toLowerCase());
  const found = findings.filter(finding => JSON.stringify([finding.key, finding.message, finding.evidence]).includes(order));
  await shows(page, `${found.length} of`);
  await page.selectOption('#f-rule', some.rule);
  await shows(page, `${found.filter(finding => finding.rule === some.rule).length} of`);
  await page.click('#clear');
  await shows(page, `${findings.length} of`);
  for (const [id, value, wanted] of [
    ['#f-confidence', 'review', finding => finding.confidence === 'review'],
    ['#f-status', 'consequence', finding => finding.caused_by !== null],
  ]) {
    await page.selectOption(id, value);
    await shows(page, `${findings.filter(wanted).length} of`);
    await page.click('#clear');
  }
  await page.click('button[data-sort=date]');
  const days = await page.locator('#rows .day').allInnerTexts();
  assert.deepEqual(days, [...days].sort());
  assert.equal(await page.locator('th[aria-sort=ascending]').count(), 1);
  await close();
});

test('a finding opens to its records, by mouse, by keyboard and by link', async () => {
  const some = findings.find(finding => finding.rule === 'order-line-over-billed');
  const { page, close } = await opened(demo, {}, `#f-${some.fingerprint}`);
  const detail = page.locator('.detail');
  assert.equal(await detail.count(), 1);
  const text = await detail.innerText();
  for (const words of [some.remedy, some.fingerprint, `${some.evidence[0].file}:${some.evidence[0].line}`, some.evidence[0].received[0].value]) {
    assert.ok(text.includes(words), `${words} is not in ${text}`);
  }
  assert.ok(await page.locator('.line li').count() > 1, 'the bills stand on a line of time');
  const toggle = page.locator('#rows .toggle').first();
  await toggle.focus();
  await page.keyboard.press('Enter');
  assert.equal(await detail.count(), 0);
  assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
  await page.click('#clear');
  await page.locator('#rows .toggle').nth(2).click();
  assert.equal(await detail.count(), 1);
  await close();
});

test('a customer has a link, sums and findings', async () => {
  const some = findings.find(finding => finding.party && finding.effects.length);
  const { page, close } = await opened(demo, {}, `#c-${some.party}`);
  const own = findings.filter(finding => finding.party === some.party || finding.effects.some(effect => effect.party === some.party));
  await shows(page, `${own.length} of`);
  assert.ok((await page.locator('#person').innerText()).includes(some.party));
  await close();
});

test('the work list is put in order and taken by owner', async () => {
  const { page, close } = await opened(demo);
  const first = await page.locator('#work-list > li').first().innerText();
  await page.selectOption('#work-order', 'oldest');
  const days = (await page.locator('#work-list > li').allInnerTexts()).map(text => text.match(/oldest (\S+)/)?.[1] ?? '9999');
  assert.deepEqual(days, [...days].sort());
  const owners = await page.locator('#work-owner option').allInnerTexts();
  await page.selectOption('#work-owner', owners[1]);
  for (const text of await page.locator('#work-list > li').allInnerTexts()) assert.ok(text.includes(`owner ${owners[1]}`));
  assert.ok(first.length > 0);
  await close();
});

test('it has a dark face, fits a telephone, and prints every finding', async () => {
  const paint = page => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await opened(demo, { colorScheme: 'light' });
  const dark = await opened(demo, { colorScheme: 'dark' });
  assert.notEqual(await paint(light.page), await paint(dark.page));
  await dark.close();
  await light.page.emulateMedia({ media: 'print' });
  assert.ok(await light.page.locator('#q').isHidden());
  await light.page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await light.page.locator('#rows > tr').count(), findings.length);
  assert.ok((await light.page.pdf({ format: 'A4' })).length > 10_000);
  await light.close();
  const narrow = await opened(demo, { viewport: { width: 390, height: 800 } });
  const wide = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} wide`);
  await narrow.close();
});

test('everybody can use it: WCAG 2.2 AA as far as a machine can tell', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const { page, close } = await opened(demo, { colorScheme, bypassCSP: true });
    await page.locator('#rows .toggle').first().click();
    await page.evaluate(readFileSync(axe, 'utf8'));
    const result = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
    assert.deepEqual(result.violations.map(one => `${one.id}: ${one.nodes[0].html} ${one.nodes[0].failureSummary}`), []);
    assert.ok(result.passes.length > 10);
    await close();
  }
});

test('drafts that must not go out stand first, for everybody', async () => {
  const file = report(join(root, 'fixtures/cases/drafts'), 'drafts.html', '--stage', 'draft');
  const { page, close } = await opened(file, { viewport: { width: 390, height: 800 }, bypassCSP: true });
  assert.equal(await page.locator('main section').first().getAttribute('id'), 'drafts');
  assert.equal(await page.locator('#drafts-title').innerText(), 'Before it goes out: hold 2, fix 1, send 2');
  const rows = await page.locator('#drafts tbody tr').allInnerTexts();
  assert.deepEqual(rows.map(row => row.split('\t').filter((_, at) => at === 0 || at === 3).map(cell => cell.trim())), [['D-1', 'hold'], ['D-3', 'hold'], ['D-2', 'fix'], ['D-4', 'send'], ['D-5', 'send']]);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
  await page.evaluate(readFileSync(axe, 'utf8'));
  const result = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  assert.deepEqual(result.violations.map(one => `${one.id}: ${one.nodes[0].html} ${one.nodes[0].failureSummary}`), []);
  await close();
});

test('hostile text stays text', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tieout-hostile-'));
  const hostile = ['</script><script>alert(1)</script>', '<img src=x onerror=alert(2)>', '=HYPERLINK("http://x")', '\u202e9.00\u202c', '\u001b[31mred', "'\"`{{ 7*7 }}", 'javascript:alert(3)'];
  const quoted = text => `"${text.replaceAll('"', '""')}"`;
  const rows = hostile.map((text, at) => [`I-${at}`, quoted(text), quoted(text), '100.00', '0.00', '101.00'].join(','));
  writeFileSync(join(data, 'invoice.csv'), `invoice_id,invoice_no,customer_id,net_total,tax_total,gross_total\n${rows.join('\n')}\n`);
  writeFileSync(join(data, 'customer.csv'), `customer_id,name,owner\n${hostile.map(text => [text, text, text].map(quoted).join(',')).join('\n')}\n`);
  writeFileSync(join(data, 'tieout.toml'), `[engagement]\nname = ${JSON.stringify(hostile[0])}\nperiod = "2026-10"\nas_of = "2026-11-05"\n[rules]\nselect = ["totals-do-not-cross-foot"]\n
[[source]]\npopulation = "invoice"\npath = "invoice.csv"\n[source.columns]\ninvoice_id = "invoice_id"\ninvoice_no = "invoice_no"\ncustomer_id = "customer_id"\nnet_total = "net_total"\ntax_total = "tax_total"\ngross_total = "gross_total"\ndocument_type = { constant = "invoice" }\nstatus = { constant = "posted" }\nissue_date = { constant = "2026-10-05" }\nentity_id = { constant = "E1" }\ncurrency = { constant = "USD" }\nprices_include_tax = { constant = "false" }\n
[[source]]\npopulation = "customer"\npath = "customer.csv"\n[source.columns]\ncustomer_id = "customer_id"\nname = "name"\nowner = "owner"\n`);
  const file = report(data, 'hostile.html');
  const { page, close } = await opened(file);
  await shows(page, `${hostile.length} of ${hostile.length}`);
  for (const toggle of await page.locator('#rows .toggle').all()) await toggle.click();
  const text = await page.locator('#findings').innerText();
  assert.ok(text.includes('</script><script>alert(1)</script>') && text.includes('<img src=x onerror=alert(2)>') && text.includes('{{ 7*7 }}'), text);
  assert.ok(text.includes('\\u{202e}') && text.includes('\\u{1b}') && !text.includes('\u202e'), 'what reorders or repaints is shown as its code point');
  assert.equal(await page.locator('main img, main script, main iframe').count(), 0);
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
  const policy = await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content');
  assert.ok(policy.startsWith("default-src 'none'") && !policy.includes('unsafe'), policy);
  await close();
});

test('an added script does not run', async () => {
  const file = join(folder, 'tampered.html');
  writeFileSync(file, readFileSync(demo, 'utf8').replace('</main>', '<script>window.ran = true</script></main>'));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`file://${file}`);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await context.close();
});
