/** Exported models against ours, in ONNX Runtime. */
import { existsSync, mkdtempSync, rmSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackend } from "../../backend/open.js";
import { compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { packagePath } from "../../base/package-root.js";
import { keyOf, normal } from "../../base/random.js";
import { loadModel } from "../../checkpoint/load-model.js";
import type { Model } from "../../checkpoint/model.js";
import { models } from "../../configs/models.js";
import { spec } from "../../graph/tensor.js";
import { flavaParameters } from "../../model/flava.js";
import { matchLogits } from "../../model/heads.js";
import { imageOutputs, pairOutputs, textOutputs } from "../../model/outputs.js";
import { taskHeadParameters } from "../../model/task-head.js";
import { taskOutputs } from "../../model/task-model.js";
import type { Task } from "../../model/task.js";
import { initialize } from "../../nn/parameter.js";
import { exportOnnx } from "./export-onnx.js";

const folder = mkdtempSync(join(tmpdir(), "flava-onnx-"));
const backend = openBackend({ threads: 2 });
let model: Model;
beforeAll(async () => {
  model = await loadModel(packagePath("models", "mini"), backend, {});
});
afterAll(() => {
  backend.dispose();
  rmSync(folder, { recursive: true });
});

interface Batch {
  readonly pixels: Float32Array;
  readonly ids: Int32Array;
  readonly lengths: Int32Array;
  readonly types?: Int32Array;
}

/** Texts of 2 tokens and more, padded with zeros. */
function batchOf(count: number, length: number): Batch {
  const { size } = model.config.image;
  const lengths = Int32Array.from({ length: count }, (_, i) => Math.max(2, length - 3 * i));
  const ids = Int32Array.from({ length: count * length }, (_, i) => {
    const [text, place] = [Math.floor(i / length), i % length];
    return place < lengths[text]! ? 1000 + ((i * 7919) % 20000) : 0;
  });
  return { pixels: normal(keyOf(count), count * 3 * size ** 2), ids, lengths };
}

/** All that the exported models compute, by the names of their outputs. */
async function ours({ pixels, ids, lengths }: Batch): Promise<Record<string, Values>> {
  const { config, state } = model;
  const [count, side] = [lengths.length, config.image.size];
  const words = spec([count, ids.length / count], "int32");
  const inputs = {
    pixels: spec([count, 3, side, side]),
    ids: words,
    lengths: spec([count], "int32"),
  };
  const program = compile({ state, inputs }, ({ parameters }, given) => {
    const traced = { config, parameters, precision: "float32" } as const;
    const image = imageOutputs(traced, given);
    const text = textOutputs(traced, given);
    const { sequence } = pairOutputs(traced, given, given);
    return {
      outputs: {
        "vision_model image_embeds": image.embedding,
        "vision_model last_hidden_state": image.sequence,
        "text_model text_embeds": text.embedding,
        "text_model last_hidden_state": text.sequence,
        "multimodal_model last_hidden_state": sequence,
        "multimodal_model itm_logits": matchLogits(parameters.heads!.itm, sequence, "float32"),
      },
    };
  });
  const results = await program.run({ pixels, ids, lengths });
  program.dispose();
  return results;
}

/** The same by ONNX Runtime. */
async function theirs(
  paths: readonly string[],
  { pixels, ids, lengths, types = new Int32Array(ids.length) }: Batch,
): Promise<Record<string, Float32Array>> {
  const [count, side] = [lengths.length, model.config.image.size];
  const length = ids.length / count;
  const int64 = (values: Iterable<number>): ort.Tensor =>
    new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [count, length]);
  const mask = Array.from(ids, (_, i) => Number(i % length < lengths[Math.floor(i / length)]!));
  const given: Record<string, ort.Tensor> = {
    pixel_values: new ort.Tensor("float32", pixels, [count, 3, side, side]),
    input_ids: int64(ids),
    attention_mask: int64(mask),
    token_type_ids: int64(types),
  };
  const results: Record<string, Float32Array> = {};
  for (const path of paths) {
    const own = `${path}_data`;
    const externalData = existsSync(own) ? [{ path: basename(own), data: readFileSync(own) }] : [];
    const session = await ort.InferenceSession.create(path, { externalData });
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
    const [, file] = /(\w*model)\w*\.onnx$/.exec(path)!;
    for (const [name, tensor] of Object.entries(await session.run(feeds))) {
      results[`${file!.replace(/_(fp16|quantized)$/, "")} ${name}`] = tensor.data as Float32Array;
    }
    await session.release();
  }
  return results;
}

