/** Whole training runs on a little data set: stages, checkpoints, and going on after any kind of end. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, renameSync, symlinkSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../src/backend/open.js";
import { openSafetensors } from "../src/checkpoint/safetensors.js";
import {
  type PretrainingStageRecipe,
  type StageRecipe,
  checkRecipe,
} from "../src/configs/recipe.js";
import { type PretrainOptions, pretrain } from "../src/train/pretrain.js";
import { readLog } from "../src/train/run/log.js";
import { RunDirectory } from "../src/train/run/run-directory.js";
import { shapesRecipe, writeShapes } from "./shapes.js";

const program = join(import.meta.dirname, "..", "dist", "src", "cli", "main.js");
const backend = openBackend();
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-shapes-"));
  await writeShapes(root);
});
afterAll(async () => {
  backend.dispose();
  await rm(root, { recursive: true, force: true });
});

/** Runs the recipe in this process, and gives what it said. */
async function run(name: string, changes: Partial<PretrainOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  await pretrain({
    recipe: shapesRecipe(root),
    directory: join(root, name),
    backend,
    workers: 0,
    say: (line) => lines.push(line),
    ...changes,
  });
  return lines;
}

/** Stops a run of four steps after this step of its joint stage. */
function stoppedAt(step: number): Pick<PretrainOptions, "say" | "signal"> {
  const stop = new AbortController();
  const line = new RegExp(`^${step}/4 .*(mim|mlm|contrastive)`);
  return { say: (said) => line.test(said) && stop.abort(), signal: stop.signal };
}

async function digest(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

const weightsOf = (name: string): Promise<string> =>
  digest(join(root, name, "joint", "final", "model.safetensors"));

/** The bytes of a written model's weights. */
async function tensorsOf(directory: string): Promise<Map<string, Uint8Array>> {
  const file = await openSafetensors(join(directory, "model.safetensors"));
  const found = new Map<string, Uint8Array>();
  for (const [name, tensor] of file.tensors) {
    const bytes = new Uint8Array(tensor.bytes);
    await tensor.read(bytes);
    found.set(name, bytes);
  }
  await file.close();
  return found;
}

/** The command in a process of its own; resolves with its exit code, or the signal that ended it. */
function command(name: string, killAfter?: number): Promise<number | NodeJS.Signals | null> {
  const child = spawn(
    process.execPath,
    [program, "pretrain", join(root, "recipe.json"), "--out", join(root, name)],
    { stdio: "ignore" },
  );
  const timer =
    killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(signal ?? code);
    });
  });
}

