/**
 * Data: samples read from folders, tables, Parquet and tar shards and written as tar shards; images and texts as numbers; and
 * batches for training.
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
export { type Batch, type ImageBatch, type PairBatch, type TextBatch } from "./data/batch/batch.js";
export { type BatchOptions, type CollatedBatch, collate } from "./data/batch/collate.js";
export { Loader, type LoaderOptions, type NextBatch } from "./data/batch/loader.js";
export {
  type PairLoaderOptions,
  type CollatedPairs,
  openPairLoader,
} from "./data/batch/pair-loader.js";
export { Mixture, type MixtureCursor, type MixtureOptions } from "./data/batch/mixture.js";
export { NoUsableSampleError, SkippedSamples } from "./data/batch/skipped.js";
export {
  type SampleSet,
  type SampleSets,
  indexesOf,
  openSampleSet,
  sizesOf,
} from "./data/batch/sample-set.js";
export { openSource } from "./data/formats/open.js";
export type { Source, SourceOptions } from "./data/formats/source.js";
export { SampleError, SourceError } from "./data/formats/source-error.js";
export { ShardWriter } from "./data/formats/tar/shard-writer.js";
export {
  type ShardsReport,
  type SplitFacts,
  type WriteShardsOptions,
  writeShards,
} from "./data/write-shards.js";
export { type ParquetColumn, writeParquet } from "./data/formats/parquet/writer.js";
export { type DecodeOptions, decodeImage } from "./data/image/decode.js";
export { fittedProcessor } from "./data/image/fitted-processor.js";
export { ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export {
  type ImageProcessor,
  codebookPixelsOf,
  defaultProcessor,
  pixelsOf,
} from "./data/image/processor.js";
export type { LabeledSource } from "./data/labeled-source.js";
export { type Labels, LabelsError } from "./data/labeled/labels.js";
export {
  type LabeledSet,
  type ReadLabeledOptions,
  labeledParts,
  readLabeled,
} from "./data/labeled/read-labeled.js";
export { splitByKey } from "./data/labeled/split.js";
export type { LabeledSample, StoredImage, Target } from "./data/labeled-sample.js";
export type { Sample } from "./data/sample.js";
export { Tokenizer, openTokenizer } from "./data/text/tokenizer.js";
export { type Vocabulary, VocabularyError, openVocabulary } from "./data/text/vocabulary.js";
