/** Pairs of validation data, judged by the matching head. */
import type { SampleSet } from "../../data/batch/sample-set.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import { decodeImage } from "../../data/image/decode.js";
import type { Embedder } from "../../inference/embedder.js";
import { type HeldOutSample, heldOutSamples } from "./held-out-samples.js";
import type { Log } from "./stage.js";

export interface JudgedPair {
  /** The image's file. */
  readonly image: Uint8Array;
  readonly text: string;
  /** The text of a pair with another image, which is none of this image's. */
  readonly otherText: string;
}

/** Logits of matching, and for each whether image and text do match: own and other texts in turn. */
export interface Judgments {
  readonly logits: Float32Array;
  readonly outcomes: Uint8Array;
}

const mostPairs = 256;
const judgedAtOnce = 32;

/** Up to 256 pairs of the sets, each with the text of the next one that differs. */
export async function pairsToJudge(sets: readonly SampleSet[], log: Log): Promise<JudgedPair[]> {
  const found: HeldOutSample[] = [];
  const skipped = new SkippedSamples();
  const most = Math.ceil(mostPairs / sets.length);
  for await (const sample of heldOutSamples(sets, { most, skipped })) found.push(sample);
  if (skipped.total > 0) log(`Calibration of matching: ${skipped.summary(found.length)}`);
  return found.flatMap(({ image, texts }, place) => {
    const others = [...found.slice(place + 1), ...found.slice(0, place)];
    const other = others.find(
      (each) => !texts.includes(each.texts[0]!) && Buffer.compare(image, each.image) !== 0,
    );
    return other ? [{ image, text: texts[0]!, otherText: other.texts[0]! }] : [];
  });
}

/** What the matching head says of pairs, unmasked, with their own texts and with the others. */
export async function judge(embedder: Embedder, pairs: readonly JudgedPair[]): Promise<Judgments> {
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
