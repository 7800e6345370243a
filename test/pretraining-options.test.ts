/** What a run of pre-training can be asked for: weights to start from, the measure of the best model, losses of one's own. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../src/backend/open.js";
import type { PretrainingStageRecipe, Recipe, StageRecipe } from "../src/configs/recipe.js";
import type { BatchTensors } from "../src/data/batch/batch.js";
import { multiply, subtract } from "../src/graph/ops/arithmetic.js";
import { mean } from "../src/graph/ops/reduce.js";
import { type TensorSpec, spec } from "../src/graph/tensor.js";
import { oneLine } from "../src/report/run-text.js";
import type { PretrainOptions } from "../src/train/pretrain.js";
import { type LogEntry, readLog } from "../src/train/run/log.js";
import { RunDirectory } from "../src/train/run/run-directory.js";
import { withRunLock } from "../src/train/run/run-lock.js";
import { readRun } from "../src/train/run/watched-run.js";
import type { ExtraLoss } from "../src/train/stages/extra-loss.js";
import { closeTo } from "./close-to.js";
import { pretrainShapes, shapesRecipe, writeShapes } from "./shapes.js";

const backend = openBackend();
let root: string;
/** The final model of a run of all stages. */
let start: string;

/** Runs the recipe in this process, and returns its log. */
const run = (name: string, changes: Partial<PretrainOptions> = {}): Promise<string[]> =>
  pretrainShapes(root, name, { backend, ...changes });

/** The recipe with its joint stage changed. */
function withJoint(changes: Partial<PretrainingStageRecipe>): Recipe {
  const recipe = shapesRecipe(root);
  const [codebook, joint] = recipe.stages as [StageRecipe, PretrainingStageRecipe];
  return { ...recipe, stages: [codebook, { ...joint, ...changes }] };
}

