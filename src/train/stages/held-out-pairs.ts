/** Pairs of validation data, judged by the matching head. */
import { foldIn, keyOf } from "../../base/random.js";
import type { SampleSet } from "../../data/batch/sample-set.js";
import { shuffled } from "../../data/batch/shuffle.js";
import { SampleError } from "../../data/formats/source-error.js";
import { decodeImage } from "../../data/image/decode.js";
import { ImageError } from "../../data/image/image-error.js";
import { SampleIndex } from "../../data/index/index-file.js";
import type { Embedder } from "../../inference/embedder.js";

export interface HeldOutPair {
  /** The image's file. */
  readonly image: Uint8Array;
  readonly text: string;
  /** The text of another pair, which is none of this image's. */
  readonly otherText: string;
}

/** Logits of matching, and for each whether image and text do match: own and other texts in turn. */
export interface Judgments {
  readonly logits: Float32Array;
  readonly outcomes: Uint8Array;
}

/** The same pairs, batches and images in every run. */
export const validationSeed = 20211208;
const mostPairs = 256;
const judgedAtOnce = 32;

/** Up to 256 pairs of the sets, each with the text of the next one that differs. Damaged images are left out. */
export async function heldOutPairs(
  sets: readonly SampleSet[],
  signal?: AbortSignal,
): Promise<HeldOutPair[]> {
  const found: { readonly image: Uint8Array; readonly texts: readonly string[] }[] = [];
  for (const { name, directory, samples } of sets) {
    const index = await SampleIndex.open(directory);
    const order = foldIn(keyOf(validationSeed), name);
    const wanted = Math.min(samples.pair, Math.ceil(mostPairs / sets.length));
    for (let place = 0; place < wanted; place++) {
      signal?.throwIfAborted();
      try {
        const { image, texts } = await index.read("pair", shuffled(place, samples.pair, order));
        if (!image || texts.length === 0) continue;
        await decodeImage(image);
        found.push({ image, texts });
      } catch (error) {
        if (!(error instanceof ImageError || error instanceof SampleError)) throw error;
      }
    }
    await index.close();
  }
  return found.flatMap(({ image, texts }, place) => {
    const others = [...found.slice(place + 1), ...found.slice(0, place)];
    const other = others.find((each) => !texts.includes(each.texts[0]!));
    return other ? [{ image, text: texts[0]!, otherText: other.texts[0]! }] : [];
  });
}

/** What the matching head says of pairs, unmasked, with their own texts and with the others. */
export async function judge(embedder: Embedder, pairs: readonly HeldOutPair[]): Promise<Judgments> {
  const logits = new Float32Array(2 * pairs.length);
  for (let first = 0; first < pairs.length; first += judgedAtOnce) {
    const some = pairs.slice(first, first + judgedAtOnce);
    const decoded = await Promise.all(some.map(({ image }) => decodeImage(image)));
    const images = decoded.flatMap((image) => [image, image]);
    const texts = some.flatMap(({ text, otherText }) => [text, otherText]);
    logits.set(await embedder.matchLogits(images, texts), 2 * first);
  }
  return { logits, outcomes: Uint8Array.from(logits, (_, place) => 1 - (place % 2)) };
}
