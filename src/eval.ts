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
export {
  type EvaluateTaskOptions,
  type TaskEvaluation,
  evaluateTask,
} from "./eval/evaluate-task.js";
export {
  type Interval,
  type IntervalOptions,
  bootstrap,
  bootstrapMetric,
} from "./eval/bootstrap.js";
export type { ClassificationResult } from "./eval/classification.js";
export { type Difference, compareEvaluations } from "./eval/compare.js";
export { type ClassificationEvaluation, type Evaluation, evaluate } from "./eval/evaluate.js";
export {
  type EvaluationSet,
  EvaluationSetError,
  type TextSetKind,
  openEvaluationSet,
  openTextSet,
} from "./eval/evaluation-set.js";
export { type EmbeddingStore, openEmbeddingStore } from "./eval/embedding-store.js";
export { type Baseline, baselineOf, priorOf } from "./eval/baseline.js";
export type { MaskedWordsEvaluation } from "./eval/evaluators/masked-words.js";
export type { MatchingEvaluation } from "./eval/evaluators/matching.js";
export type { Measure } from "./eval/evaluators/measured.js";
export type { EmbeddingStores, EvaluateOptions } from "./eval/evaluators/embed-images.js";
export type { RetrievalEvaluation } from "./eval/evaluators/retrieval.js";
export { hitsWithin, mean, meanPerClass, median, rankOf } from "./eval/metrics.js";
export { accuracy, f1, macroF1, matthews } from "./eval/metrics/agreement.js";
export { auroc } from "./eval/metrics/auroc.js";
export { calibrationError } from "./eval/metrics/calibration.js";
export { type Calibration, calibrated, fitCalibration } from "./eval/metrics/platt-scaling.js";
export { pearson, spearman } from "./eval/metrics/correlation.js";
export { softAnswers, vqaAccuracy } from "./eval/metrics/vqa-accuracy.js";
export { normalizedAnswer } from "./eval/metrics/vqa-answer.js";
export { type LinearProbe, ProbeFitter } from "./eval/probe/fitter.js";
export { type LabeledFeatures, labeledFeatures } from "./eval/probe/labeled-features.js";
export { openProbeSet } from "./eval/probe-set.js";
export { predict } from "./eval/probe/predict.js";
export { type ProbeSearch, type SearchOptions, searchProbe } from "./eval/probe/search.js";
export { type DescribedImage, type Relation, relate } from "./eval/relation.js";
export { type Recall, type RetrievalResult, retrieve } from "./eval/retrieval.js";
export { flava35 } from "./eval/tasks/flava35.js";
export { miniTasks } from "./eval/tasks/mini/mini-tasks.js";
export type { MetricName } from "./eval/tasks/metric-name.js";
export {
  type CheckedTask,
  type FoundTask,
  type OpenedTask,
  TaskDataError,
  checkTask,
  findTask,
  openTask,
  splitsOf,
} from "./eval/tasks/open-task.js";
export { type PaperRow, type PaperValues, paperColumns } from "./eval/tasks/paper.js";
export type {
  LabeledTask,
  Layout,
  Part,
  ProtocolName,
  RetrievalTask,
  Splits,
  Task,
} from "./eval/tasks/task.js";
export { classifyZeroShot } from "./eval/zero-shot.js";
export { embedClasses, iconTemplates, photoTemplates } from "./inference/prompts.js";
export { measurements } from "./report/measurements.js";
export type { Outcome, SuiteReport, TaskScores } from "./suite/outcome.js";
export { type AblationReport, ablationMarkdown } from "./suite/ablations/report.js";
export {
  type AblationOptions,
  planAblations,
  runAblations,
} from "./suite/ablations/run-ablations.js";
export { type SuiteOptions, runSuite } from "./suite/run-suite.js";
export { suiteJson, suiteMarkdown } from "./suite/table-text.js";
export { toJson, toMarkdown } from "./report/evaluation-text.js";
