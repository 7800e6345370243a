/** Baselines of a stage's losses and accuracies, from its data. */
import { BatchReader, type BatchReaderOptions } from "../../data/batch/batch-reader.js";
import type { CollatedBatch, TextOptions } from "../../data/batch/collate.js";
import { type BatchKind, Mixture, type MixtureOptions, forKind } from "../../data/batch/mixture.js";
import { type SampleSets, indexesOf } from "../../data/batch/sample-set.js";
import { type Baseline, baselineOf, binaryPrior, priorOf, smoothing } from "../../eval/baseline.js";
import type { FlavaConfig } from "../../model/config.js";
import { AnswerCounter, type CounterOptions, type Question } from "./answers.js";

/** The training data of a stage, and how batches are drawn of them. */
export interface TrainingData {
  readonly sets: SampleSets;
  readonly mixture: MixtureOptions;
}

export interface BaselineOptions
  extends TrainingData, CounterOptions, Omit<BatchReaderOptions, "indexes"> {
  /** Batches of held-out data; where there are none, baselines are those of the training data. */
  readonly validation: readonly CollatedBatch[];
}

/** Training batches in which visual tokens are counted. */
const imageBatches = 2;
/** Word pieces that are counted at most. */
const mostPieces = 200_000;
const textsAtOnce = 64;

/**
 * Baselines of the masked losses and of matching, by loss: frequencies are counted in training data, those of word pieces
 * whether masked or not, and judged on the answers in validation data.
 */
export async function measureBaselines(
  options: BaselineOptions,
): Promise<ReadonlyMap<Question, Baseline>> {
  const [learned, held] = [new AnswerCounter(options), new AnswerCounter(options)];
  try {
    await countValidation(held, options.validation);
    await countTraining(learned, options);
  } finally {
    for (const counter of [learned, held]) counter.dispose();
  }
  const found = new Map<Question, Baseline>();
  for (const [question, counts] of learned.answers) {
    const judged = held.answers.get(question);
    const prior = priorOf(counts, answersTo(question, options.config), judged ? smoothing : 0);
    found.set(question, baselineOf(prior, judged ?? counts));
  }
  const { mismatched, shares } = options.mixture;
  if (shares.pair > 0 && learned.counts("itm")) {
    const expected = new Map([
      [0, mismatched],
      [1, 1 - mismatched],
    ]);
    const judged = held.answers.get("itm") ?? expected;
    found.set("itm", baselineOf(binaryPrior(1 - mismatched), judged));
  }
  return found;
}

/** Number of possible answers. */
function answersTo(question: Question, { text, image }: FlavaConfig): number {
  return question === "mlm" || question === "mmmText" ? text.vocabulary : image.vocabulary;
}

/** Of images the first batch of each kind suffices: it has thousands of hidden patches. */
async function countValidation(
  counter: AnswerCounter,
  batches: readonly CollatedBatch[],
): Promise<void> {
  const kinds = new Set<BatchKind>();
  for (const batch of batches) {
    counter.addWordsAndMatches(batch);
    if (batch.kind !== "text" && !kinds.has(batch.kind)) await counter.addTokens(batch);
    kinds.add(batch.kind);
  }
}

async function countTraining(counter: AnswerCounter, options: BaselineOptions): Promise<void> {
  const { shares } = options.mixture;
  const { captions, texts } = options.batch;
  if (shares.image > 0 && counter.counts("mim")) await countTokens("image", counter, options);
  if (shares.pair > 0 && counter.counts("mmmImage")) await countTokens("pair", counter, options);
  if (shares.text > 0 && counter.counts("mlm")) {
    await countPieces("mlm", counter, { ...options, kind: "text", texts });
  }
  if (shares.pair > 0 && counter.counts("mmmText")) {
    await countPieces("mmmText", counter, { ...options, kind: "pair", texts: captions });
  }
}

/** Counts the visual tokens at the hidden patches of some batches. */
async function countTokens(
  kind: "image" | "pair",
  counter: AnswerCounter,
  { sets, mixture, vocabulary, batch }: BaselineOptions,
): Promise<void> {
  const plans = new Mixture({ ...mixture, shares: forKind(kind, 1, 0) });
  const reader = await BatchReader.open({ indexes: indexesOf(sets), vocabulary, batch });
  try {
    for (let i = 0; i < imageBatches; i++) {
      const read = await reader.read(plans.next());
      if (read.batch.kind === kind) await counter.addTokens(read.batch);
    }
  } finally {
    await reader.close();
  }
}

/** Counts word pieces, over one pass at most. Captions are read as texts, so that no image is decoded. */
async function countPieces(
  question: "mlm" | "mmmText",
  counter: AnswerCounter,
  { kind, texts, ...options }: BaselineOptions & { kind: "text" | "pair"; texts: TextOptions },
): Promise<void> {
  const { mixture, vocabulary } = options;
  const sets = mixture.sets[kind];
  const plans = new Mixture({
    ...mixture,
    shares: forKind("text", 1, 0),
    batch: forKind("text", textsAtOnce, 0),
    sets: forKind("text", sets, []),
  });
  const indexes = forKind("text", indexesOf(options.sets)[kind], []);
  const batch = { ...options.batch, texts };
  const reader = await BatchReader.open({ indexes, vocabulary, batch });
  const samples = sets.reduce((sum, each) => sum + each.samples, 0);
  try {
    for (let read = 0, pieces = 0; read < samples && pieces < mostPieces; read += textsAtOnce) {
      const found = await reader.read(plans.next());
      if (found.batch.kind === "text") pieces += counter.addPieces(question, found.batch);
    }
  } finally {
    await reader.close();
  }
}
