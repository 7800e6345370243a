import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import { fromBfloat16, toBfloat16 } from "../backend/values.js";
import { leavesOf, mapTree } from "../base/tree.js";
import { models } from "../configs/models.js";
import { type Dtype, type TensorSpec, spec } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import { flavaParameters, pretrainingParameters } from "../model/flava.js";
import { type WriteHuggingFaceOptions, writeHuggingFace } from "./huggingface.js";
import type { LoadReport } from "./compare.js";
import { type LoadWeightsOptions, WeightsMismatch, loadWeights } from "./load.js";
import { openCheckpoint } from "./open.js";

const root = temporaryDirectory();
const stack = { layers: 1, width: 4, hidden: 8, heads: 2 };
const config: FlavaConfig = {
  ...models.tiny,
  image: { ...stack, size: 8, patch: 4, channels: 3, vocabulary: 8 },
  text: { ...stack, vocabulary: 10, positions: 6, types: 2 },
  multimodal: stack,
  codebook: { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 4, vocabulary: 8 },
  projection: 3,
};

/** A state of these parameters; all values are distinct, and exact in every dtype. */
function stateOf(parameters: unknown, dtype: Dtype = "float32"): State {
  const specs = mapTree(parameters, ({ shape }: TensorSpec) => spec(shape, dtype));
  const state: State = new State(referenceBackend({ precision: "float32" }), { parameters: specs });
  for (const [place, path] of state.paths.entries()) {
    const { size } = state.spec(path);
    state.write(
      path,
      Float32Array.from({ length: size }, (_, index) => (((place + index) % 255) - 127) / 64),
    );
  }
  return state;
}

const emptyState = (parameters: unknown, dtype: Dtype = "float32"): State =>
  new State(referenceBackend({ precision: "float32" }), {
    parameters: mapTree(parameters, ({ shape }: TensorSpec) => spec(shape, dtype)),
  });

async function written(
  state: State,
  options?: WriteHuggingFaceOptions,
  sizes = config,
): Promise<string> {
  const directory = await mkdtemp(join(root, "model-"));
  await writeHuggingFace(directory, state, sizes, options);
  return directory;
}

async function load(
  directory: string,
  state: State,
  options?: LoadWeightsOptions,
): Promise<LoadReport> {
  const checkpoint = await openCheckpoint(directory);
  return loadWeights(checkpoint, state, options).finally(() => checkpoint.close());
}

const whole = pretrainingParameters(config);
const all = stateOf(whole);
const { flava, heads, codebook } = whole;
const count = leavesOf(whole).length;

describe("weights", () => {
  it.each(["float32", "float16", "bfloat16"] as const)(
    "written as %s load as they were",
    async (dtype) => {
      for (const shardBytes of [1e9, 2000]) {
        const directory = await written(all, { dtype, shardBytes });
        const target = emptyState(whole);
        expect(await load(directory, target)).toEqual({
          loaded: count,
          missing: [],
          unexpected: [],
          foreign: [],
          misshapen: [],
        });
        for (const path of all.paths)
          expect(await target.read(path), path).toEqual(await all.read(path));
      }
    },
  );

  it("load with the sizes that they were written with", async () => {
    const own = { ...config, maskPadding: false, headEpsilon: 1e-5 };
    const checkpoint = await openCheckpoint(await written(all, {}, own));
    expect(checkpoint).toMatchObject({
      family: "FlavaForPreTraining",
      sizes: { kind: "flava", config: own },
    });
    await checkpoint.close();
  });

  it.each([
    ["FlavaModel", { flava }],
    ["FlavaForPreTraining", { flava, heads }],
    ["FlavaImageCodebook", { codebook }],
  ] as const)("of a %s make one of it", async (family, parameters) => {
    const state = stateOf(parameters);
    const directory = await written(state);
    const checkpoint = await openCheckpoint(directory);
    expect(checkpoint).toMatchObject({ family, unknown: [] });
    await checkpoint.close();
    const target = emptyState(parameters);
    await load(directory, target);
    for (const path of state.paths)
      expect(await target.read(path), path).toEqual(await state.read(path));
  });

  it("go from bfloat16 to bfloat16 bit by bit, and are rounded to it from float32", async () => {
    const third = stateOf({ flava });
    third.write("parameters/flava/logitScale", Float32Array.of(1 / 3));
    const rounded = fromBfloat16(toBfloat16(Float32Array.of(1 / 3)));
    for (const dtype of ["bfloat16", "float32"] as const) {
      const target = emptyState({ flava }, "bfloat16");
      await load(await written(third, { dtype }), target);
      expect(await target.read("parameters/flava/logitScale")).toEqual(rounded);
      expect(await target.read("parameters/flava/text/words")).toEqual(
        await third.read("parameters/flava/text/words"),
      );
    }
  });

  it("are refused in words where the multimodal encoder has a width of its own", async () => {
    const wide = { ...config, multimodal: { ...stack, width: 8 } };
    await expect(written(stateOf(pretrainingParameters(wide)), {}, wide)).rejects.toThrow(
      /one width.*4 \(image\).*8/,
    );
    const target = emptyState({ flava: flavaParameters(wide) });
    await load(await written(stateOf({ flava: flavaParameters(wide) }), {}, wide), target);
  });
});