// Plain TypeScript would take many minutes for what the kernels do in seconds.
describe.skipIf(backend.name !== "native")("pretrain", () => {
  it("runs all stages, logs every loss, and writes a model", async () => {
    const lines = await run("whole");
    expect(lines.at(-1)).toContain('"joint" is finished');
    expect(lines.filter((line) => /^Memory: .* for the state/.test(line))).toHaveLength(2);
    expect(lines.filter((line) => /^Time: roughly .* for 4 steps/.test(line))).toHaveLength(2);
    const log = await readLog(new RunDirectory(join(root, "whole", "joint")));
    const logged = new Set(log.flatMap(({ scalars }) => Object.keys(scalars)));
    for (const loss of ["contrastive", "itm", "mmmImage", "mmmText", "mim", "mlm"]) {
      expect(logged).toContain(loss);
    }
    expect(logged).toContain("zero-shot top-1");
    expect((await readdir(join(root, "whole", "joint", "final"))).sort()).toEqual([
      "codebook_decoder.safetensors",
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer_config.json",
      "vocab.txt",
    ]);
    expect(await readdir(join(root, "whole", "codebook", "final"))).toContain(
      "codebook_decoder.safetensors",
    );
  });

  it("refuses to freeze what no weights are called", async () => {
    const recipe = shapesRecipe(root, { frozen: ["flava/imagination"] });
    await expect(run("whole", { recipe })).rejects.toThrow('freezes "flava/imagination"');
  });

  it("learns matching alone, from whole pairs, with frozen encoders", async () => {
    const recipe = shapesRecipe(root, { frozen: ["flava/image", "flava/text"] });
    await run("whole", { recipe });
    const [before, after] = await Promise.all(
      ["joint", "matching"].map((stage) => tensorsOf(join(root, "whole", stage, "final"))),
    );
    const changed = [...after!].filter(
      ([name, bytes]) => Buffer.compare(bytes, before!.get(name)!) !== 0,
    );
    const parts = new Set(changed.map(([name]) => name.split(/[./]/).slice(0, 2).join("/")));
    expect([...parts].sort()).toEqual([
      "flava/image_to_mm_projection",
      "flava/multimodal_model",
      "flava/text_to_mm_projection",
      "itm_head/pooler",
      "itm_head/seq_relationship",
    ]);
    const log = await readLog(new RunDirectory(join(root, "whole", "matching")));
    expect(Object.keys(log.at(-1)!.scalars)).toContain("itm accuracy");
    expect(Object.keys(log.at(-1)!.scalars)).not.toContain("contrastive");
  });

  it("stops on request, and goes on to the same weights", async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const say = (line: string): void => {
      said.push(line);
      if (line.startsWith("2/4") && said.length > 8) stop.abort(); // in the joint stage
    };
    await run("stopped", { say, signal: stop.signal });
    expect(said.at(-1)).toMatch(/Stopped after step \d/);
    await run("stopped");
    expect(await weightsOf("stopped")).toBe(await weightsOf("whole"));
  });

  it("resumes a run with micro-batches, although checkpoints omit the gradient sums", async () => {
    const recipe = shapesRecipe(root, { microBatches: 2 });
    await run("micro-batches", { recipe });
    await run("stopped with micro-batches", { recipe, ...stoppedAt(2) });
    const directory = new RunDirectory(join(root, "stopped with micro-batches", "joint"));
    expect((await directory.checkpoints()).at(-1)).toBeLessThan(4);
    await run("stopped with micro-batches", { recipe });
    expect(await weightsOf("stopped with micro-batches")).toBe(await weightsOf("micro-batches"));
  });

  it("ends with the same weights after being killed at any moment", async () => {
    await writeFile(join(root, "recipe.json"), JSON.stringify(shapesRecipe(root)));
    for (const killAfter of [2500, 4000, 5500]) await command("killed", killAfter);
    expect(await command("killed")).toBe(0);
    expect(await weightsOf("killed")).toBe(await weightsOf("whole"));
  });

  it("leaves the last checkpoint alone where a save fails half way", async () => {
    const directory = join(root, "whole", "joint", "checkpoints");
    await writeFile(join(directory, "0000009.partial"), "half a checkpoint");
    const checkpoints = await new RunDirectory(join(root, "whole", "joint")).checkpoints();
    expect(checkpoints.at(-1)).toBe(4);
  });

  it.skipIf(!existsSync("/dev/full"))("stops in words where the disk is full", async () => {
    const directory = new RunDirectory(join(root, "full", "joint"));
    const log = directory.file("log.jsonl");
    let moved = false;
    const say = (line: string): void => {
      if (moved || !/^2\/4 .*(mim|mlm|contrastive)/.test(line)) return;
      moved = true;
      renameSync(log, `${log}.kept`);
      symlinkSync("/dev/full", log);
    };
    await expect(run("full", { say })).rejects.toThrow(
      /disk .* is full\. The checkpoint of step \d is intact\. Make room/,
    );
    renameSync(`${log}.kept`, log);
    await run("full");
    expect(await weightsOf("full")).toBe(await weightsOf("whole"));
  });

  it("stops in words where a shard cannot be read, and goes on when it can", async () => {
    await run("unreadable", stoppedAt(2));
    const directory = join(root, "pairs", "shapes", "train");
    const shard = join(
      directory,
      (await readdir(directory)).find((name) => name.endsWith(".tar"))!,
    );
    const whole = await readFile(shard);
    await writeFile(shard, whole.subarray(0, whole.length / 4));
    await expect(run("unreadable")).rejects.toThrow(/shapes.*\.tar/);
    await writeFile(shard, whole);
    await run("unreadable");
    expect(await weightsOf("unreadable")).toBe(await weightsOf("whole"));
  });

  it("stops at a loss that is not finite, and goes on from the state before", async () => {
    const recipe = shapesRecipe(root);
    const [codebook, joint] = recipe.stages as [StageRecipe, PretrainingStageRecipe];
    await run("wild", stoppedAt(1));
    const every = { ...joint.every, save: 9 };
    const wild = { ...joint, rate: { ...joint.rate, peak: 1e30 }, every };
    await expect(run("wild", { recipe: { ...recipe, stages: [codebook, wild] } })).rejects.toThrow(
      /^Step [234] gave a value .* first in .*checkpoint of step 1 is intact.*lower/,
    );
    await run("wild");
    expect(await weightsOf("wild")).toBe(await weightsOf("whole"));
  });

  it("learns a few samples by heart", async () => {
    const recipe = shapesRecipe(root, { steps: 40 });
    const lines = await run("overfit", { recipe, overfit: 4, only: ["codebook"] });
    expect(lines.join("\n")).toContain('"codebook" is finished');
    const log = await readLog(new RunDirectory(join(root, "overfit", "codebook")));
    const losses = log.flatMap(({ scalars }) => scalars.reconstruction ?? []);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.5);
  });

  it("refuses what cannot be run, in words", async () => {
    await expect(run("whole", { only: ["nonsense"] })).rejects.toThrow(/no stage nonsense.*joint/);
    const { data, ...rest } = shapesRecipe(root);
    const recipe = { ...rest, data: { ...data, pairs: ["pairs/nothing/train"] } };
    await expect(run("nowhere", { recipe })).rejects.toThrow(/no directory .*nothing/);
    expect(() => checkRecipe({ name: "x" }, "this")).toThrow(/this is no recipe.*\n {2}model/);
  });
});
