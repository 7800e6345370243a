/** Exported models against ours, in ONNX Runtime. */
import { existsSync, mkdtempSync, rmSync, readFileSync } from "node:fs";
import { link, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataType as DataType } from "onnx-buf";
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
import { withImageSize } from "../../data/image/fitted-processor.js";
import { multiply } from "../../graph/ops/arithmetic.js";
import { product } from "../../graph/ops/matmul.js";
import { type Tensor, spec } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import { flavaParameters } from "../../model/flava.js";
import { maskedLogits, matchLogits } from "../../model/heads.js";
import { logitMultiplier } from "../../model/logit-scale.js";
import { imageOutputs, pairOutputs, textOutputs } from "../../model/outputs.js";
import { taskHeadParameters } from "../../model/task-head.js";
import { taskOutputs } from "../../model/task-model.js";
import type { Task } from "../../model/task.js";
import { initialize } from "../../nn/parameter.js";
import { findChromium, openBrowser } from "../../../test/browser.js";
import { exportOnnx } from "./export-onnx.js";
import { OnnxGraph } from "./graph.js";
import { storeFloat16 } from "./weights.js";

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
  /** What the heads for masked words read. */
  readonly rows: Float32Array;
}

/** Texts of 2 tokens and more, padded with zeros. */
function batchOf(count: number, length: number): Batch {
  const { size } = model.config.image;
  const lengths = Int32Array.from({ length: count }, (_, i) => Math.max(2, length - 3 * i));
  const ids = Int32Array.from({ length: count * length }, (_, i) => {
    const [text, place] = [Math.floor(i / length), i % length];
    return place < lengths[text]! ? 1000 + ((i * 7919) % 20000) : 0;
  });
  const rows = normal(keyOf(length), length * model.config.text.width);
  return { pixels: normal(keyOf(count), count * 3 * size ** 2), ids, lengths, rows };
}

const results = new Map<string, Promise<Record<string, Values>>>();

/** All that the exported models compute, by the names of their outputs; computed once for each size. */
function ours(batch: Batch): Promise<Record<string, Values>> {
  const size = `${batch.lengths.length} x ${batch.rows.length}`;
  const found = results.get(size) ?? compute(batch);
  results.set(size, found);
  return found;
}

async function compute({ pixels, ids, lengths, rows }: Batch): Promise<Record<string, Values>> {
  const { config, state } = model;
  const [count, side] = [lengths.length, config.image.size];
  const words = spec([count, ids.length / count], "int32");
  const inputs = {
    pixels: spec([count, 3, side, side]),
    ids: words,
    lengths: spec([count], "int32"),
    rows: spec([rows.length / config.text.width, config.text.width]),
  };
  const program = compile({ state, inputs }, ({ parameters }, given) => {
    const traced = { config, parameters, precision: "float32" } as const;
    const { itm, mlm, mmmText } = parameters.heads!;
    const similarities = (a: Tensor, b: Tensor): Tensor =>
      multiply(product(a, b, { transposeB: true }), logitMultiplier(parameters.flava.logitScale));
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
        "multimodal_model itm_logits": matchLogits(itm, sequence, "float32"),
        "model image_embeds": image.embedding,
        "model text_embeds": text.embedding,
        "model logits_per_image": similarities(image.embedding, text.embedding),
        "model logits_per_text": similarities(text.embedding, image.embedding),
        "mlm_head logits": maskedLogits(mlm, given.rows, config.headEpsilon, "float32"),
        "mmm_text_head logits": maskedLogits(mmmText, given.rows, config.headEpsilon, "float32"),
      },
    };
  });
  const computed = await program.run({ pixels, ids, lengths, rows });
  program.dispose();
  return computed;
}

