import { afterAll, describe, expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { config, evaluate, floats, integers, smallState } from "../../test/small-model.js";
import type { Backend } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import { below, foldIn, keyOf } from "../base/random.js";
import type { Image } from "../data/image/image.js";
import { defaultProcessor, pixelsOf } from "../data/image/processor.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { concatenate } from "../graph/ops/concatenate.js";
import { Embedder, type EmbedderOptions } from "./embedder.js";
import { flavaParameters } from "../model/flava.js";
import { concatenated } from "./similarity.js";
import type { FeatureOptions } from "../model/features.js";
import {
  type UnimodalOutputs,
  imageOutputs,
  matchProbability,
  pairOutputs,
  textOutputs,
} from "../model/outputs.js";

const letters = "a b c d e f g h i j k l m n o p q r s t u v w x y z".split(" ");
const tokenizer = await openTokenizer({
  vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...letters, ""].join("\n"),
});
const processor = defaultProcessor(32, 16);

function image(seed: number): Image {
  const [width, height] = [20 + seed, 32];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    below(foldIn(keyOf(seed), i), 256),
  );
  return { width, height, pixels };
}
const images = [1, 2, 3, 4, 5, 6, 7].map(image);
const texts = ["a b", "q", "a b", "the", "x y z x y z x y", "", "f l a v a"];

const embedderOn = (backend: Backend, options: Partial<EmbedderOptions> = {}): Embedder =>
  new Embedder({ config, state: smallState(backend), tokenizer, processor, batch: 4, ...options });

const backends: [string, Backend][] = [["reference", referenceBackend()]];
if (nativeLevels().length > 0) backends.push(["native", nativeBackend({ threads: 2 })]);
afterAll(() => {
  for (const [, backend] of backends) backend.dispose();
});