// Plain TypeScript would take many minutes for what takes the kernels seconds.
describe.skipIf(backend.name !== "native")("pretrain", () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "flava-shapes-"));
    await writeShapes(root);
    await run("whole");
    start = join(root, "whole", "joint", "final");
  });
  afterAll(async () => {
    backend.dispose();
    await rm(root, { recursive: true, force: true });
  });

  it("can be watched: the stage that was logged to last, and whether the run is finished", async () => {
    const directory = join(root, "whole");
    const whole = await readRun(directory);
    expect(oneLine(whole.stage)).toMatch(/^joint 4\/4, finished {2}contrastive \d\.\d{3} {2}itm 0/);
    expect(whole.state).toBe("finished");
    const codebook = await readRun(join(directory, "codebook"));
    expect(codebook).toMatchObject({ stage: { name: "codebook", steps: 4 }, state: "finished" });
    await expect(readRun(join(root, "pairs"))).rejects.toThrow(/no run in .*pairs/);

    const final = join(directory, "joint", "final");
    await rename(final, `${final}.away`); // as before it is written
    const { stage, state } = await withRunLock(directory, () => readRun(directory));
    expect([oneLine(stage), state]).toEqual([expect.stringMatching(/writing the/), "training"]);
    expect(await readRun(directory)).toMatchObject({ state: "stopped" });
    await rename(`${final}.away`, final);
  });

  it("starts a late stage in a new directory from given weights", async () => {
    const only = ["joint"];
    await expect(run("late", { only })).rejects.toThrow(
      /starts from stage "codebook", but .* Run stage "codebook" first \(--stage codebook\).*--start/,
    );
    const lines = await run("late", { only, start });
    expect(lines.join("\n")).toContain('"joint" is finished');
    expect(lines).toContainEqual(expect.stringMatching(/^Starting from .*whole.*: \d+ tensors\.$/));
  });

  it("says that given weights have no effect if a finished stage replaces all of them", async () => {
    const { stages, ...recipe } = withJoint({});
    const [codebook, joint] = stages as [StageRecipe, PretrainingStageRecipe];
    const from = [{ stage: "earlier", parts: ["flava", "heads", "codebook"] }];
    const three = [codebook, { ...joint, name: "earlier" }, { ...joint, from }] as const;
    await cp(join(root, "whole", "joint"), join(root, "whole", "earlier"), { recursive: true });
    const lines = await run("whole", {
      ...{ recipe: { ...recipe, stages: [...three] }, only: ["joint"], start, allowChanges: true },
    });
    expect(lines[0]).toMatch(/takes all its weights from .*earlier.*, none from .*joint/);
  });

  it("keeps the best model by the measure that the recipe names", async () => {
    const every = { log: 4, evaluate: 1, save: 4 };
    const by = (best: string): Pick<PretrainOptions, "recipe" | "start" | "only"> => {
      return { recipe: withJoint({ best, every }), start, only: ["joint"] };
    };
    const fault = await run("best", by("mlm acuracy")).catch(String);
    expect(fault).toMatch(
      /"mlm acuracy", which it does not measure. Did you mean "mlm accuracy"\?/,
    );
    const lines = await run("best", by("mlm"));
    expect(lines).toContain("The model with the lowest mlm on validation data is kept in best/.");
    const stage = new RunDirectory(join(root, "best", "joint"));
    const evaluations = (await readLog(stage)).filter(({ kind }) => kind === "evaluation");
    const measures = / Its measures: (.*); where images /.exec(String(fault))![1]!.split(", ");
    const known = measures.filter((measure) => measure !== "contrastive"); // its name has the number of pairs
    expect(Object.keys(evaluations[0]!.scalars)).toEqual(expect.arrayContaining(known));
    const values = evaluations.map(({ scalars }) => scalars.mlm!);
    expect(evaluations.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]); // first the model of --start
    const value = Math.min(...values);
    const progress = await readFile(stage.file("checkpoints", "0000004", "progress.json"), "utf8");
    const { best } = JSON.parse(progress) as { readonly best: unknown };
    const step = values.indexOf(value);
    expect(best).toEqual({ step, measure: "mlm", value });
    expect(lines).toContainEqual(
      expect.stringMatching(`^The best model is .*: mlm ${value.toFixed(3)} on`),
    );
    expect(existsSync(stage.file("best", "model.safetensors"))).toBe(true);

    // A value of other validation data, which no model would reach.
    const file = stage.file("checkpoints", "0000004", "progress.json");
    await writeFile(file, progress.replace(`"value":${value}`, '"value":-1'));
    const { data, ...longer } = withJoint({ best: "mlm", every, steps: 5 });
    const validation = { ...data.validation, batch: 8 };
    const changed = { ...longer, data: { ...data, validation } };
    const again = await run("best", { ...by("mlm"), recipe: changed, allowChanges: true });
    expect(again).toContainEqual(expect.stringContaining("was evaluated in another way"));
    expect(again).toContainEqual(
      expect.stringMatching(/^The best model is that after step 5: mlm/),
    );
  });

  it("minimizes a loss of one's own with inputs of its own, also in micro-batches", async () => {
    const targets: ExtraLoss = {
      name: "targets",
      kinds: ["pair"],
      weight: 10,
      inputs: ({ kind: _, ...tensors }) => {
        const { pixels } = tensors as BatchTensors<TensorSpec>;
        return { wanted: spec([pixels!.shape[0]!, 64]) };
      },
      values: ({ sizes }) => {
        const sample = (place: number): number => 0.1 + Math.floor(place / 64) / 100;
        return { wanted: Float32Array.from({ length: sizes.samples * 64 }, (_, i) => sample(i)) };
      },
      loss: ({ objectives, inputs }) => {
        const difference = subtract(objectives.contrastive!.embeddings.images, inputs.wanted!);
        return mean(multiply(difference, difference));
      },
    };
    const losses: number[][] = [];
    for (const microBatches of [1, 2]) {
      const entries: LogEntry[] = [];
      await run(`extra-${microBatches}`, {
        recipe: withJoint({ microBatches, shares: { pair: 1, image: 0, text: 0 } }),
        start,
        only: ["joint"],
        extraLosses: [targets],
        onEntry: (_, entry) => entries.push(entry),
      });
      losses.push(entries.flatMap(({ scalars }) => scalars.targets ?? []));
    }
    const [whole, split] = losses as [number[], number[]];
    expect(whole).toHaveLength(4);
    expect(whole[3]).toBeLessThan(whole[0]!);
    expect(split).toEqual(closeTo(whole, 4));
    const recipe = withJoint({ shares: { pair: 1, image: 0, text: 0 } });
    await expect(run("extra-1", { recipe, start, only: ["joint"] })).rejects.toThrow(
      'extraLosses: ["targets"] -> none',
    );
    const twice = { ...targets, name: "mlm" };
    await expect(run("extra-1", { extraLosses: [twice] })).rejects.toThrow(
      'two losses named "mlm"',
    );
  });
});
