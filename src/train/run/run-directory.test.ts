import { readdirSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { spec } from "../../graph/tensor.js";
import { type Progress, RunDirectory } from "./run-directory.js";

const backend = referenceBackend();
const root = temporaryDirectory();
const specs = { first: spec([2]), second: spec([2]) };
const progressAt = (step: number): Progress => ({
  step,
  cursor: { step, drawn: { "pair/icons": 8 * step } },
  seconds: step / 2,
});

function stateOf(value: number): State {
  const state = new State(backend, specs);
  for (const path of state.paths) state.write(path, Float32Array.of(value, -value));
  return state;
}

/** The step and the values that a run would resume with. */
async function resumed(run: RunDirectory): Promise<[Progress | undefined, number[]]> {
  const state = stateOf(0);
  const progress = await run.resume(state);
  const values = await Promise.all(state.paths.map((path) => state.read(path)));
  return [progress, values.map(([first]) => first!)];
}

test("a run resumes from its last checkpoint, and keeps the one before", async () => {
  const run = new RunDirectory(join(root, "run"));
  expect(await run.checkpoints()).toEqual([]);
  expect(await resumed(run)).toEqual([undefined, [0, 0]]);
  await run.create();
  for (const step of [1, 2, 10]) await run.save(stateOf(step), progressAt(step));
  expect(await run.checkpoints()).toEqual([2, 10]);
  expect(await resumed(run)).toEqual([progressAt(10), [10, 10]]);
  await run.save(stateOf(11), progressAt(10)); // repeated, such as after a kill
  expect(await resumed(run)).toEqual([progressAt(10), [11, 11]]);
  expect(await run.checkpoints()).toEqual([2, 10]);
});

test("half a checkpoint is no checkpoint", async () => {
  const run = new RunDirectory(join(root, "half"));
  await run.create();
  await run.save(stateOf(3), progressAt(3));
  await mkdir(run.file("checkpoints", "0000009.partial"));
  await writeFile(run.file("checkpoints", "0000009.partial", "progress.json"), '{"step":9');
  expect(await resumed(run)).toEqual([progressAt(3), [3, 3]]);
});

/** A state that cannot be written completely, as on a full disk. */
class BrokenState extends State {
  override read(path: string): Promise<Values> {
    if (path === "second") return Promise.reject(new Error("no space left on device"));
    return super.read(path);
  }
}

test("a save that fails half-way leaves the last checkpoint, and its own part goes with the next save", async () => {
  const run = new RunDirectory(join(root, "full"));
  await run.create();
  await run.save(stateOf(4), progressAt(4));
  await expect(run.save(new BrokenState(backend, specs), progressAt(5))).rejects.toThrow(
    /no space/,
  );
  expect(await resumed(run)).toEqual([progressAt(4), [4, 4]]);

  // Its remains must be deleted before the next one is written: they may be what fills the disk.
  const names: string[][] = [];
  const next = stateOf(6);
  const read = next.read.bind(next);
  next.read = (path) => {
    names.push(readdirSync(run.file("checkpoints")).filter((name) => name.endsWith(".partial")));
    return read(path);
  };
  await run.save(next, progressAt(6));
  expect(names.length).toBeGreaterThan(0);
  for (const seen of names) expect(seen).toEqual(["0000006.partial"]);
  expect((await readdir(run.file("checkpoints"))).sort()).toEqual(["0000004", "0000006"]);
});

test("a directory is replaced as a whole, or not at all", async () => {
  const run = new RunDirectory(join(root, "replaced"));
  const writing =
    (text: string, fails = false) =>
    async (directory = ""): Promise<void> => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, "model"), text);
      if (fails) throw new Error("interrupted");
    };
  const model = (): Promise<string> => readFile(run.file("best", "model"), "utf8");
  await run.replace("best", writing("one"));
  await expect(run.replace("best", writing("half", true))).rejects.toThrow("interrupted");
  expect(await model()).toBe("one");
  await cp(run.file("best"), run.file("best.partial"), { recursive: true });
  await writeFile(run.file("best.partial", "model"), "next");
  const models: string[] = [];
  // A kill after each step of a replacement: written, first rename, second rename.
  for (const [from, to] of [[], ["best", "best.old"], ["best.partial", "best"]]) {
    if (from && to) await rename(run.file(from), run.file(to));
    const copy = new RunDirectory(join(root, `replaced-${models.length}`));
    await cp(run.path, copy.path, { recursive: true });
    await copy.recover();
    models.push(await readFile(copy.file("best", "model"), "utf8"));
    expect(await readdir(copy.path)).toEqual(["best"]);
  }
  expect(models).toEqual(["one", "one", "next"]);
  await run.replace("best", writing("two"));
  expect(await model()).toBe("two");
  expect(await readdir(run.path)).toEqual(["best"]);
});