/** The largest difference of each result, relative to its largest number. */
function differences(
  found: Readonly<Record<string, Float32Array>>,
  expected: Readonly<Record<string, Values>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, values]) => {
      const other = found[name];
      if (other?.length !== values.length) return [name, Infinity];
      const largest = Math.max(...Array.from(values, Math.abs));
      const error = Math.max(...Array.from(values, (x, i) => Math.abs(x - other[i]!)));
      return [name, error / largest];
    }),
  );
}

const worst = (found: Readonly<Record<string, number>>): number =>
  Math.max(...Object.values(found));

it("exports models that compute the same for any batch and length", async () => {
  const done: number[][] = [];
  const paths = await exportOnnx(folder, model, { onProgress: (...counts) => done.push(counts) });
  expect(done.at(-1)).toEqual([paths.length, paths.length]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(exportOnnx(folder, model, { signal })).rejects.toThrow("enough");
  expect(paths).toHaveLength(3);
  for (const [count, length] of [
    [3, 9],
    [1, 24],
  ] as const) {
    const batch = batchOf(count, length);
    const found = differences(await theirs(paths, batch), await ours(batch));
    expect(Object.keys(found)).toHaveLength(6);
    expect(worst(found), JSON.stringify(found)).toBeLessThan(1e-4);
  }
});

it("exports a fine-tuned model on pairs of texts with an image", async () => {
  const config = models.tiny;
  const task: Task = {
    ...{ encoder: "multimodal", pairs: true, maximumTokens: 16, columns: {}, hidden: 32 },
    labels: { kind: "class", names: ["no", "yes", "perhaps"] },
  };
  const parameters = { flava: flavaParameters(config), head: taskHeadParameters(64, 3, 32) };
  const state = new State(backend, { parameters });
  await initialize(state, keyOf(3));
  const tuned = { config, state, processor: model.processor, task };
  const [path] = await exportOnnx(join(folder, "tuned"), tuned);
  const [count, length] = [2, 7];
  const { pixels, ids, lengths } = batchOf(count, length);
  const types = Int32Array.from(ids, (_, i) => Number(i % length > 3));
  const words = spec([count, length], "int32");
  const program = compile(
    {
      state,
      inputs: {
        ...{ ids: words, types: words, lengths: spec([count], "int32") },
        pixels: spec([count, 3, config.image.size, config.image.size]),
      },
    },
    (all, given) => {
      const traced = { config, parameters: all.parameters, precision: "float32" } as const;
      return { outputs: { "model logits": taskOutputs(traced, "multimodal", given) } };
    },
  );
  const expected = await program.run({ pixels, ids, lengths, types });
  const found = differences(await theirs([path!], { pixels, ids, lengths, types }), expected);
  expect(worst(found), JSON.stringify(found)).toBeLessThan(1e-4);
});

it.each([
  ["float16", 2e-2],
  ["int8", 0.3],
] as const)("stores weights as %s", async (storage, bound) => {
  const batch = batchOf(2, 8);
  const paths = await exportOnnx(folder, model, { storage });
  const found = differences(await theirs(paths, batch), await ours(batch));
  expect(worst(found), JSON.stringify(found)).toBeLessThan(bound);
});

it("stores the tensors of large models in files of their own", async () => {
  const batch = batchOf(2, 8);
  const paths = await exportOnnx(join(folder, "large"), model, { limit: 1e6 });
  expect(paths.filter((path) => path.endsWith("_data") && existsSync(path))).toHaveLength(3);
  const models = paths.filter((path) => path.endsWith(".onnx"));
  const found = differences(await theirs(models, batch), await ours(batch));
  expect(worst(found), JSON.stringify(found)).toBeLessThan(1e-4);
});
