/** The lanes of a model: how each kind of input is prepared, and run in batches. */
import type { FilledImage } from "../../api/fill-image.js";
import type { FilledText } from "../../api/fill-text.js";
import type { Flava } from "../../api/flava.js";
import { type Prediction, predictionOf } from "../../api/predict.js";
import { bucketLength } from "../../inference/buckets.js";
import { rowOf } from "../../inference/similarity.js";
import { type BatchFacts, type BatchLimits, Lane } from "../batch/lane.js";
import { unusable } from "../http/api-error.js";
import type { GivenImage } from "../images/given-image.js";
import type {
  EmbeddedItem,
  FillImageItem,
  FillItem,
  PairItem,
  PredictItem,
  TextItem,
} from "./items.js";
import type { TextReader } from "./text-reader.js";

export interface LanesOptions {
  readonly flava: Flava;
  readonly texts: TextReader;
  /** Tokens of an image. */
  readonly imageTokens: number;
  readonly limits: BatchLimits;
  readonly onBatch?: ((facts: BatchFacts) => void) | undefined;
}

/** How many times a batch is prepared ahead where its inputs have several shapes: texts, which are small. */
const batchesOfTexts = 8;

export function imageLane({
  flava,
  imageTokens,
  ...options
}: LanesOptions): Lane<GivenImage, Float32Array, EmbeddedItem> {
  const { processor } = flava.model;
  return new Lane({
    ...options,
    name: "images",
    ahead: options.limits.items,
    prepare: (image) => image.pixels(processor),
    shapeOf: () => 0,
    tokensOf: () => imageTokens,
    run: async (pixels) =>
      embeddedOf(
        await flava.embedder.images(pixels),
        pixels.map(() => imageTokens),
      ),
  });
}

export function textLane({
  flava,
  texts,
  ...options
}: LanesOptions): Lane<TextItem, Int32Array, EmbeddedItem> {
  return new Lane({
    ...options,
    name: "texts",
    ahead: batchesOfTexts * options.limits.items,
    prepare: (item) => texts.idsOf(item),
    shapeOf: ({ length }) => bucketLength(length, texts.longest),
    tokensOf: ({ length }) => bucketLength(length, texts.longest),
    run: async (ids) =>
      embeddedOf(
        await flava.embedder.texts(ids),
        ids.map(({ length }) => length),
      ),
  });
}

interface PreparedPair {
  readonly pixels: Float32Array;
  readonly ids: Int32Array;
}

export function pairLane({
  flava,
  texts,
  imageTokens,
  ...options
}: LanesOptions): Lane<PairItem, PreparedPair, number> {
  const { processor } = flava.model;
  return new Lane<PairItem, PreparedPair, number>({
    ...options,
    name: "pairs",
    ahead: options.limits.items,
    prepare: async (pair) => ({
      ids: texts.idsOf(pair),
      pixels: await pair.image.pixels(processor),
    }),
    shapeOf: ({ ids }) => bucketLength(ids.length, texts.longest),
    tokensOf: ({ ids }) => imageTokens + bucketLength(ids.length, texts.longest),
    run: async (pairs) => [
      ...(await flava.embedder.match(
        pairs.map(({ pixels }) => pixels),
        pairs.map(({ ids }) => ids),
      )),
    ],
  });
}

/** Fills one text, or one image, at a time. */
export function fillLane({
  flava,
  ...options
}: LanesOptions): Lane<FillItem, () => Promise<FilledText>, FilledText> {
  return oneByOne("fill", options, async ({ text, param, image, top }) => {
    const input = image ? { text, image: await image.image() } : text;
    return () =>
      flava.fill(input, { top }).catch((error: unknown) => {
        throw error instanceof RangeError ? unusable(param, error.message, error) : error;
      });
  });
}

export function fillImageLane({
  flava,
  imageTokens,
  ...options
}: LanesOptions): Lane<FillImageItem, () => Promise<FilledImage>, FilledImage> {
  const patches = imageTokens - 1;
  return oneByOne("fill/image", options, async ({ image, hidden, seed }) => {
    const wrong = hidden?.find((patch) => patch >= patches);
    if (wrong !== undefined) {
      throw unusable("hidden", `there is no patch ${wrong}: they have numbers from 0 to ${patches - 1}.`);
    }
    const given = await image.image();
    const mask = hidden && Uint8Array.from({ length: patches }, (_, i) => +hidden.includes(i));
    return () =>
      flava.fillImage(given, { ...(seed !== undefined && { seed }), ...(mask && { hidden: mask }) });
  });
}

type Question = Parameters<Flava["predictor"]["outputs"]>[0][number];

export function predictLane({
  flava,
  texts: reader,
  ...options
}: LanesOptions): Lane<PredictItem, Question, Prediction> {
  const { predictor } = flava;
  return new Lane<PredictItem, Question, Prediction>({
    ...options,
    name: "predict",
    ahead: options.limits.items,
    prepare: async ({ param, truncate, image, ...texts }) => {
      try {
        predictor.requireOnly({ ...texts, image });
      } catch (error) {
        throw error instanceof TypeError ? unusable(param, error.message, error) : error;
      }
      if (!truncate && predictor.isTooLong(texts))
        throw reader.tooLong(param, predictor.task.maximumTokens);
      if (!image || !predictor.readsImages) return texts;
      return { ...texts, image: await image.pixels(predictor.processor) };
    },
    shapeOf: () => 0,
    tokensOf: () => 1,
    run: async (questions) => {
      const outputs = await predictor.outputs(questions);
      return outputs.map((output) => predictionOf(output, predictor.task.labels));
    },
  });
}

function oneByOne<Input, Result>(
  name: string,
  options: Pick<LanesOptions, "limits" | "onBatch">,
  prepare: (input: Input) => Promise<() => Promise<Result>>,
): Lane<Input, () => Promise<Result>, Result> {
  return new Lane({
    ...options,
    ...{ name, prepare, ahead: 1 },
    limits: { ...options.limits, items: 1, wait: 0 },
    shapeOf: () => 0,
    tokensOf: () => 1,
    run: ([start]) => start!().then((result) => [result]),
  });
}

/** @param vectors [N, D] */
function embeddedOf(vectors: Float32Array, tokens: readonly number[]): EmbeddedItem[] {
  const width = vectors.length / tokens.length;
  return tokens.map((count, index) => ({ vector: rowOf(vectors, index, width), tokens: count }));
}
