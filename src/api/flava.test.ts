import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import {
  checkpointConfig as config,
  checkpointState,
  logitScale,
  stateOf,
  writeCheckpoint,
} from "../../test/small-checkpoint.js";
import { compile } from "../backend/program.js";
import { below, foldIn, keyOf } from "../base/random.js";
import { codebookPixelsOf, pixelsOf } from "../data/image/processor.js";
import { reshape } from "../graph/ops/reshape.js";
import { spec } from "../graph/tensor.js";
import { visualTokens } from "../model/codebook.js";
import { decodeCodes, reconstruction } from "../model/codebook-decoder.js";
import { flavaParameters } from "../model/flava.js";
import { textOf } from "../model/multimodal-encoder.js";
import { pairOutputs, textOutputs, tokenProbabilities } from "../model/outputs.js";
import { writeModel } from "../checkpoint/write-model.js";
import type { FeatureOptions } from "../model/features.js";
import type { CallOptions } from "../base/call-options.js";
import type { Flava } from "./flava.js";
import { type LoadOptions, load } from "./load.js";

const folder = temporaryDirectory();
const [whole, bare] = [join(folder, "whole"), join(folder, "bare")];
const onReference = { backend: { name: "reference" } } as const;

/** Sixteen patches, each of a single color. */
const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => {
  const [row, column] = [Math.floor(i / 96), Math.floor(i / 3) % 32];
  return below(foldIn(keyOf(Math.floor(row / 8) * 4 + Math.floor(column / 8)), i % 3), 256);
});
const image = { width: 32, height: 32, pixels };
const file = join(folder, "an image.png");
let flava: Flava;

beforeAll(async () => {
  await writeCheckpoint(whole);
  await writeModel(bare, { state: stateOf({ flava: flavaParameters(config) }), config });
  await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toFile(file);
  flava = await load(whole, onReference);
});
afterAll(() => flava.close());

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);

