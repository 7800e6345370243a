/** What all calls of a model share: one input or many, batches, progress and a signal. */
import { counted } from "../base/counted.js";
import type { CallOptions } from "../base/call-options.js";
import type { ImageInput } from "./image-input.js";

/** One input gives one result, an array of inputs an array of results. */
export type OneOrMany<T> = T | readonly T[];

export type ResultOrMany<T> = T | T[];

/** A typed array is a single input: the bytes of an image. */
export const isMany = <T>(inputs: OneOrMany<T>): inputs is readonly T[] => Array.isArray(inputs);

/** @param run computes some of the inputs, with the options but for progress, which is that of all */
export async function inBatches<Input, Result, Options extends CallOptions>(
  inputs: readonly Input[],
  batch: number,
  { onProgress, ...own }: Options,
  run: (some: readonly Input[], own: Omit<Options, "onProgress">) => Promise<Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < inputs.length; first += batch) {
    own.signal?.throwIfAborted();
    results.push(...(await run(inputs.slice(first, first + batch), own)));
    onProgress?.(results.length, inputs.length);
  }
  return results;
}

export function pairsOf(
  images: OneOrMany<ImageInput>,
  texts: OneOrMany<string>,
): OneOrMany<{ readonly image: ImageInput; readonly text: string }> {
  if (!isMany(images) && !isMany(texts)) return { image: images, text: texts };
  if (isMany(images) && isMany(texts) && images.length === texts.length) {
    return images.map((image, index) => ({ image, text: texts[index]! }));
  }
  const countOf = (all: OneOrMany<unknown>): number => (isMany(all) ? all.length : 1);
  throw new RangeError(
    `Expected one text for each image, but got ${counted(countOf(images), "image")} and ${counted(countOf(texts), "text")}.`,
  );
}
