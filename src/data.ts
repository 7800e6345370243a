/**
 * Data: samples read from folders, tables, Parquet and tar shards and written as tar shards; images and texts as numbers; and
 * batches for training.
 *
 * @module flava/data
 *
 * @example
 * import { openSource } from "flava/data";
 *
 * const source = await openSource("path/to/images");
 * for await (const sample of source.read()) console.log(sample.key, sample.texts);
 */
export { cacheDirectory } from "./base/cache.js";
export { type Key, foldIn, keyOf, uniformAt } from "./base/random.js";
export { replaceFile } from "./base/replace-file.js";
export type { Abortable } from "./base/call-options.js";
export type {
  Batch,
  BatchTensors,
  ImageBatch,
  MaskedImages,
  MaskedTexts,
  PairBatch,
  Targets,
  TextBatch,
} from "./data/batch/batch.js";
export {
  type BatchOptions,
  type CollatedBatch,
  type Picked,
  type TextOptions,
  collate,
} from "./data/batch/collate.js";
export { type LoaderOptions, type NextBatch, type Planner, Loader } from "./data/batch/loader.js";
export {
  type PairLoaderOptions,
  type CollatedPairs,
  openPairLoader,
} from "./data/batch/pair-loader.js";
export {
  type MixtureCursor,
  type MixtureOptions,
  type BatchKind,
  type BatchPlan,
  type PlannedSample,
  type RecordReference,
  type SetSize,
  Mixture,
} from "./data/batch/mixture.js";
export {
  type SampleName,
  type SkipCounts,
  type SkipReason,
  type SkippedSample,
  NoUsableSampleError,
  SkippedSamples,
} from "./data/batch/skipped.js";
export {
  type SampleSet,
  type SampleSets,
  indexesOf,
  openSampleSet,
  sizesOf,
} from "./data/batch/sample-set.js";
export type { BatchReaderOptions } from "./data/batch/batch-reader.js";
export type { BatchImageSizes, BatchSizes, BatchTextSizes } from "./data/batch/batch-specs.js";
export type { BatchViews, ViewOptions } from "./data/batch/batch-views.js";
export type {
  BatchFrom,
  Plan,
  PlanFor,
  ReaderName,
  ReaderOptions,
  ReaderRequest,
  ReaderTypes,
  Readers,
} from "./data/batch/readers.js";
export { openSource } from "./data/formats/open.js";
export type { Columns, SampleSource, Source, SourceOptions } from "./data/formats/source.js";
export { SampleError, SourceError } from "./data/formats/source-error.js";
export type { ImagePlace } from "./data/image-place.js";
export { type ShardWriterOptions, ShardWriter } from "./data/formats/tar/shard-writer.js";
export {
  type ShardsReport,
  type SplitFacts,
  type WriteShardsOptions,
  writeShards,
} from "./data/write-shards.js";
export {
  type ParquetColumn,
  type ParquetRow,
  type WriteParquetOptions,
  writeParquet,
} from "./data/formats/parquet/writer.js";
export { type DecodeOptions, decodeImage } from "./data/image/decode.js";
export { type ImageSizes, fittedProcessor } from "./data/image/fitted-processor.js";
export { type ImageReason, ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export {
  type ImageProcessor,
  type Color,
  type MaskSettings,
  type View,
  type ViewSize,
  codebookPixelsOf,
  defaultProcessor,
  pixelsOf,
} from "./data/image/processor.js";
export type { Filter } from "./data/image/filter.js";
export type { TrainingViewOptions } from "./data/image/views.js";
export type { LabeledSource } from "./data/labeled-source.js";
export { type Labels, type TargetKind, LabelsError } from "./data/labeled/labels.js";
export type { LabeledRowOptions } from "./data/labeled/labeled-rows.js";
export { type LabeledParts, labeledParts } from "./data/labeled/parts.js";
export {
  type LabeledSet,
  type ReadLabeledOptions,
  readLabeled,
} from "./data/labeled/read-labeled.js";
export { splitByKey } from "./data/labeled/split.js";
export type {
  LabeledBatch,
  LabeledTensors,
  TaskSizes,
  TaskTensors,
} from "./data/labeled/labeled-batch.js";
export type { LabeledReaderOptions } from "./data/labeled/labeled-reader.js";
export type { SampleColumns } from "./data/labeled/labeled-row.js";
export type { LabeledPlan } from "./data/labeled/shuffled-samples.js";
export type { LabeledSample, StoredImage, Target } from "./data/labeled-sample.js";
export type { LocatedSample, Sample } from "./data/sample.js";
export {
  type EncodedText,
  type TokenizerSettings,
  Tokenizer,
  openTokenizer,
} from "./data/text/tokenizer.js";
export {
  type Vocabulary,
  type SpecialIds,
  VocabularyError,
  openVocabulary,
} from "./data/text/vocabulary.js";
export type { Normalization } from "./data/text/normalize.js";
export type { IndexOptions, IndexedSource } from "./data/index/source-index.js";
export type { RemoteState } from "./data/remote/store.js";
export type { Values } from "./backend/values.js";
export type { Shape, Tensor } from "./graph/tensor.js";
