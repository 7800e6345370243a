// Adds up the test reports of a folder, prints "N passed, N failed", and fails unless all is well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), "utf8")) }));

/** Tests that failed, and files that did not get as far as a test. */
function failuresIn({ numFailedTests, testResults }) {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return numFailedTests + unloaded.length;
}

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failures = reports.reduce((sum, report) => sum + failuresIn(report), 0);
const idle = reports.filter((report) => report.numPassedTests + failuresIn(report) === 0);
for (const { name } of idle) console.log(`${name}: no test ran`);

// What failed without a report, such as a sanitizer, leaves this mark.
const marked = existsSync(join(folder, "failed"));
const failed = marked ? Math.max(1, failures) : failures;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 || idle.length > 0 ? 1 : 0;
