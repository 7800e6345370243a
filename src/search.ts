/**
 * Search: indexes of embeddings that follow a data set, searched by texts and images; duplicates; and files of embeddings.
 *
 * @module flava/search
 *
 * @example
 * import { load } from "flava";
 * import { openSource } from "flava/data";
 * import { embedQueries, indexSource, openOrMakeIndex, originOf } from "flava/search";
 *
 * await using flava = await load();
 * const { backend } = flava.embedder;
 * await using index = await openOrMakeIndex("index", await originOf(flava, "images"), backend);
 * await indexSource(index, await openSource("path/to/images"), flava);
 * const [query] = await embedQueries(flava.embedder, [{ text: "an icon of a heart", without: ["a broken heart"] }]);
 * for (const { path, similarity } of await index.search(query!, { top: 3 })) console.log(path, similarity);
 */
export type { ApproximateOptions, Approximation } from "./search/lance/approximation.js";
export { type DuplicateGroup, type DuplicateOptions, findDuplicates } from "./search/duplicates.js";
export {
  type EmbeddingFile,
  type EmbeddingOrigin,
  type EmbeddingRow,
  findEmbeddings,
  openEmbeddings,
  writeEmbeddings,
} from "./search/embedding-file.js";
export {
  type EmbeddingJobOptions,
  type EmbeddingReport,
  runEmbeddingJob,
} from "./search/embedding-job.js";
export type { EmbeddingModel } from "./search/embedding-model.js";
export { ExactIndex, type OpenExactOptions } from "./search/exact-index.js";
export {
  type IndexReport,
  type IndexSourceOptions,
  indexEmbeddings,
  indexSource,
} from "./search/index-source.js";
export { LanceIndex } from "./search/lance/lance-index.js";
export { type FingerprintedModel, modelFingerprint } from "./search/model-fingerprint.js";
export {
  type MakeIndexOptions,
  type OpenIndexOptions,
  openIndex,
  openOrMakeIndex,
  originOf,
} from "./search/open-index.js";
export { UnknownFieldError } from "./search/filter.js";
export { type Query, type QueryEmbedder, embedQueries } from "./search/query.js";
export type { IndexChanges } from "./search/reconcile.js";
export {
  type MatchedHit,
  type PairMatcher,
  type RerankOptions,
  imageOf,
  rerank,
} from "./search/rerank.js";
export type {
  Filter,
  Hit,
  IndexEntry,
  IndexRow,
  SearchOptions,
  VectorIndex,
  VectorKind,
} from "./search/vector-index.js";
export type { Backend } from "./backend/backend.js";
export type { State } from "./backend/state.js";
export type { Abortable, CallOptions } from "./base/call-options.js";
export type { SkippedSamples } from "./data/batch/skipped.js";
export type { ImagePlace } from "./data/image-place.js";
export type { Part } from "./data/formats/part-of-source.js";
export type { Source } from "./data/formats/source.js";
export type { DecodeOptions } from "./data/image/decode.js";
export type { Image } from "./data/image/image.js";
export type { ImageProcessor } from "./data/image/processor.js";
export type { Tokenizer } from "./data/text/tokenizer.js";
export type { Embedder } from "./inference/embedder.js";
export type { FlavaConfig } from "./model/config.js";
export type { FeatureOptions, PooledFeatures } from "./model/features.js";
export type { Precision } from "./nn/precision.js";
