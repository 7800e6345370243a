/** Vectors of images and texts in a parquet file: what `flava embed` writes and `flava search` reads. */
import { access } from "node:fs/promises";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { type ParquetColumn, writeParquet } from "../data/formats/parquet/writer.js";
import { SourceError, reasonOf } from "../data/formats/source-error.js";

/** A sample of a data set with its vectors. */
export interface EmbeddingRow {
  /** Of the sample in its source. */
  readonly key: string;
  /** The sample's first text. */
  readonly text?: string;
  /** [D] at length 1. */
  readonly image?: Float32Array;
  /** [D] at length 1. */
  readonly textVector?: Float32Array;
}

/** The columns of the two kinds of vectors. */
export const vectorColumns = { image: "image_embedding", text: "text_embedding" } as const;

/** Writes rows with vectors of `width`; the file appears when it is complete. */
export function writeEmbeddings(
  path: string,
  width: number,
  rows: Iterable<EmbeddingRow> | AsyncIterable<EmbeddingRow>,
): Promise<void> {
  const columns: ParquetColumn[] = [
    { name: "key", type: "text" },
    { name: "text", type: "text" },
    { name: vectorColumns.image, type: "vector", length: width },
    { name: vectorColumns.text, type: "vector", length: width },
  ];
  async function* cells(): AsyncGenerator<Record<string, unknown>> {
    for await (const { key, text, image, textVector } of rows) {
      yield { key, text, [vectorColumns.image]: image, [vectorColumns.text]: textVector };
    }
  }
  return writeParquet(path, columns, cells());
}

/**
 * The rows of a file that `writeEmbeddings` wrote, a row group in memory at a time.
 * @throws SourceError where it is no such file
 */
export async function* readEmbeddings(path: string): AsyncGenerator<EmbeddingRow> {
  await access(path).catch(() => {
    throw new SourceError(
      `There is nothing at ${path}. Write it with: flava embed SOURCE --out ${path}`,
    );
  });
  const fail = (error: unknown): never => {
    throw new SourceError(
      `${path} cannot be read as embeddings: ${reasonOf(error)}. Write it anew with flava embed.`,
      { cause: error },
    );
  };
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch(fail);
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd }).catch(fail);
    for (const row of rows) yield rowOf(row, fail);
    rowStart = rowEnd;
  }
}

function rowOf(row: Record<string, unknown>, fail: (reason: unknown) => never): EmbeddingRow {
  const { key, text } = row;
  if (typeof key !== "string") return fail('it has no column "key" of texts');
  const vector = (name: string): Float32Array | undefined => {
    const value = row[name];
    if (value === undefined || value === null) return undefined;
    return Float32Array.from(value as ArrayLike<number>);
  };
  const [image, textVector] = [vector(vectorColumns.image), vector(vectorColumns.text)];
  return {
    key,
    ...(typeof text === "string" && { text }),
    ...(image && { image }),
    ...(textVector && { textVector }),
  };
}
