/** Evaluates image-text matching: each image with its own text, and with wrong ones of various difficulty. */
import { foldIn } from "../../base/random.js";
import { EvaluationSetError, type MatchingSet } from "../evaluation-set.js";
import { calibrationError } from "../metrics/calibration.js";
import type { EvaluatedImages, EvaluatorContext } from "./embed-images.js";
import { type Measure, type Scored, withIntervals } from "./measured.js";
import { imagesOf, inChunks, readSamples } from "./read-samples.js";
import { type WrongText, WrongTexts, difficulties } from "./wrong-texts.js";

/** How well own texts are told from wrong ones. */
export interface MatchingEvaluation extends EvaluatedImages {
  readonly kind: "matching";
  /** What was evaluated on. */
  readonly set: MatchingSet;
  /** Samples that were used: several may have one image. */
  readonly samples: number;
  /** How often the own text matches better, for each kind of wrong text; those that the set allows. */
  readonly measures: readonly Measure[];
  /** Expected calibration error of the probabilities of own texts and strangers'; undefined if there are no strangers. */
  readonly calibrationError: number | undefined;
}

/** A wrong text of a sample, with the probabilities that it and the right one match. */
interface Judged extends WrongText {
  readonly sample: number;
  readonly ofRight: number;
  readonly ofWrong: number;
}

/** Images matched at a time, each with a few texts. */
const atOnce = 32;

export async function evaluateMatching(
  set: MatchingSet,
  context: EvaluatorContext,
): Promise<MatchingEvaluation> {
  const { samples, used, skipped } = await readSamples(set.source, "all", context);
  const wrongTexts = new WrongTexts(samples, foldIn(context.key, "wrong texts"));
  const judgedFrom = async (first: number): Promise<Judged[]> => {
    const images = await imagesOf(samples.slice(first, first + atOnce), context);
    const asked = images.flatMap((image, place) =>
      wrongTexts.of(first + place).map((text) => ({ ...text, image, sample: first + place })),
    );
    const match = (texts: readonly string[]): Promise<Float32Array> =>
      context.embedder.match(
        asked.map(({ image }) => image),
        texts,
        { signal: context.signal },
      );
    const ofRight = await match(asked.map(({ right }) => right));
    const ofWrong = await match(asked.map(({ wrong }) => wrong));
    return asked.map(({ image: _, ...text }, index) => ({
      ...text,
      ofRight: ofRight[index]!,
      ofWrong: ofWrong[index]!,
    }));
  };
  const judged = (await inChunks(samples.length, atOnce, context, judgedFrom)).flat();
  if (judged.length === 0) {
    throw new EvaluationSetError(
      `${set.name} has no wrong text for any image: matching needs images with different texts.`,
    );
  }
  const keys = samples.map(({ key }) => key);
  const measures = withIntervals(scoredBy(judged), context.key);
  return {
    kind: "matching",
    set,
    keys,
    samples: used,
    skipped,
    measures,
    calibrationError: errorOf(judged),
  };
}

const strangersOf = (judged: readonly Judged[]): Judged[] =>
  judged.filter(({ difficulty }) => difficulty === difficulties[0]);

/** How often the right text is preferred, and each kind of text judged right. */
function scoredBy(judged: readonly Judged[]): Scored[] {
  const share = (
    name: string,
    some: readonly Judged[],
    holds: (one: Judged) => boolean,
  ): Scored => ({
    name,
    scores: Uint8Array.from(some, (one) => (holds(one) ? 1 : 0)),
    clusters: some.map(({ sample }) => sample),
    chance: 0.5,
  });
  const strangers = strangersOf(judged);
  return [
    ...difficulties.map((difficulty) =>
      share(
        `own text above ${difficulty}`,
        judged.filter((one) => one.difficulty === difficulty),
        ({ ofRight, ofWrong }) => ofRight > ofWrong,
      ),
    ),
    share("own text above 0.5", strangers, ({ ofRight }) => ofRight > 0.5),
    ...difficulties.map((difficulty) =>
      share(
        `${difficulty} below 0.5`,
        judged.filter((one) => one.difficulty === difficulty),
        ({ ofWrong }) => ofWrong < 0.5,
      ),
    ),
  ];
}

function errorOf(judged: readonly Judged[]): number | undefined {
  const strangers = strangersOf(judged);
  if (strangers.length === 0) return undefined;
  const probabilities = strangers.flatMap(({ ofRight, ofWrong }) => [ofRight, ofWrong]);
  return calibrationError(
    probabilities,
    strangers.flatMap(() => [1, 0]),
  );
}
