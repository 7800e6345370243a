/**
 * Data sets: samples read from folders, tables, Parquet and tar shards, and written as tar shards.
 *
 * @example
 * import { openSource } from "flava/data";
 *
 * const source = await openSource("path/to/images");
 * for await (const { sample } of source.read()) console.log(sample.key, sample.texts);
 */
export { cacheDirectory } from "./base/cache.js";
export { type Key, foldIn, keyOf, uniformAt } from "./base/random.js";
export { replaceFile } from "./base/replace-file.js";
export { openSource } from "./data/formats/open.js";
export type {
  Cursor,
  ReadOptions,
  ReadSample,
  Source,
  SourceOptions,
} from "./data/formats/source.js";
export { SampleError, SourceError } from "./data/formats/source-error.js";
export { ShardWriter } from "./data/formats/tar/shard-writer.js";
export { type ParquetColumn, writeParquet } from "./data/formats/parquet/writer.js";
export { decodeImage } from "./data/image/decode.js";
export { ImageError } from "./data/image/image-error.js";
export type { Image } from "./data/image/image.js";
export type { Sample } from "./data/sample.js";
export { Tokenizer, openTokenizer } from "./data/text/tokenizer.js";
export { type Vocabulary, VocabularyError, openVocabulary } from "./data/text/vocabulary.js";
