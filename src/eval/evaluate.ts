/** Evaluates a model on an evaluation set: embeds the samples and computes metrics. */
import { keyOf } from "../base/random.js";
import { BackgroundCount } from "../data/formats/background-count.js";
import type { SampleSource } from "../data/formats/source.js";
import type { Embedder } from "../inference/embedder.js";
import type { EvaluationSet } from "./evaluation-set.js";
import {
  type EvaluateOptions,
  type EvaluatorContext,
  memoryStores,
} from "./evaluators/embed-images.js";
import { type LinearProbeEvaluation, evaluateLinearProbe } from "./evaluators/linear-probe.js";
import { type MaskedWordsEvaluation, evaluateMaskedWords } from "./evaluators/masked-words.js";
import { type MatchingEvaluation, evaluateMatching } from "./evaluators/matching.js";
import { type RetrievalEvaluation, evaluateRetrieval } from "./evaluators/retrieval.js";
import { type ZeroShotEvaluation, evaluateZeroShot } from "./evaluators/zero-shot.js";

/** Results of a classification. */
export type ClassificationEvaluation = ZeroShotEvaluation | LinearProbeEvaluation;
/** Results that are measures alone. */
export type MeasuredEvaluation = MatchingEvaluation | MaskedWordsEvaluation;
/** What an evaluation found; `kind` says which members it has. `toMarkdown` and `toJson` write any of them. */
export type Evaluation = ClassificationEvaluation | RetrievalEvaluation | MeasuredEvaluation;

/**
 * Evaluates a model on `set`: zero-shot classification, a linear probe, retrieval, matching or masked words. Unusable
 * samples are skipped and counted.
 *
 * @param model a loaded `Flava`, or anything else with an embedder
 * @returns embeddings of the set's samples, metrics with 95 % intervals and chance levels, and what was skipped
 * @throws NoUsableSampleError if no sample can be used
 */
export async function evaluate(
  set: EvaluationSet,
  { embedder }: { readonly embedder: Embedder },
  { onProgress, ...options }: EvaluateOptions = {},
): Promise<Evaluation> {
  const count = onProgress && new BackgroundCount(sourcesOf(set));
  let done = 0;
  const advance = (samples: number): void => onProgress?.((done += samples), count?.total);
  const stores = options.stores ?? memoryStores(embedder);
  const { backend } = embedder;
  const context = { key: keyOf(0), ...options, stores, embedder, backend, advance };
  try {
    return await dispatch(set, context);
  } finally {
    count?.stop();
  }
}

function dispatch(set: EvaluationSet, context: EvaluatorContext): Promise<Evaluation> {
  switch (set.kind) {
    case "zero-shot":
      return evaluateZeroShot(set, context);
    case "linear probe":
      return evaluateLinearProbe(set, context);
    case "retrieval":
      return evaluateRetrieval(set, context);
    case "matching":
      return evaluateMatching(set, context);
    case "masked words":
      return evaluateMaskedWords(set, context);
  }
}

function sourcesOf(set: EvaluationSet): SampleSource[] {
  if (set.kind !== "linear probe") return [set.source];
  return [set.train, ...(set.validation ? [set.validation] : []), set.source];
}
