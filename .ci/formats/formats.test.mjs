// The reports for CI, read by others: SARIF by the schema of its standard, as Microsoft's package ships it, JUnit by a strict XML
// reader. TIEOUT is the program.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import draft4 from "ajv/lib/refs/json-schema-draft-04.json" with { type: "json" };
import { XMLParser, XMLValidator } from "fast-xml-parser";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tieout-formats-"));
const file = (name) => join(folder, name);
const reports = ["json", "sarif", "junit"].flatMap((format) => ["--report", `${format}=${file(format)}`]);
const run = spawnSync(process.env.TIEOUT, ["audit", "fixtures/demo", "--quiet", ...reports], { cwd: root, encoding: "utf8" });
const report = () => JSON.parse(readFileSync(file("json"), "utf8"));

test("the example is audited", () => assert.equal(run.status, 1, run.stderr));

test("SARIF obeys the schema of the standard and has every finding", () => {
  const path = new URL("node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", import.meta.url);
  const schema = JSON.parse(readFileSync(path, "utf8"));
  const ajv = new Ajv({ schemaId: "auto", allErrors: true, unknownFormats: "ignore", logger: false });
  ajv.addMetaSchema(draft4);
  const log = JSON.parse(readFileSync(file("sarif"), "utf8"));
  assert.ok(ajv.validate(schema, log), ajv.errorsText());
  assert.equal(log.runs[0].results.length, report().findings.length);
  log.runs[0].results[0].level = "grave";
  assert.ok(!ajv.validate(schema, log), "the schema looks at results");
});

test("JUnit is XML and has a case a rule", () => {
  const text = readFileSync(file("junit"), "utf8");
  assert.equal(XMLValidator.validate(text), true);
  const suites = new XMLParser({ ignoreAttributes: false }).parse(text).testsuites.testsuite;
  assert.equal(suites.find((suite) => suite["@_name"] === "rules").testcase.length, report().rules.length);
});