/** Runs a program with `load` in a separate process. */
async function runInProcess(body: string): Promise<{ code: number | null; printed: string }> {
  const entry = pathToFileURL(join(import.meta.dirname, "../../dist/src/index.js")).href;
  const program = `import { load } from ${JSON.stringify(entry)};\n${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => (printed += text.toString()));
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, printed };
}

describe("a loaded model", () => {
  it("embeds images in every form alike, and texts", async () => {
    const png = await sharp(file).png().toBuffer();
    const vectors = await flava.embedImages([file, pathToFileURL(file), png, image]);
    const bytes = new Uint8Array(png);
    const others = await flava.embedImages([bytes.buffer, new Blob([bytes]), sharp(png)]);
    expect(new Set([...vectors, ...others].map((vector) => vector.join())).size).toBe(1);
    expect(await flava.embedImages(png)).toEqual(vectors[0]);
    const photo = sharp(file).withMetadata({ orientation: 6 }).withIccProfile("p3").jpeg();
    const turned = await photo.toBuffer();
    expect(await flava.embedImages(sharp(turned))).toEqual(await flava.embedImages(turned));
    expect(dot(vectors[0]!, vectors[0]!)).toBeCloseTo(1, 5);
    const texts = await flava.embedTexts(["a cat", "two dogs"]);
    expect(texts.map(({ length }) => length)).toEqual([config.projection, config.projection]);
    expect(await flava.embedTexts([])).toEqual([]);
    await expect(flava.embedTexts(["a cat", " \u200b\n"])).rejects.toThrow("text 2 of 2 is blank");
    await expect(flava.textFeatures("")).rejects.toThrow("the text is blank");
  });

  it("classifies by cosine, scaled and turned to probabilities", async () => {
    const templates = ["{}", "one {}"];
    const found = await flava.classify(file, ["cat", "dog", "tree"], { templates });
    const [vector] = await flava.embedImages([file]);
    const expected = await Promise.all(
      ["cat", "dog", "tree"].map(async (label) => {
        const [a, b] = await flava.embedTexts([label, `one ${label}`]);
        const mean = a!.map((value, index) => value + b![index]!);
        return { label, similarity: dot(vector!, mean) / Math.sqrt(dot(mean, mean)) };
      }),
    );
    expected.sort((a, b) => b.similarity - a.similarity);
    const total = expected.reduce(
      (sum, { similarity }) => sum + Math.exp(Math.E ** logitScale * similarity),
      0,
    );
    for (const [index, { label, similarity }] of expected.entries()) {
      expect(found[index]!.label).toBe(label);
      expect(found[index]!.similarity).toBeCloseTo(similarity, 5);
      expect(found[index]!.probability).toBeCloseTo(
        Math.exp(Math.E ** logitScale * similarity) / total,
        5,
      );
    }
    await expect(flava.classify(file, [])).rejects.toThrow("one or more");
    await expect(flava.classify(file, ["a", ""])).rejects.toThrow("one is blank");
    await expect(flava.classify(file, ["a", "b", "a"])).rejects.toThrow(
      'labels 1 and 3 are both "a"',
    );
  });

  it("takes one input or many, reports progress and stops", async () => {
    const labels = ["cat", "dog"];
    const one = await flava.classify(image, labels);
    expect(await flava.classify([image, file], labels)).toEqual([one, one]);
    const match = await flava.match(image, "a cat");
    expect(await flava.match([image], ["a cat"])).toEqual([match]);
    await expect(flava.match([image], ["a", "b"])).rejects.toThrow("1 image and 2 texts");
    await expect(flava.match(image, " ")).rejects.toThrow("the text is blank");
    const onProgress = vi.fn();
    expect(await flava.features(Array<string>(17).fill(file), { onProgress })).toHaveLength(17);
    expect(onProgress.mock.calls).toEqual([
      [16, 17],
      [17, 17],
    ]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(flava.embedImages([file], { signal })).rejects.toThrow("enough");
  });

  it("stops within an input, and between the inputs of a list", async () => {
    const calls: Record<string, (options: CallOptions) => Promise<unknown>> = {
      images: (options) => flava.embedImages([file, file], options),
      features: (options) => flava.features([file, file], options),
      texts: (options) => flava.embedTexts(["a", "b"], options),
      labels: (options) => flava.classify([file, file], ["never seen", "nor this"], options),
      match: (options) => flava.match([file, file], ["a", "b"], options),
      fill: (options) => flava.fill(["a [MASK]", "b [MASK]"], options),
      fillImage: (options) => flava.fillImage([file, file], options),
    };
    for (const [name, call] of Object.entries(calls)) {
      const stop = new AbortController();
      const running = call({ signal: stop.signal });
      stop.abort(new Error(name));
      await expect(running).rejects.toThrow(name);
    }
    for (const call of [calls.fill!, calls.fillImage!]) {
      const stop = new AbortController();
      const done: number[] = [];
      const onProgress = (count: number): void => {
        done.push(count);
        stop.abort(new Error("after one"));
      };
      await expect(call({ signal: stop.signal, onProgress })).rejects.toThrow("after one");
      expect(done).toEqual([1]);
    }
  });

  it("loads and saves with progress, and stops", async () => {
    const [directory, stopped] = [join(folder, "progress"), join(folder, "stopped")];
    const saved: [number, number][] = [];
    await flava.save(directory, { onProgress: (...done) => saved.push(done) });
    const { length } = saved;
    expect(saved).toEqual(saved.map((_, index) => [index + 1, length]));
    const loaded: [number, number][] = [];
    await (await load(directory, { onProgress: (...done) => loaded.push(done) })).close();
    expect(loaded.at(-1)).toEqual([loaded.at(-1)![1], loaded.at(-1)![1]]);
    const stop = new AbortController();
    const options = { signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) };
    await expect(flava.save(stopped, options)).rejects.toThrow("enough");
    expect(existsSync(stopped)).toBe(false);
    const { signal } = stop;
    await expect(load(directory, { signal })).rejects.toThrow("enough");
  });

  it("gives features of any layer", async () => {
    const sizes = ["class", "mean", "none"].map(
      (pool) => [pool, pool === "none" ? 17 : 1] as const,
    );
    for (const [pool, tokens] of sizes) {
      const options = { layer: 1, pool } as FeatureOptions;
      const [one, other] = await flava.features([file, image], options);
      expect(one).toHaveLength(tokens * config.image.width);
      expect(other).toEqual(one);
    }
    expect(await flava.textFeatures("a cat", { pool: "none" })).toHaveLength(4 * config.text.width);
    expect(await flava.textFeatures(["a cat"])).toEqual([await flava.textFeatures("a cat")]);
    await expect(flava.features(file, { layer: 9 })).rejects.toThrow("no layer 9");
  });

  it("saves what loads as the same model", async () => {
    const saved = join(folder, "saved");
    await flava.save(saved);
    await using again = await load(saved, onReference);
    expect(await again.embedTexts("a cat")).toEqual(await flava.embedTexts("a cat"));
    await expect(flava.save(whole)).rejects.toThrow("where the model comes from");
  });

  it("refuses what is no image; once caught, that does not end the process", async () => {
    const { code, printed } = await runInProcess(`
      const flava = await load(${JSON.stringify(whole)}, ${JSON.stringify(onReference)});
      const bytes = new Uint8Array([1, 2]);
      for (const input of [bytes, [bytes], [1, 2], 5, { length: 2 }, new Float32Array(2)]) {
        try { await flava.embedImages(input); } catch (error) { console.log(error.name); }
        await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections end the process here
      }
      await flava.close();
      console.log("closed");`);
    expect(printed).toBe(`ImageError\nImageError\n${"TypeError\n".repeat(4)}closed\n`);
    expect(code).toBe(0);
  });

  it("matches images with texts", async () => {
    const probability = await flava.match(file, "a cat");
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1);
    expect(await flava.match(file, "two dogs")).not.toBeCloseTo(probability, 5);
  });

  it.each([["alone"], ["with an image"]])("fills masks of a text %s", async (kind) => {
    const text = "a [MASK] on the [MASK].";
    const ids = flava.model.tokenizer.encode(text);
    const inputs = {
      ids: spec([1, ids.length], "int32"),
      lengths: spec([1], "int32"),
      pixels: spec([1, 3, 32, 32]),
    };
    const rows = (sequence: Parameters<typeof reshape>[0]) => reshape(sequence, [ids.length, 16]);
    const program = compile({ state: checkpointState, inputs }, ({ parameters }, given) => {
      const model = { config, parameters, precision: "float32" } as const;
      const { heads } = parameters;
      const probabilities =
        kind === "alone"
          ? tokenProbabilities(model, heads.mlm, rows(textOutputs(model, given).sequence))
          : tokenProbabilities(
              model,
              heads.mmmText,
              rows(textOf(pairOutputs(model, given, given).sequence, ids.length)),
            );
      return { outputs: { probabilities } };
    });
    const { probabilities } = await program.run({
      ids,
      lengths: Int32Array.of(ids.length),
      pixels: pixelsOf(image, flava.model.processor),
    });
    const found = await flava.fill(kind === "alone" ? text : { text, image: file }, { top: 3 });
    const { pieces } = flava.model.tokenizer.vocabulary;
    const masks = [...ids.keys()].filter((index) => ids[index] === 103);
    const expected = masks.map((position) => {
      const own = [...probabilities.subarray(position * 30522, (position + 1) * 30522)];
      const ordered = pieces
        .map((piece, id) => ({ piece, probability: own[id]! }))
        .filter(({ piece }) => !/^\[(unused\d+|[A-Z]+)\]$/.test(piece))
        .sort((a, b) => b.probability - a.probability);
      return ordered.slice(0, 3);
    });
    expect(found.masks.map((mask) => mask.map(({ piece }) => piece))).toEqual(
      expected.map((mask) => mask.map(({ piece }) => piece)),
    );
    expect(found.masks.flat().map(({ probability }) => probability)).toEqual(
      closeTo(
        expected.flat().map(({ probability }) => probability),
        5,
      ),
    );
    expect(found.text).not.toContain("[MASK]");
  });

  it("refuses texts without a mask, and those that are too long", async () => {
    await expect(flava.fill("nothing hidden")).rejects.toThrow("write [MASK]");
    await expect(flava.fill("[MASK]", { top: 0 })).rejects.toThrow(">= 1, but got 0");
    await expect(flava.fill(`[MASK] ${"a ".repeat(20)}`)).rejects.toThrow("23 tokens");
  });

  it("fills hidden patches without looking at them", async () => {
    const hidden = Array.from({ length: 16 }, (_, patch) => patch === 5 || patch === 6);
    const painted = pixels.slice();
    painted.fill(200, (8 * 32 + 8) * 3, (8 * 32 + 16) * 3); // the first row of patch 5
    const [found, same] = [
      await flava.fillImage(image, { hidden }),
      await flava.fillImage({ ...image, pixels: painted }, { hidden }),
    ];
    expect([...found.hidden]).toEqual(hidden.map(Number));
    expect(found.grid).toEqual({ width: 4, height: 4 });
    expect([same.tokens[5], same.tokens[6]]).toEqual([found.tokens[5], found.tokens[6]]);
    expect(found.image).toMatchObject({ width: 32, height: 32 });
    expect(new Set(found.image!.pixels).size).toBeGreaterThan(10);

    const inputs = { view: spec([1, 3, 32, 32]), codes: spec([1, 4, 4, 23]) };
    const program = compile(
      { state: checkpointState, inputs },
      ({ parameters }, { view, codes }) => ({
        outputs: {
          tokens: visualTokens(parameters.codebook, config.codebook, view, "float32"),
          drawn: reconstruction(decodeCodes(parameters.decoder, config.codebook, codes)),
        },
      }),
    );
    const codes = new Float32Array(16 * 23);
    for (const [patch, token] of found.tokens.entries()) codes[patch * 23 + token] = 1;
    const view = codebookPixelsOf(image, flava.model.processor);
    const { tokens, drawn } = await program.run({ view, codes });
    const expected = Array.from(pixels, (_, i) => 255 * drawn[(i % 3) * 1024 + Math.floor(i / 3)]!);
    expect([...found.image!.pixels]).toEqual(expected.map(Math.round));
    const visible = (all: ArrayLike<number>): number[] =>
      Array.from(all).filter((_, patch) => !hidden[patch]);
    expect(visible(found.tokens)).toEqual(visible(tokens));
    expect(new Set(visible(tokens)).size).toBeGreaterThan(2);
  });

  it("hides blocks at random, the same for the same seed", async () => {
    const [a, b, c] = [
      await flava.fillImage(file),
      await flava.fillImage(file, { seed: 0 }),
      await flava.fillImage(file, { seed: 5 }),
    ];
    expect(a).toEqual(b);
    expect(a.hidden).not.toEqual(c.hidden);
    expect(a.hidden).toContain(1);
    await expect(flava.fillImage(file, { hidden: [1] })).rejects.toThrow("got 1");
    await expect(flava.fillImage(file, { hidden: [1], seed: 2 })).rejects.toThrow("got both");
  });

  it("says what is wrong with an image", async () => {
    await expect(flava.match("nowhere.png", "a")).rejects.toThrow("nowhere.png cannot be read");
    await expect(flava.match("https://a/b.png", "a")).rejects.toThrow("nothing is downloaded");
    await expect(flava.match(join(whole, "vocab.txt"), "a")).rejects.toThrow("vocab.txt");
    const short = { width: 2, height: 2, pixels: new Uint8Array(3) };
    await expect(flava.match(short, "a")).rejects.toThrow("2 x 2");
  });
});

describe("loading", () => {
  it("warns of truncated texts, once for each call", async () => {
    const onWarning = vi.fn();
    const model = await load(bare, { ...onReference, onWarning });
    await model.embedTexts(["a ".repeat(40), "cat", "cat ".repeat(40)]);
    const warning = /first 16 tokens of 2 texts are read; the first of them: "a a /;
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(warning));
    await model.embedder.texts(["dog ".repeat(40)]);
    await model.close();
    expect(onWarning).toHaveBeenLastCalledWith(expect.stringMatching(/of a text are read: "dog /));
  });

  it("takes a checkpoint without heads, and says what it cannot do", async () => {
    const model = await load(pathToFileURL(bare), onReference);
    expect(await model.embedTexts(["a cat"])).toEqual(await flava.embedTexts(["a cat"]));
    await expect(model.match(image, "a")).rejects.toThrow("no matching head");
    await expect(model.fill("[MASK]")).rejects.toThrow("no heads for masked words");
    await expect(model.fillImage(image)).rejects.toThrow("no head for masked patches");
    const late = model.embedTexts(["a cat"]);
    await model.close();
    await expect(late).resolves.toHaveLength(1);
    await expect(model.embedTexts(["a"])).rejects.toThrow("was closed");
  });

  it("works with weights and sizes alone", async () => {
    const plain = join(folder, "plain");
    await cp(whole, plain, { recursive: true });
    for (const name of ["vocab.txt", "preprocessor_config.json", "codebook_decoder.safetensors"]) {
      await rm(join(plain, name));
    }
    const model = await load(plain, onReference);
    expect(await model.embedImages([file])).toEqual(await flava.embedImages([file]));
    expect((await model.fillImage(file)).image).toBeUndefined();
    await model.close();
    await writeFile(join(plain, "preprocessor_config.json"), "{");
    await expect(load(plain, onReference)).rejects.toThrow("preprocessor_config.json is not JSON");
  });

  it("refuses a precision that there is not", async () => {
    const settings = JSON.parse('{ "precision": "fp16" }') as LoadOptions;
    await expect(load(undefined, settings)).rejects.toThrow(
      'The precisions are float32, bfloat16, int8, int8-weights, but "fp16" was asked for.',
    );
  });

  it("says what to do where there is no model", async () => {
    await expect(load(join(folder, "nothing"))).rejects.toThrow("There is nothing at");
  });

  it.runIf(!existsSync("models/mini"))("tells how to get the model of the package", async () => {
    await expect(load(undefined, onReference)).rejects.toThrow(/models.mini.*flava pretrain/);
  });
});
