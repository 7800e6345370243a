/**
 * Evaluation: zero-shot classification, retrieval and linear probes, with intervals and chance levels.
 *
 * @module flava/eval
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
  type BootstrapOptions,
  bootstrap,
  bootstrapMetric,
} from "./eval/bootstrap.js";
export type { ClassificationResult, Confusion, Predictions } from "./eval/classification.js";
export { type Difference, compareEvaluations } from "./eval/compare.js";
export {
  type ClassificationEvaluation,
  type Evaluation,
  type MeasuredEvaluation,
  evaluate,
} from "./eval/evaluate.js";
export {
  type EvaluationSet,
  type TextSetKind,
  type AnySet,
  type Classes,
  type LabeledSet,
  type LinearProbeSet,
  type MaskedWordsSet,
  type MatchingSet,
  type RetrievalSet,
  type ZeroShotSet,
  EvaluationSetError,
  openEvaluationSet,
  openTextSet,
} from "./eval/evaluation-set.js";
export {
  type EmbeddingStore,
  type StoredDtype,
  openEmbeddingStore,
} from "./eval/embedding-store.js";
export { type Baseline, type Counts, type Prior, baselineOf, priorOf } from "./eval/baseline.js";
export type { MaskedWordsEvaluation } from "./eval/evaluators/masked-words.js";
export type { MatchingEvaluation } from "./eval/evaluators/matching.js";
export type { Measure } from "./eval/evaluators/measured.js";
export type {
  EmbeddingStores,
  EvaluateOptions,
  EvaluatedImages,
} from "./eval/evaluators/embed-images.js";
export type { RetrievalEvaluation } from "./eval/evaluators/retrieval.js";
export type { EvaluatedClasses } from "./eval/evaluators/class-finder.js";
export type {
  LinearProbeEvaluation,
  ProbedImages,
  ProbedParts,
} from "./eval/evaluators/linear-probe.js";
export type { ZeroShotEvaluation } from "./eval/evaluators/zero-shot.js";
export { type Numbers, hitsWithin, mean, meanPerClass, median, rankOf } from "./eval/metrics.js";
export { accuracy, f1, macroF1, matthews } from "./eval/metrics/agreement.js";
export { auroc } from "./eval/metrics/auroc.js";
export { calibrationError } from "./eval/metrics/calibration.js";
export { type Calibration, calibrated, fitCalibration } from "./eval/metrics/platt-scaling.js";
export { pearson, spearman } from "./eval/metrics/correlation.js";
export { softAnswers, vqaAccuracy } from "./eval/metrics/vqa-accuracy.js";
export { normalizedAnswer } from "./eval/metrics/vqa-answer.js";
export { type LinearProbe, type FitOptions, ProbeFitter } from "./eval/probe/fitter.js";
export { type LabeledFeatures, labeledFeatures } from "./eval/probe/labeled-features.js";
export { type ProbePaths, openProbeSet } from "./eval/probe-set.js";
export { predict } from "./eval/probe/predict.js";
export {
  type ProbeSearch,
  type SearchOptions,
  type ProbeParts,
  searchProbe,
} from "./eval/probe/search.js";
export type { MinimizeOptions, Objective } from "./eval/probe/lbfgs.js";
export { type DescribedImage, type Relation, relate } from "./eval/relation.js";
export {
  type Recall,
  type RetrievalResult,
  type Direction,
  type RetrievalInputs,
  retrieve,
} from "./eval/retrieval.js";
export { flava35 } from "./eval/tasks/flava35.js";
export { miniTasks } from "./eval/tasks/mini/mini-tasks.js";
export type { MetricName } from "./eval/tasks/metric-name.js";
export {
  type CheckedTask,
  type FoundTask,
  type OpenedTask,
  type OpenTaskOptions,
  type SamplesOf,
  TaskDataError,
  checkTask,
  findTask,
  openTask,
  splitsOf,
} from "./eval/tasks/open-task.js";
export {
  type PaperRow,
  type PaperValues,
  type NumberForEach,
  type PaperColumn,
  paperColumns,
} from "./eval/tasks/paper.js";
export type {
  AnyTask,
  Family,
  LabeledTask,
  Layout,
  Part,
  ProtocolName,
  RetrievalTask,
  Splits,
  Task,
} from "./eval/tasks/task.js";
export { type ZeroShotInputs, classifyZeroShot } from "./eval/zero-shot.js";
export { embedClasses, iconTemplates, photoTemplates } from "./inference/prompts.js";
export type { Embedder } from "./inference/embedder.js";
export type { TaskPredictor } from "./inference/task-predictor.js";
export { type Measurement, measurements } from "./report/measurements.js";
export type {
  Baselines,
  Metrics,
  Outcome,
  SuiteModel,
  SuiteReport,
  TaskScores,
  TaskWithout,
} from "./suite/outcome.js";
export {
  type AblationReport,
  type ComparedModel,
  ablationMarkdown,
} from "./suite/ablations/report.js";
export {
  type AblationOptions,
  planAblations,
  runAblations,
} from "./suite/ablations/run-ablations.js";
export type { Average, Averages } from "./suite/ablations/averages.js";
export type { MeasuredChange } from "./suite/ablations/measured-change.js";
export type { OverSeeds } from "./suite/ablations/over-seeds.js";
export { type SuiteOptions, runSuite } from "./suite/run-suite.js";
export { suiteJson, suiteMarkdown } from "./suite/table-text.js";
export { toJson, toMarkdown } from "./report/evaluation-text.js";
export type { Backend } from "./backend/backend.js";
export type { Communicator } from "./backend/communicator.js";
export type { Abortable } from "./base/call-options.js";
export type { Key } from "./base/random.js";
export type { Recipe } from "./configs/recipe.js";
export type { SkippedSamples } from "./data/batch/skipped.js";
export type { SampleSource, Source, SourceOptions } from "./data/formats/source.js";
export type { DecodeOptions } from "./data/image/decode.js";
export type { LabeledSample } from "./data/labeled-sample.js";
export type { LabeledSource } from "./data/labeled-source.js";
export type { PooledFeatures } from "./model/features.js";
export type { EmbeddingModel } from "./search/embedding-model.js";
export type { PretrainOptions } from "./train/pretrain.js";
