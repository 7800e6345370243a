/** Whole training runs on a small data set: stages, checkpoints, and resuming after any kind of end. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LockError } from "../src/base/lock.js";
import { openBackend } from "../src/backend/open.js";
import { openSafetensors } from "../src/checkpoint/files/safetensors.js";
import {
  type PretrainingStageRecipe,
  type Recipe,
  type StageRecipe,
  checkRecipe,
} from "../src/configs/recipe.js";
import type { PretrainOptions } from "../src/train/pretrain.js";
import { ChangedRunError } from "../src/train/run/provenance.js";
import { checkRun } from "../src/train/run/resume.js";
import { readLog } from "../src/train/run/log.js";
import { ShardWriter } from "../src/data/formats/tar/shard-writer.js";
import { RunDirectory } from "../src/train/run/run-directory.js";
import { program } from "./build.js";
import { pretrainShapes, shapesRecipe, words, writeShapes } from "./shapes.js";

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

/** Runs the recipe in this process, and returns its log. */
const run = (name: string, changes: Partial<PretrainOptions> = {}): Promise<string[]> =>
  pretrainShapes(root, name, { backend, ...changes });

/** Runs the joint stage with the codebook of the whole run. */
async function withCodebook(
  name: string,
  changes: Partial<PretrainOptions> = {},
): Promise<string[]> {
  await cp(join(root, "whole", "codebook"), join(root, name, "codebook"), { recursive: true });
  return run(name, changes);
}

/** Stops at this step of four, in the first stage that trains. */
function stoppedAt(step: number): Pick<PretrainOptions, "log" | "signal"> & { lines: string[] } {
  const stop = new AbortController();
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    if (line.startsWith(`${step}/4`)) stop.abort();
  };
  return { lines, log, signal: stop.signal };
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

/** The command in its own process: its exit code, or the signal that ended it, and its output. */
async function command(
  name: string,
  isTimeToKill: (printed: string) => boolean = () => false,
): Promise<{ readonly end: number | NodeJS.Signals | null; readonly printed: string }> {
  const child = spawn(
    process.execPath,
    [program, "pretrain", join(root, "recipe.json"), "--out", join(root, name), "--workers", "0"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => (printed += text.toString()));
  }
  const timer = setInterval(() => isTimeToKill(printed) && child.kill("SIGKILL"), 1);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearInterval(timer);
  return { end: signal ?? code, printed };
}