describe("what does not fit", () => {
  const longer = pretrainingParameters({ ...config, image: { ...config.image, layers: 2 } });
  const wider = pretrainingParameters({ ...config, text: { ...config.text, vocabulary: 11 } });

  it("is listed by name", async () => {
    const directory = await written(all);
    const missing = load(directory, emptyState(longer));
    await expect(missing).rejects.toThrow(
      /16 missing: flava.image_model.encoder.layer.1.*and 6 more/,
    );
    await expect(missing).rejects.toBeInstanceOf(WeightsMismatch);
    const [norm] = ["flava.image_model.encoder.layer.1.layernorm_before.weight"];
    await expect(load(await written(stateOf(longer)), emptyState(whole))).rejects.toMatchObject({
      report: { unexpected: expect.arrayContaining([norm]) as unknown, missing: [], misshapen: [] },
    });
    await expect(load(directory, emptyState(wider))).rejects.toMatchObject({
      report: {
        misshapen: expect.arrayContaining([
          "flava.text_model.embeddings.word_embeddings.weight (float32[10, 4], not float32[11, 4])",
          "mlm_head.decoder.bias (float32[10], not float32[11])",
        ]) as unknown,
        missing: [],
        unexpected: [],
      },
    });
  });

  it("stays as it was if it may, and the rest is loaded", async () => {
    const target = stateOf(longer);
    const kept = "parameters/flava/image/blocks/1/norm1/gain";
    const before = await target.read(kept);
    const report = await load(await written(all), target, { strict: false });
    expect(report).toMatchObject({ loaded: count, unexpected: [], misshapen: [] });
    expect(report.missing).toHaveLength(16);
    expect(await target.read(kept)).toEqual(before);
    expect(await target.read("parameters/flava/image/cls")).toEqual(
      await all.read("parameters/flava/image/cls"),
    );
  });

  it("changes nothing when it is refused", async () => {
    const target = stateOf(longer);
    const before = await target.read("parameters/flava/image/cls");
    await expect(load(await written(all), target)).rejects.toThrow();
    expect(await target.read("parameters/flava/image/cls")).toEqual(before);
  });
});

describe("parts", () => {
  it("that the state does not have are left aside", async () => {
    const directory = await written(all);
    for (const parameters of [{ flava }, { codebook }, { flava: { image: flava.image } }]) {
      const target = emptyState(parameters);
      const { unexpected, loaded } = await load(directory, target);
      expect(unexpected).toEqual([]);
      expect(loaded).toBe(target.paths.length);
    }
  });

  it("come from different checkpoints", async () => {
    const target = emptyState(whole);
    await load(await written(stateOf({ flava, heads })), target, { parts: ["flava", "heads"] });
    await load(await written(stateOf({ codebook })), target, { parts: ["codebook"] });
    await expect(load(await written(stateOf({ flava })), target)).rejects.toThrow(
      /missing: heads\/mim/,
    );
  });

  it("are named by whole steps", async () => {
    const target = emptyState({ flava });
    const { loaded } = await load(await written(all), target, {
      parts: ["flava/imageProjection", "flava/im"],
    });
    expect(loaded).toBe(2);
  });
});
