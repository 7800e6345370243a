/**
 * Evaluation: zero-shot classification, retrieval and linear probes, with intervals and chance levels.
 *
 * @example
 * import { load } from "flava";
 * import { evaluate, openEvaluationSet, toMarkdown } from "flava/eval";
 *
 * await using flava = await load();
 * const set = await openEvaluationSet("path/to/set");
 * const evaluation = await evaluate(set, flava, { onProgress: (samples) => console.log(samples) });
 * console.log(toMarkdown([evaluation]));
 */
export type { Interval } from "./eval/bootstrap.js";
export {
  type ClassificationEvaluation,
  type EvaluateOptions,
  type Evaluation,
  type RetrievalEvaluation,
  evaluate,
} from "./eval/evaluate.js";
export {
  type EvaluationSet,
  EvaluationSetError,
  openEvaluationSet,
} from "./eval/evaluation-set.js";
export { hitsWithin, mean, meanPerClass, median, rankOf } from "./eval/metrics.js";
export { measurements } from "./report/measurements.js";
export { toJson, toMarkdown } from "./report/evaluation-text.js";
