/** Whole runs that several backends of this process share as processes do: they end with the bits of one. */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../src/backend/backend.js";
import { nativeBackend, nativeLevels } from "../src/backend/native.js";
import { joinThreads } from "../src/backend/native-communicator.js";
import { referenceBackend } from "../src/backend/reference.js";
import { checkFinetuningRecipe } from "../src/configs/finetuning-recipe.js";
import type { Recipe } from "../src/configs/recipe.js";
import type { ZeroStage } from "../src/optim/zero.js";
import { finetune } from "../src/train/finetune.js";
import { communicators } from "./processes.js";
import { pretrainShapes, shapesRecipe, writeShapes } from "./shapes.js";
import { writeCheckpoint } from "./small-checkpoint.js";
import { toyReviews } from "./toy-reviews.js";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-shared-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Two steps of the codebook and of all losses of pairs. */
function pairsRecipe(): Recipe {
  const { stages, data, ...recipe } = shapesRecipe(root, { steps: 2 });
  return {
    ...recipe,
    data: { ...data, validation: { ...data.validation, texts: [] } },
    stages: stages.map((stage) =>
      stage.kind === "codebook" ? stage : { ...stage, shares: { pair: 1, image: 0, text: 0 } },
    ),
  };
}

/** Does `work` on `size` backends that know each other. */
async function onAll<Result>(
  size: number,
  work: (backend: Backend) => Promise<Result>,
): Promise<Result[]> {
  const all = size === 1 ? [undefined] : joinThreads(size, 30);
  const one = async (processes: (typeof all)[number]): Promise<Result> => {
    const backend = nativeBackend({ threads: 1, processes });
    try {
      return await work(backend);
    } finally {
      backend.dispose();
    }
  };
  const results = await Promise.all(all.map(one));
  for (const each of all) each?.leave();
  return results;
}

async function digest(...path: string[]): Promise<string> {
  const bytes = await readFile(join(root, ...path));
  return createHash("sha256").update(bytes).digest("hex");
}

describe.runIf(nativeLevels().length > 0)("a run that backends share as processes do", () => {
  it("ends with the bits of one in pre-training, also if sums of gradients are rounded", async () => {
    await writeShapes(root);
    const state = async (
      gradientSums: "float32" | "bfloat16",
      size: number,
      zero: ZeroStage,
    ): Promise<string[]> => {
      const recipe: Recipe = { ...pairsRecipe(), shards: 4, gradientSums };
      const name = `${gradientSums}-${size}`;
      await onAll(size, (backend) => pretrainShapes(root, name, { recipe, backend, zero }));
      const files = recipe.stages.map((stage) =>
        digest(name, stage.name, "checkpoints", "0000002", "state.safetensors"),
      );
      return Promise.all(files);
    };
    const exact = await state("float32", 1, 0);
    expect(await state("float32", 4, 1)).toEqual(exact);
    const rounded = await state("bfloat16", 1, 0);
    expect(await state("bfloat16", 2, 3)).toEqual(rounded);
    for (const [stage, bits] of exact.entries()) expect(rounded[stage]).not.toBe(bits);
  });

  it("ends with the bits of one in fine-tuning, also when others continue it", async () => {
    const model = join(root, "small");
    await writeCheckpoint(model);
    const input = { name: "toy", encoder: "text", precision: "float32", rate: { peak: 1e-3 } };
    const recipe = checkFinetuningRecipe(
      { ...input, shards: 2, steps: 3, batch: 8, lengths: [16, 32], every: { log: 1, save: 1 } },
      "toy",
    );
    const data = { train: toyReviews(24, 1), validation: toyReviews(9, 2) };
    const run = async (size: number, name: string, stopAfter = Infinity): Promise<unknown> => {
      const zero = size > 1 ? 3 : 0;
      const stop = new AbortController();
      const onProgress = ({ step }: { readonly step: number }): void => {
        if (step === stopAfter) stop.abort();
      };
      const results = await onAll(size, (backend) =>
        finetune({
          ...{ recipe, model, ...data, directory: join(root, name), backend, workers: 0, zero },
          ...{ log: () => undefined, onProgress, signal: stop.signal },
        }),
      );
      return results.map(({ ending, seeds }) => ({ ending, seeds }));
    };
    const [alone] = (await run(1, "alone")) as unknown[];
    const stopped = { ending: "stopped", seeds: [] };
    expect(await run(2, "shared", 1)).toEqual([stopped, stopped]);
    expect(await run(1, "shared")).toEqual([alone]);
    for (const path of ["model/model.safetensors", "seed-0/best/head.safetensors"]) {
      expect(await digest("shared", path), path).toBe(await digest("alone", path));
    }
  });
});

it("processes whose validation data differ are refused before a step is made", async () => {
  const [here, there] = [join(root, "here"), join(root, "there")];
  await writeShapes(here);
  await cp(here, there, { recursive: true });
  const held = join(there, "pairs", "shapes", "validation");
  const shard = join(
    held,
    (await readdir(held)).find((name) => name.endsWith(".tar"))!,
  );
  const text = (await readFile(shard, "latin1")).replace("red circle", "red sphere");
  await writeFile(shard, text, "latin1");
  const ends = await Promise.allSettled(
    communicators(2).map((processes, rank) => {
      const recipe = shapesRecipe([here, there][rank]!, { steps: 1 });
      return pretrainShapes(root, "refused", { recipe, backend: referenceBackend({ processes }) });
    }),
  );
  for (const end of ends)
    expect(String((end as PromiseRejectedResult).reason)).toMatch(/in: recipe, validation\./);
});
