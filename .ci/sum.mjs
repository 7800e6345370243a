// Adds up the test reports of a folder, names what failed, prints "N passed, N failed", and fails unless all is well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const folder = process.argv[2] ?? ".";
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...JSON.parse(readFileSync(join(folder, name), "utf8")) }));

/** Tests that failed, and files that failed outside their tests, each in a few lines. */
function failuresIn({ name, testResults }) {
  return testResults.flatMap((file) => {
    const place = `${name.replace(/\.json$/, "")}: ${relative(".", file.name)}`;
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    if (file.status === "failed" && failed.length === 0)
      return [`${place}: ${firstLines(file.message)}`];
    return failed.map(
      (test) => `${place} > ${test.fullName}: ${firstLines(test.failureMessages[0])}`,
    );
  });
}

function firstLines(message = "") {
  return message.split("\n").slice(0, 5).join("\n    ");
}

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failures = reports.flatMap(failuresIn);
const idle = reports.filter((report) => report.numPassedTests + failuresIn(report).length === 0);
for (const failure of failures) console.log(`Failed in ${failure}`);
for (const { name } of idle) console.log(`${name}: no test ran`);

// What fails leaves its name here too, since not all of it writes a report.
const marks = join(folder, "failed");
const marked = existsSync(marks) ? readFileSync(marks, "utf8").trim().split("\n") : [];
for (const name of marked) console.log(`Failed: ${name}`);
const failed = Math.max(marked.length, failures.length);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 || idle.length > 0 ? 1 : 0;
