// Adds up the test reports of a folder, prints "N passed, N failed", and fails unless all is well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), "utf8")) }));

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failed = reports.reduce((sum, report) => sum + report.numFailedTests, 0);
const idle = reports.filter((report) => report.numPassedTests + report.numFailedTests === 0);
for (const { name } of idle) console.log(`${name}: no test ran`);

// A test file that does not load, or a sanitizer's complaint, fails the run without a failed test.
const wrong = existsSync(join(folder, "failed")) || reports.some((report) => !report.success);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = wrong || failed > 0 || passed === 0 || idle.length > 0 ? 1 : 0;
