import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readLog, RunLog } from "./log.js";
import { RunDirectory } from "./run-directory.js";

it("measures that are not numbers, such as the AUROC of a single class, are read back as they were", async () => {
  const directory = await mkdtemp(join(tmpdir(), "flava-log-"));
  try {
    const run = new RunDirectory(directory);
    const log = await RunLog.open(run, 0);
    const scalars = { AUROC: NaN, loss: 0.25 };
    await log.add({ step: 1, seconds: 2, kind: "evaluation", scalars });
    expect(await readLog(run)).toEqual([{ step: 1, seconds: 2, kind: "evaluation", scalars }]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
