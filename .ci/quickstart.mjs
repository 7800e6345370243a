// Runs the quickstart with short stages, and checks its table, its page and its exit code.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cache = mkdtempSync(join(tmpdir(), "flava-quickstart-"));
try {
  const env = { ...process.env, FLAVA_CACHE: cache, FLAVA_QUICKSTART_STEPS: "40" };
  const { status, stdout } = spawnSync("npm", ["run", "--silent", "quickstart"], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  console.log(stdout);
  assert.equal(status, 0, "the quickstart's exit code");

  const start = stdout.search(/^loss +training +validation +baseline +accuracy +baseline$/m);
  assert.ok(start >= 0, "a table of losses");
  const table = stdout.slice(start);
  for (const loss of ["contrastive", "itm", "mmmImage", "mmmText", "mim", "mlm"]) {
    assert.match(table, new RegExp(`^${loss} +\\w.*?( +\\d+\\.\\d{3}){3}`, "m"));
  }
  assert.match(table, /^ +top-1 accuracy +[56]\d\.\d %/m);
  assert.match(table, /^Done in .*\n +\S*report\.html\s*$/m);

  const page = readFileSync(join(cache, "runs", "quickstart", "report.html"), "utf8");
  assert.match(page, /<\/html>\s*$/);
  assert.ok(page.split("<svg").length > 6, "a curve for every loss");
  assert.ok(page.split("<img").length > 30, "classified, found and redrawn images");
  assert.doesNotMatch(page.replace(/data:[^"]*/g, ""), /NaN|undefined|\[object/);
} finally {
  rmSync(cache, { recursive: true });
}