describe.each(backends)("an embedder on the %s backend", (_, backend) => {
  const state = smallState(backend);
  const embedder = embedderOn(backend);
  const row = (vectors: Float32Array, index: number): number[] => [
    ...vectors.subarray(index * 12, (index + 1) * 12),
  ];

  it("projects features to the embeddings of the same images", async () => {
    const features = await embedder.imageFeatures(images);
    const projected = await embedder.projectedImages(concatenated(features));
    expect([...projected]).toEqual(closeTo(await embedder.images(images), 6));
  });

  it("matches the outputs of the model", async () => {
    const [first, text] = [images[0]!, "a b"];
    const ids = tokenizer.encode(text);
    const inputs = {
      pixels: floats([1, 3, 32, 32], pixelsOf(first, processor)),
      ids: integers([1, ids.length], ids),
    };
    const expected = await evaluate(
      inputs,
      (parameters, given) => {
        const model = { config, parameters, precision: "float32" } as const;
        return {
          image: imageOutputs(model, given).embedding,
          text: textOutputs(model, given).embedding,
          match: matchProbability(parameters.heads, pairOutputs(model, given, given), "float32"),
        };
      },
      { state },
    );
    expect([...(await embedder.images([first]))]).toEqual(closeTo(expected.image!, 5));
    expect([...(await embedder.texts([text]))]).toEqual(closeTo(expected.text!, 5));
    expect([...(await embedder.match([first], [text]))]).toEqual(closeTo(expected.match!, 5));
  });

  it("taps every layer, pooled or not", async () => {
    const lengths = texts.map((text) => tokenizer.encode(text).length);
    const inputs = {
      pixels: floats([1, 3, 32, 32], pixelsOf(images[0]!, processor)),
      ids: integers([1, lengths[0]!], tokenizer.encode(texts[0]!)),
    };
    const { image, text } = await evaluate(
      inputs,
      (parameters, given) => {
        const model = { config, parameters, precision: "float32" } as const;
        const taps = ({ states, sequence }: UnimodalOutputs) =>
          concatenate([...states, sequence], 0);
        return { image: taps(imageOutputs(model, given)), text: taps(textOutputs(model, given)) };
      },
      { state },
    );
    const layers = [0, 1, 2, undefined];
    for (const [tap, layer] of layers.entries()) {
      const at = layer === undefined ? {} : { layer };
      for (const [all, count, features] of [
        [image!, 17, (options: FeatureOptions) => embedder.imageFeatures(images, options)],
        [text!, lengths[0]!, (options: FeatureOptions) => embedder.textFeatures(texts, options)],
      ] as const) {
        const tokens = all.slice(tap * count * 16, (tap + 1) * count * 16);
        const mean = Array.from({ length: 16 }, (_, i) =>
          tokens.reduce((sum, value, at) => (at >= 16 && at % 16 === i ? sum + value : sum), 0),
        ).map((sum) => sum / (count - 1));
        expect([...(await features(at))[0]!]).toEqual(closeTo(tokens.slice(0, 16), 5));
        expect([...(await features({ ...at, pool: "mean" }))[0]!]).toEqual(closeTo(mean, 5));
        expect([...(await features({ ...at, pool: "none" }))[0]!]).toEqual(closeTo(tokens, 5));
      }
    }
    const tokens = await embedder.textFeatures(texts, { pool: "none" });
    expect(tokens.map(({ length }) => length / 16)).toEqual(lengths);
    await expect(embedder.imageFeatures(images, { layer: 3 })).rejects.toThrow(
      "layers 0 (the embeddings) to 2 (the last block), but no layer 3",
    );
  });

  it("computes the same result for a sample in any batch", async () => {
    const [vectors, words, matches] = await Promise.all([
      embedder.images(images),
      embedder.texts(texts),
      embedder.match(images, texts),
    ]);
    expect(row(words, 2)).toEqual(row(words, 0));
    for (const [index, text] of texts.entries()) {
      const one = images[index]!;
      expect([...(await embedder.images([one]))]).toEqual(closeTo(row(vectors, index), 6));
      expect([...(await embedder.texts([text]))]).toEqual(closeTo(row(words, index), 6));
      expect([...(await embedder.match([one], [text]))]).toEqual(closeTo([matches[index]!], 6));
    }
    const distinct = new Set([0, 1, 3, 4, 5, 6].map((index) => row(words, index).join()));
    expect(distinct.size).toBe(6);
  });

  it("returns nothing for no inputs", async () => {
    expect(await embedder.images([])).toHaveLength(0);
    expect(await embedder.match([], [])).toHaveLength(0);
  });

  it("works after an interrupted call and after being closed", async () => {
    const expected = await embedder.texts(["q"]);
    const stop = new AbortController();
    const stopped = embedder.images(images, stop);
    stop.abort();
    await expect(stopped).rejects.toThrow("aborted");
    await embedder.close();
    expect(await embedder.texts(["q"])).toEqual(expected);
  });
});

const [, backend] = backends[0]!;

it("reports texts longer than the model's positions and truncates them", async () => {
  const cut: [string, number][] = [];
  const embedder = embedderOn(backend, { onTruncated: (...args) => cut.push(args) });
  const fitting = letters.slice(0, 14).join(" ");
  const vectors = await embedder.texts([`${fitting} z z`, fitting]);
  expect(cut).toEqual([[`${fitting} z z`, 16]]);
  expect(vectors.slice(0, 12)).toEqual(vectors.slice(12));
});

it("refuses invalid options and inputs", async () => {
  expect(() => embedderOn(backend, { batch: 0 })).toThrow(">= 1, but got 0");
  expect(() => embedderOn(backend, { processor: defaultProcessor(30) })).toThrow("30 x 30");
  const small = { ...config, text: { ...config.text, vocabulary: 20 } };
  expect(() => embedderOn(backend, { config: small })).toThrow("31 word pieces");
  await expect(embedderOn(backend).match(images, texts.slice(1))).rejects.toThrow("7 images and 6");
  const parameters = { flava: flavaParameters(config) };
  const headless = embedderOn(backend, { state: new State(backend, { parameters }) });
  await expect(headless.match([images[0]!], ["a"])).rejects.toThrow("no matching head");
});