/** The same by ONNX Runtime. */
async function theirs(
  paths: readonly string[],
  { pixels, ids, lengths, rows, types = new Int32Array(ids.length) }: Batch,
): Promise<Record<string, Float32Array>> {
  const [count, width] = [lengths.length, model.config.text.width];
  const side = Math.sqrt(pixels.length / 3 / count);
  const length = ids.length / count;
  const int64 = (values: Iterable<number>): ort.Tensor =>
    new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [count, length]);
  const mask = Array.from(ids, (_, i) => Number(i % length < lengths[Math.floor(i / length)]!));
  const given: Record<string, ort.Tensor> = {
    pixel_values: new ort.Tensor("float32", pixels, [count, 3, side, side]),
    input_ids: int64(ids),
    attention_mask: int64(mask),
    token_type_ids: int64(types),
    hidden_states: new ort.Tensor("float32", rows, [rows.length / width, width]),
  };
  const results: Record<string, Float32Array> = {};
  for (const path of paths) {
    const own = `${path}_data`;
    const externalData = existsSync(own) ? [{ path: basename(own), data: readFileSync(own) }] : [];
    const session = await ort.InferenceSession.create(path, { externalData });
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
    const [, file] = /(\w+)\.onnx$/.exec(path)!;
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
    Object.entries(found).map(([name, other]) => {
      const values = expected[name];
      if (values?.length !== other.length) return [name, Infinity];
      let [error, largest] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        error = Math.max(error, Math.abs(values[i]! - other[i]!));
        largest = Math.max(largest, Math.abs(values[i]!));
      }
      return [name, error / largest];
    }),
  );
}

const layersOf = ({ image, text, multimodal }: FlavaConfig): number =>
  image.layers + text.layers + multimodal.layers;

/** How many activations a model quantizes, and whether all stored factors of its products are float16. */
async function computing(path: string): Promise<{ inInt8: number; inFloat16: boolean }> {
  const { node, initializer } = fromBinary(ModelProtoSchema, await readFile(path)).graph!;
  const types = new Map(initializer.map(({ name, dataType }) => [name, dataType]));
  const factors = node.flatMap(({ opType, input }) => (opType === "MatMul" ? [input[1]!] : []));
  const half: number = DataType.FLOAT16;
  const stored = factors.flatMap((name) => types.get(name) ?? []);
  return {
    inInt8: node.filter(({ opType }) => opType === "DynamicQuantizeLinear").length,
    inFloat16: stored.length > 0 && stored.every((type) => type === half),
  };
}

const worst = (found: Readonly<Record<string, number>>): number =>
  Math.max(...Object.values(found));

