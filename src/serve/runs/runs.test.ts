import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { startRun } from "../../../test/web-app-data.js";
import { withRunLock } from "../../train/run/run-lock.js";
import { Evaluations } from "./read-evaluations.js";
import { Runs } from "./read-runs.js";

const folder = temporaryDirectory();
const root = join(folder, "shown");
const runs = new Runs(root);

beforeAll(async () => {
  await startRun(join(root, "one"));
  await startRun(join(root, "group", "two"));
  await startRun(join(folder, "outside"));
  await symlink(join(folder, "outside"), join(root, "linked"));
  await mkdir(join(root, "broken", "text"), { recursive: true });
  await writeFile(join(root, "broken", "text", "run.json"), "{");
  await mkdir(join(root, "reports", "odd"), { recursive: true });
  await writeFile(join(root, "reports", "odd", "report.json"), '{"model":"mini"}');
});

describe("runs", () => {
  it("are found below the directory, and only there; a broken one hides no other", async () => {
    expect((await runs.list()).map(({ name }) => name).sort()).toEqual(["group/two", "one"]);
    for (const name of ["../outside", "linked", join(folder, "outside"), "..", ""]) {
      expect(await runs.read(name)).toBeUndefined();
      expect(await runs.log(name, "text", 0)).toBeUndefined();
    }
    expect(await runs.log("one", "../../../outside/text", 0)).toBeUndefined();
    expect(await runs.reconstructions("one", "..")).toBeUndefined();
  });

  it("are in training while a process holds their lock", async () => {
    const stateOf = async (): Promise<string | undefined> => (await runs.read("one"))?.state;
    expect(await stateOf()).toBe("stopped");
    expect(await withRunLock(join(root, "one"), stateOf)).toBe("training");
    await mkdir(join(root, "one", "joint", "final"), { recursive: true });
    expect(await stateOf()).toBe("finished");
  });

  it("have the stages of their recipe, and logs from any step on", async () => {
    const run = await runs.read("group/two");
    expect(run?.stages).toMatchObject([
      { name: "text", steps: 50, step: 20, losses: { mlm: 10.326 } },
      { name: "joint", step: null },
    ]);
    expect((await runs.log("one", "text", 19))?.map(({ step }) => step)).toEqual([19, 20]);
  });

  it("are found where the directory itself is a run", async () => {
    const own = new Runs(join(root, "one"));
    expect((await own.list()).map(({ name }) => name)).toEqual(["one"]);
    expect((await own.read("one"))?.stages).toHaveLength(2);
  });
});

it("a report of another kind is named, instead of half shown", async () => {
  const evaluations = new Evaluations(root);
  expect((await evaluations.list()).map(({ name }) => name)).toEqual(["reports/odd"]);
  await expect(evaluations.read("reports/odd")).rejects.toThrow(/reports\/odd\/report.json is not/);
  expect(await evaluations.read("../outside")).toBeUndefined();
});
