import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { LockError } from "../../base/lock.js";
import { clearRun, withRunLock } from "./run-lock.js";

const directory = temporaryDirectory();

test("a run is cleared, unless a process trains in it", async () => {
  const run = join(directory, "run");
  await mkdir(join(run, "joint", "final"), { recursive: true });
  await writeFile(join(run, "report.html"), "a report");
  await withRunLock(run, async () => {
    await expect(clearRun(run)).rejects.toThrow(LockError);
    expect((await readdir(run)).sort()).toEqual(["joint", "lock", "report.html"]);
  });
  await clearRun(run);
  expect(await readdir(run)).toEqual([]);
  await clearRun(join(directory, "new"));
});