it("exports models that compute the same for any batch and length", async () => {
  const done: number[][] = [];
  const paths = await exportOnnx(folder, model, { onProgress: (...counts) => done.push(counts) });
  expect(done.at(-1)).toEqual([paths.length, paths.length]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(exportOnnx(folder, model, { signal })).rejects.toThrow("enough");
  expect(paths).toHaveLength(6);
  for (const batch of [batchOf(2, 8), batchOf(1, 24)]) {
    const found = differences(await theirs(paths, batch), await ours(batch));
    expect(Object.keys(found)).toHaveLength(12);
    expect(worst(found), JSON.stringify(found)).toBeLessThan(1e-4);
  }
});

it.each([
  ["float32", 1e-4],
  ["float16", 1e-2],
  ["int8", 0.1],
] as const)(
  "exports a fine-tuned model on pairs of texts with a larger image in %s",
  async (dtype, bound) => {
    const config = models.tiny;
    const imageSize = config.image.size + 2 * config.image.patch;
    const task: Task = {
      ...{
        encoder: "multimodal",
        pairs: true,
        maximumTokens: 16,
        columns: {},
        hidden: 32,
        imageSize,
      },
      labels: { kind: "class", names: ["no", "yes", "perhaps"] },
    };
    const parameters = { flava: flavaParameters(config), head: taskHeadParameters(64, 3, 32) };
    const state = new State(backend, { parameters });
    await initialize(state, keyOf(3));
    const processor = withImageSize(model.processor, imageSize);
    const tuned = { config, state, processor, tokenizer: model.tokenizer, task };
    const [path] = await exportOnnx(join(folder, "tuned"), tuned, { dtype });
    const [count, length] = [2, 7];
    const { ids, lengths, rows } = batchOf(count, length);
    const pixels = normal(keyOf(4), count * 3 * imageSize ** 2);
    const types = Int32Array.from(ids, (_, i) => Number(i % length > 3));
    const words = spec([count, length], "int32");
    const program = compile(
      {
        state,
        inputs: {
          ...{ ids: words, types: words, lengths: spec([count], "int32") },
          pixels: spec([count, 3, imageSize, imageSize]),
        },
      },
      (all, given) => {
        const traced = { config, parameters: all.parameters, precision: "float32" } as const;
        return { outputs: { "model logits": taskOutputs(traced, "multimodal", given) } };
      },
    );
    const expected = await program.run({ pixels, ids, lengths, types });
    const found = differences(
      await theirs([path!], { pixels, ids, lengths, types, rows }),
      expected,
    );
    expect(worst(found), JSON.stringify(found)).toBeLessThan(bound);
    expect(await computing(path!)).toEqual({
      // A block has four linear layers; the last one, of which a single token is read, has queries, keys and values apart.
      inInt8: dtype === "int8" ? 4 * layersOf(config) + 2 : 0,
      inFloat16: dtype === "float16",
    });
  },
);

it("refuses weights that are too large for float16", () => {
  const graph = new OnnxGraph("graph", "float16", new Map());
  const large = { name: "gain", shape: [2], values: Float32Array.of(1, 7e4) };
  expect(() => storeFloat16(graph, large)).toThrow("gain has the number 70000");
});

it("stores the tensors of large models in files of their own", async () => {
  const batch = batchOf(2, 8);
  const paths = await exportOnnx(join(folder, "large"), model, { limit: 1e6 });
  expect(paths.filter((path) => path.endsWith("_data") && existsSync(path))).toHaveLength(6);
  const models = paths.filter((path) => path.endsWith(".onnx"));
  const found = differences(await theirs(models.slice(0, 2), batch), await ours(batch));
  expect(Object.keys(found)).toHaveLength(4);
  expect(worst(found), JSON.stringify(found)).toBeLessThan(1e-4);
});

it("replaces a model by a complete one, and writes to no file that others have", async () => {
  const [path, other] = [join(folder, "replaced", "onnx", "mlm_head.onnx"), join(folder, "other")];
  await exportOnnx(join(folder, "replaced"), model);
  await writeFile(path, "old");
  await link(path, other);
  const paths = await exportOnnx(join(folder, "replaced"), model);
  expect(paths).toContain(path);
  expect(await readFile(other, "utf8")).toBe("old");
  expect((await readFile(path)).length).toBeGreaterThan(1000);
});

const chromium = findChromium();
it.skipIf(chromium === undefined)("exports models that run in a browser", async () => {
  const browser = await openBrowser(chromium!);
  try {
    const page = await browser.newPage();
    const runtime = join(import.meta.dirname, "../../../node_modules/onnxruntime-web/dist");
    await page.route("http://export.test/**", async (route) => {
      const name = basename(new URL(route.request().url()).pathname);
      const contentType = name.endsWith(".mjs") ? "text/javascript" : "application/wasm";
      if (name === "") await route.fulfill({ body: "", contentType: "text/html" });
      else if (name.endsWith(".onnx")) await route.fulfill({ path: join(folder, "onnx", name) });
      else await route.fulfill({ path: join(runtime, name), contentType });
    });
    await page.goto("http://export.test/");
    const content = `import * as ort from "/ort.wasm.bundle.min.mjs"; Object.assign(globalThis, { ort });`;
    await page.addScriptTag({ type: "module", content });
    await page.waitForFunction("globalThis.ort");
    const batch = batchOf(2, 8);
    const given = { ids: [...batch.ids], lengths: [...batch.lengths] };
    const found = await page.evaluate(async ({ ids, lengths }) => {
      const { InferenceSession, Tensor } = (globalThis as unknown as { ort: typeof ort }).ort;
      const session = await InferenceSession.create("/text_model.onnx");
      const length = ids.length / lengths.length;
      const int64 = (values: readonly number[]): ort.Tensor =>
        new Tensor("int64", BigInt64Array.from(values, BigInt), [lengths.length, length]);
      const mask = ids.map((_, i) => Number(i % length < lengths[Math.floor(i / length)]!));
      const { text_embeds } = await session.run({
        input_ids: int64(ids),
        attention_mask: int64(mask),
      });
      return [...(text_embeds!.data as Float32Array)];
    }, given);
    const name = "text_model text_embeds";
    const differing = differences({ [name]: Float32Array.from(found) }, await ours(batch));
    expect(worst(differing)).toBeLessThan(1e-4);
  } finally {
    await browser.close();
  }
});
