/** Evaluates masked words: of texts alone, or of captions with their own image, with another one, and without any. */
import { foldIn } from "../../base/random.js";
import { maskText } from "../../data/batch/mask-text.js";
import type { Sample } from "../../data/sample.js";
import type { HiddenWords } from "../../inference/inputs.js";
import { addTo, priorOf } from "../baseline.js";
import type { MaskedWordsSet } from "../evaluation-set.js";
import type { EvaluatedImages, EvaluatorContext } from "./embed-images.js";
import { type Measure, type Scored, withIntervals } from "./measured.js";
import { imagesOf, inChunks, readSamples } from "./read-samples.js";

/** How many hidden words are guessed, with the own image, another one and none. */
export interface MaskedWordsEvaluation extends EvaluatedImages {
  readonly kind: "masked words";
  /** What was evaluated on. */
  readonly set: MaskedWordsSet;
  /** Samples that were used: several may have one image. */
  readonly samples: number;
  /** The share of words guessed for each kind of image; those that the set allows. */
  readonly measures: readonly Measure[];
}

/** A text of a sample with hidden word pieces. */
interface Asked extends HiddenWords {
  readonly sample: number;
  readonly text: string;
  /** The pieces at the hidden places. */
  readonly labels: Int32Array;
}

/** Samples asked at a time. */
const atOnce = 64;

/** What the model sees besides a text. */
type Beside = "no image" | "the own image" | "another image";

/**
 * Hides 15 % of the word pieces of each text, all behind [MASK]: single ones in texts alone, whole words in captions, as in
 * training (flava.md 3.4). Another image is that of a sample without the caption.
 */
export async function evaluateMaskedWords(
  set: MaskedWordsSet,
  context: EvaluatorContext,
): Promise<MaskedWordsEvaluation> {
  const { samples, used, skipped } = await readSamples(set.source, "if any", context);
  const hasImages = samples[0]!.image !== undefined;
  const unit = hasImages ? "word" : "piece";
  const asked = samples.map((sample, index) => hiddenWords(sample, index, unit, context));
  const seen: readonly Beside[] = hasImages
    ? ["the own image", "another image", "no image"]
    : ["no image"];
  const hitsFrom = async (first: number): Promise<number[][]> => {
    const some = asked.slice(first, first + atOnce).flat();
    const found: number[][] = [];
    for (const beside of seen) found.push(await rightPieces(some, beside, samples, context));
    return found;
  };
  const chunks = await inChunks(samples.length, atOnce, context, hitsFrom);
  const hits = new Map(
    seen.map((beside, index) => [beside, chunks.flatMap((each) => each[index]!)]),
  );
  const all = asked.flat();
  const keys = samples.map(({ key }) => key);
  const measures = withIntervals(scoredBy(hits, all), context.key);
  return { kind: "masked words", set, keys, samples: used, skipped, measures };
}

function hiddenWords(
  { texts }: Sample,
  sample: number,
  unit: "word" | "piece",
  { embedder, key }: EvaluatorContext,
): Asked[] {
  const { vocabulary } = embedder;
  return texts.map((text, index) => {
    const whole = embedder.encode(text);
    const own = foldIn(foldIn(foldIn(key, "masked words"), sample), index);
    const { positions: places, labels } = maskText(whole, own, { vocabulary, unit });
    const ids = Int32Array.from(whole);
    for (const place of places) ids[place] = vocabulary.special.mask;
    return { sample, text, ids, places, labels };
  });
}

/** 1 for each hidden piece that is predicted right, 0 for others. */
async function rightPieces(
  asked: readonly Asked[],
  beside: Beside,
  samples: readonly Sample[],
  context: EvaluatorContext,
): Promise<number[]> {
  const { embedder, signal } = context;
  const shown = asked.map(({ sample, text }) =>
    beside === "the own image" ? samples[sample]! : otherThan(sample, text, samples),
  );
  const images = beside === "no image" ? undefined : await imagesOf(shown, context);
  const predicted = await embedder.words(asked, { ...(images && { images }), signal });
  return asked.flatMap(({ labels }, index) =>
    Array.from(labels, (label, place) => (predicted[index]![place] === label ? 1 : 0)),
  );
}

/** The sample half the set away, or the next one after it that lacks the text. */
function otherThan(sample: number, text: string, samples: readonly Sample[]): Sample {
  const half = Math.floor(samples.length / 2);
  for (let step = 0; step < samples.length; step++) {
    const other = samples[(sample + half + step) % samples.length]!;
    if (!other.texts.includes(text)) return other;
  }
  return samples[(sample + half) % samples.length]!;
}

function scoredBy(hits: ReadonlyMap<Beside, readonly number[]>, asked: readonly Asked[]): Scored[] {
  // Captions of one image are not independent; the passages of a document are taken to be.
  const clusters = asked.flatMap(({ sample, labels }, index) =>
    Array.from(labels, () => (hits.size > 1 ? sample : index)),
  );
  const labels = asked.flatMap((one) => [...one.labels]);
  const commonest = commonestOf(labels);
  const [own, other] = [hits.get("the own image"), hits.get("another image")];
  const gains = own && other ? own.map((hit, index) => hit - other[index]!) : [];
  return [
    ...[...hits].map(([beside, scores]) => ({
      name: `masked words right, ${beside}`,
      scores,
      clusters,
    })),
    { name: "gained by the own image over another", scores: gains, clusters },
    {
      name: "always the commonest piece",
      scores: labels.map((label) => (label === commonest ? 1 : 0)),
      clusters,
    },
  ];
}

function commonestOf(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) addTo(counts, label);
  return priorOf(counts, 0).commonest;
}
