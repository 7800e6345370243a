/**
 * Search: embeddings of whole data sets in one file, and exact search among them.
 *
 * @example
 * import { load } from "flava";
 * import { openIndex } from "flava/search";
 *
 * await using flava = await load();
 * const { index } = await openIndex("vectors.parquet");
 * const [query] = await flava.embedTexts(["an icon of a heart"]);
 * if (query) console.log(await index.search(flava.model.backend, query, 10));
 */
export { type EmbeddingReport, runEmbeddingJob } from "./search/embedding-job.js";
export { ExactIndex, openIndex } from "./search/exact-index.js";
export { modelFingerprint } from "./search/model-fingerprint.js";