// Plain TypeScript would take many minutes for what takes the kernels seconds.
describe.skipIf(backend.name !== "native")("pretrain", () => {
  it("runs all stages, logs every loss, and writes a model", async () => {
    const lines = await run("whole");
    expect(lines.join("\n")).toContain('"joint" is finished');
    for (const line of [/^Memory: .* for the state/, /^Time: roughly .* for 4 steps/])
      expect(lines.filter((each) => line.test(each))).toHaveLength(2);
    expect(lines.filter((line) => /^Matching is .*calibrated/.test(line))).toHaveLength(1);
    const log = await readLog(new RunDirectory(join(root, "whole", "joint")));
    const logged = new Set(log.flatMap(({ scalars }) => Object.keys(scalars)));
    for (const loss of ["contrastive", "itm", "mmmImage", "mmmText", "mim", "mlm"]) {
      expect(logged).toContain(loss);
    }
    expect(logged).toContain("zero-shot top-1");
    const facts = await new RunDirectory(join(root, "whole", "joint")).readFacts();
    const { losses, accuracies = {} } = facts!;
    for (const question of ["itm", "mmmImage", "mmmText", "mim", "mlm"]) {
      expect(logged).toContain(`${question} accuracy`);
      expect(losses[question]).toBeGreaterThan(0);
      expect(accuracies[`${question} accuracy`]).toBeGreaterThan(0);
    }
    expect(losses.mlm).toBeLessThan(Math.log(30522) - 1); // texts of a few words only
    expect((await readdir(join(root, "whole", "joint", "final"))).sort()).toEqual([
      "codebook_decoder.safetensors",
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer_config.json",
      "vocab.txt",
    ]);
    const codebook = await readdir(join(root, "whole", "codebook", "final"));
    expect(codebook).toContain("codebook_decoder.safetensors");
  });

  it("refuses to freeze unknown weights", async () => {
    const recipe = shapesRecipe(root, { frozen: ["flava/imagination"] });
    await expect(run("whole", { recipe })).rejects.toThrow('freezes "flava/imagination"');
  });

  it("learns matching alone, from unmasked pairs, with frozen encoders", async () => {
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

  it("stops on request and resumes to the same weights, also with micro-batches", async () => {
    // Checkpoints omit the gradient sums of micro-batches.
    const recipe = shapesRecipe(root, { microBatches: 2 });
    await withCodebook("micro-batches", { recipe });
    const stopped = stoppedAt(2);
    await withCodebook("stopped", { recipe, ...stopped });
    expect(stopped.lines.at(-1)).toMatch(/Stopped after step 2; the same command continues/);
    const directory = new RunDirectory(join(root, "stopped", "joint"));
    const { losses, ...facts } = (await directory.readFacts())!;
    await directory.writeFacts({ ...facts, losses: { ...losses, mlm: 1 } });
    await run("stopped", { recipe });
    expect(await weightsOf("stopped")).toBe(await weightsOf("micro-batches"));
    expect((await directory.readFacts())!.losses).toMatchObject({ mlm: 1 }); // measured once
  });

  it("resumes to the same weights after its data were moved", async () => {
    await withCodebook("moved", stoppedAt(2));
    const elsewhere = join(root, "somewhere else");
    await writeShapes(elsewhere);
    await run("moved", { recipe: shapesRecipe(elsewhere) });
    expect(await weightsOf("moved")).toBe(await weightsOf("whole"));
  });

  it("ends with the same weights whenever it is killed", { timeout: 300_000 }, async () => {
    const recipe = shapesRecipe(root, { embeddings: 30_000 }); // saving takes long enough to be killed
    await run("unharmed", { recipe });
    await writeFile(join(root, "recipe.json"), JSON.stringify(recipe));
    const stage = new RunDirectory(join(root, "killed", "joint"));
    const partial = (): string[] =>
      [stage.path, stage.file("checkpoints")].flatMap((directory) =>
        existsSync(directory)
          ? readdirSync(directory).filter((file) => file.endsWith(".partial"))
          : [],
      );
    await cp(join(root, "unharmed", "codebook"), join(root, "killed", "codebook"), {
      recursive: true,
    });
    const training = await command("killed", (printed) => /^1\/4 /m.test(printed));
    expect(training.end).toBe("SIGKILL");
    expect(training.printed).not.toContain('"joint" is finished');
    const saving = await command("killed", () => partial().length > 0);
    expect(saving.end).toBe("SIGKILL");
    expect(partial()).toHaveLength(1);
    const finishing = await command("killed", () => partial().includes("final.partial"));
    expect(finishing.end).toBe("SIGKILL");
    expect(existsSync(stage.file("final"))).toBe(false);
    expect((await command("killed")).end).toBe(0);
    expect(await weightsOf("killed")).toBe(await weightsOf("unharmed"));
  });

  it("continues only with the settings that made it, or with allowed changes", async () => {
    const only = ["codebook"];
    const twice = [1, 2].map(() => run("changed", { only, ...stoppedAt(2) }));
    const outcomes = await Promise.allSettled(twice); // one process at a time
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused).toEqual([{ status: "rejected", reason: expect.any(LockError) as LockError }]);
    const longer = shapesRecipe(root, { steps: 6 });
    await expect(run("changed", { only, recipe: { ...longer, seed: 1 } })).rejects.toThrow(
      /other settings:\n {2}seed: 0 -> 1\n {2}stages\.codebook\.steps: 4 -> 6\n/,
    );
    await run("changed", { only });
    await expect(run("changed", { only, recipe: longer })).rejects.toThrow(ChangedRunError);
    const lines = await run("changed", { only, recipe: longer, allowChanges: true });
    expect(lines).toContain("Changed: stages.codebook.steps: 4 -> 6");
    expect(lines).toContain("Continuing after step 4 of 6.");
    expect(await run("changed", { only, recipe: longer })).toHaveLength(1); // finished
    await expect(run("changed", { only, allowChanges: true })).rejects.toThrow("already done 6");
  });

  it("detects a data set of another size", async () => {
    const extra = join(root, "text", "extra", "train");
    const writer = new ShardWriter(extra, { name: "extra" });
    await writer.add({ key: "one", texts: ["one more text"], fields: {} });
    await writer.close();
    await expect(run("whole")).rejects.toThrow(
      /other settings:\n {2}samples\.text\/extra\/train: none -> 1\n/,
    );
    await rm(join(root, "text", "extra"), { recursive: true });
  });

  it("leaves damaged validation images out, and says so", async () => {
    const damaged = join(root, "pairs", "damaged");
    const writer = new ShardWriter(join(damaged, "validation"), { name: "damaged" });
    const whole = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const broken = Buffer.from("89504e470d0a1a0a0000", "hex"); // the beginning of a PNG
    for (const [concept, image] of Object.entries({ whole, broken })) {
      await writer.add({ key: concept, image, texts: [concept], fields: { concept } });
    }
    await writer.close();
    const lines = await withCodebook("partly damaged");
    expect(lines).toContainEqual(
      expect.stringMatching(/^Zero-shot validation: 1 of 32 samples was left out: 1 is damaged/),
    );
    const ofMatching = lines.filter((line) => line.startsWith("Calibration of matching: 1 of 32 "));
    expect(ofMatching).toHaveLength(1);
    await rm(damaged, { recursive: true });
  });

  it("trains with the vocabulary of the recipe, and refuses weights of another one", async () => {
    const pieces = words.toReversed();
    await writeFile(join(root, "reversed.txt"), `${pieces.join("\n")}\n`);
    const recipe = shapesRecipe(root, { vocabulary: "reversed.txt" });
    const start = join(root, "whole", "joint", "final");
    await expect(run("whole", { recipe })).rejects.toThrow(
      /data\.vocabulary: "words.txt" -> "reversed.txt"\n.*vocabulary: "/s,
    );
    const codebook = await run("reversed", { recipe, only: ["codebook"] });
    expect(codebook.join("\n")).toContain("is finished");
    await expect(run("reversed", { recipe, start })).rejects.toThrow(
      /final has another vocabulary/,
    );
    await run("reversed", { recipe });
    const written = join(root, "reversed", "joint", "final", "vocab.txt");
    expect((await readFile(written, "utf8")).trim().split("\n")).toEqual(pieces);
    const many = Array.from({ length: 32 }, (_, index) => `word${index}`);
    await writeFile(join(root, "reversed.txt"), [...pieces, ...many].join("\n"));
    await expect(run("more words", { recipe })).rejects.toThrow(/at most 32 pieces/);
  });

  it("detects changed start weights", async () => {
    const start = join(root, "whole", "codebook", "final");
    const other = join(root, "changed", "codebook", "final");
    await withCodebook("started", { start, ...stoppedAt(1) });
    await expect(run("started", { start: other })).rejects.toThrow(
      /start\.--start: "\w+" -> "\w+"/,
    );
    await expect(run("started")).rejects.toThrow(/start\.--start: "\w+" -> none/);
  });

  it("warns that bits differ on another processor level", async () => {
    const run = new RunDirectory(join(root, "whole", "joint"));
    const facts = (await run.readFacts())!;
    await cp(run.path, join(root, "level"), { recursive: true });
    const copy = new RunDirectory(join(root, "level"));
    await rm(copy.file("final"), { recursive: true });
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    expect(await checkRun(copy, { ...facts, level: "other" }, 4, { log })).toBe(false);
    expect(lines.join()).toMatch(new RegExp(`${backend.level} kernels and continues with other`));
  });

  it("refuses to predict visual tokens without a trained codebook", async () => {
    const recipe = shapesRecipe(root);
    const [, joint] = recipe.stages as [StageRecipe, PretrainingStageRecipe];
    const alone = { ...recipe, stages: [{ ...joint, from: [] }] } as unknown as Recipe;
    await expect(run("untaught", { recipe: alone })).rejects.toThrow(
      /"joint" predicts visual tokens, but has no trained codebook.*--start/,
    );
  });

  it.skipIf(!existsSync("/dev/full"))("stops with a message when the disk is full", async () => {
    const directory = new RunDirectory(join(root, "full", "joint"));
    const logFile = directory.file("log.jsonl");
    const log = (line: string): void => {
      if (!line.startsWith("2/4")) return;
      renameSync(logFile, `${logFile}.kept`);
      symlinkSync("/dev/full", logFile);
    };
    await expect(withCodebook("full", { log })).rejects.toThrow(
      /disk .* is full\. The checkpoint of step \d is intact\. Make room/,
    );
    renameSync(`${logFile}.kept`, logFile);
    await run("full");
    expect(await weightsOf("full")).toBe(await weightsOf("whole"));
  });

  it("stops with a message when a shard cannot be read, and resumes when it can", async () => {
    await withCodebook("unreadable", stoppedAt(2));
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

  it("stops at a loss that is not finite, and resumes from the state before", async () => {
    const recipe = shapesRecipe(root);
    const [codebook, joint] = recipe.stages as [StageRecipe, PretrainingStageRecipe];
    await withCodebook("wild", stoppedAt(1));
    const every = { ...joint.every, save: 9 };
    const wild = { ...joint, rate: { ...joint.rate, peak: 1e30 }, every };
    const changed = { recipe: { ...recipe, stages: [codebook, wild] }, allowChanges: true };
    await expect(run("wild", changed)).rejects.toThrow(
      /^Step [234] produced an infinite value .* first in .*checkpoint of step 1 is intact.*lower/,
    );
    await run("wild", { allowChanges: true });
    expect(await weightsOf("wild")).toBe(await weightsOf("whole"));
  });

  it("sums up skipped samples in one line per log line", async () => {
    const directory = join(root, "pairs", "shapes", "train");
    const name = (await readdir(directory)).find((file) => file.endsWith(".tar"))!;
    const shard = await readFile(join(directory, name));
    const damaged = Buffer.from(shard);
    for (let image = 0, at = 0; image < 15; image++) {
      at = damaged.indexOf("IHDR", at + 1);
      damaged.fill(0, at, at + 20);
    }
    await writeFile(join(directory, name), damaged);
    const lines = await run("damaged", { only: ["codebook"] });
    await writeFile(join(directory, name), shard);
    const counts = lines.flatMap(
      (line) => /(\d+) of \d+ samples were left out: /.exec(line)?.[1] ?? [],
    );
    expect(counts).toHaveLength(4); // of 8 samples, half of which are damaged
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBeGreaterThan(8);
  });

  it("memorizes a few samples, in its own directory", async () => {
    const recipe = shapesRecipe(root, { steps: 40 });
    const lines = await run("overfit", { recipe, overfit: 4, only: ["codebook"] });
    expect(lines.join("\n")).toContain('"codebook" is finished');
    const log = await readLog(new RunDirectory(join(root, "overfit", "overfit-4", "codebook")));
    const losses = log.flatMap(({ scalars }) => scalars.reconstruction ?? []);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });

  it("explains why a recipe cannot be run", async () => {
    await expect(run("whole", { only: ["nonsense"] })).rejects.toThrow(
      /no stage "nonsense".*joint/,
    );
    const { data, ...rest } = shapesRecipe(root);
    const recipe = { ...rest, data: { ...data, pairs: ["pairs/nothing/train"] } };
    await expect(run("nowhere", { recipe })).rejects.toThrow(/nothing at .*nothing\/train/);
    expect(() => checkRecipe({ name: "x" }, "this")).toThrow(/Invalid recipe: this\n {2}data/);
  });
});
