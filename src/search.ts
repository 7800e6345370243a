/**
 * Search: embeddings of whole data sets in one file, and exact search among them.
 *
 * @example
 * import { load } from "flava";
 * import { openSource } from "flava/data";
 * import { openIndex, runEmbeddingJob } from "flava/search";
 *
 * await using flava = await load();
 * await runEmbeddingJob(await openSource("path/to/images"), flava, "vectors.parquet");
 * const index = await openIndex("vectors.parquet", flava);
 * const query = await flava.embedTexts("an icon of a heart");
 * for (const { path, similarity } of await index.search(query, { top: 3 })) console.log(path, similarity);
 */
export {
  type EmbeddingFile,
  type EmbeddingOrigin,
  type EmbeddingRow,
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
export { modelFingerprint } from "./search/model-fingerprint.js";
export { type OpenIndexOptions, openIndex } from "./search/open-index.js";
export type {
  Filter,
  Hit,
  IndexEntry,
  IndexRow,
  SearchOptions,
  VectorIndex,
  VectorKind,
} from "./search/vector-index.js";
