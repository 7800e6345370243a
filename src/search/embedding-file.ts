/** Embeddings of images and texts in a Parquet file, written by `flava embed` and read by `flava search`. */
import { access } from "node:fs/promises";
import { z } from "zod";
import { exists } from "../base/exists.js";
import type { ParquetColumn } from "../data/formats/parquet/writer.js";
import { SourceError, reasonOf } from "../data/formats/source-error.js";

/** A sample of a data set with its embeddings. */
export interface EmbeddingRow {
  /** The key of the sample, unique in its source. */
  readonly key: string;
  /** The path the sample was read from. */
  readonly path?: string;
  /** The sample's first text. */
  readonly text?: string;
  /** The sample's class. */
  readonly label?: string;
  /** Other data of the sample. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** [D] at length 1, or features. */
  readonly image?: Float32Array;
  /** [D] at length 1, or features. */
  readonly textVector?: Float32Array;
  /** Digest of the embedded sample; only in parts of an unfinished job. */
  readonly digest?: string;
}

export const embeddingOrigin = z.object({
  /** Display name of the data set. */
  source: z.string(),
  /** The model's path, for display. */
  model: z.string(),
  /** Identifies the model. */
  fingerprint: z.string(),
  precision: z.string(),
  /** Width of the embeddings: D; of features, that of the image encoder. */
  width: z.int(),
  /** Of features, the width of the text encoder. */
  textWidth: z.int().optional(),
  /** Which features of the encoders, if not embeddings in the contrastive space. */
  features: z.object({ layer: z.int().optional(), pool: z.enum(["class", "mean"]) }).optional(),
});

/**
 * The source and model of a file's embeddings.
 * @useDeclaredType
 */
export type EmbeddingOrigin = z.infer<typeof embeddingOrigin>;

/** Whether embeddings of two origins can be compared. */
export const isSameModel = (one: EmbeddingOrigin, other: EmbeddingOrigin): boolean =>
  one.fingerprint === other.fingerprint &&
  one.precision === other.precision &&
  one.width === other.width;

/** The columns for image and text embeddings. */
const vectorColumns = { image: "image_embedding", text: "text_embedding" } as const;
const featureColumns = { image: "image_features", text: "text_features" } as const;

const columnsOf = ({ features }: EmbeddingOrigin) => (features ? featureColumns : vectorColumns);

const originKey = "flava";

/** Loaded when a file is opened: indexes, which have their own format, do without. */
const parquet = () => import("../data/formats/parquet/rows.js");

/**
 * Writes `rows` to a Parquet file at `path`, which appears only when complete. `flava search` and `openIndex` read it.
 */
export async function writeEmbeddings(
  path: string,
  origin: EmbeddingOrigin,
  rows: Iterable<EmbeddingRow> | AsyncIterable<EmbeddingRow>,
  { digests = false }: { readonly digests?: boolean } = {},
): Promise<void> {
  const { width: length, textWidth = length } = origin;
  const names = columnsOf(origin);
  const columns: ParquetColumn[] = [
    { name: "key", type: "text" },
    { name: "path", type: "text" },
    { name: "text", type: "text" },
    { name: "label", type: "text" },
    { name: "fields", type: "text" },
    { name: names.image, type: "vector", length },
    { name: names.text, type: "vector", length: textWidth },
    ...(digests ? [{ name: "digest", type: "text" } as const] : []),
  ];
  async function* cells(): AsyncGenerator<Record<string, unknown>> {
    for await (const { image, textVector, fields, ...texts } of rows) {
      const vectors = { [names.image]: image, [names.text]: textVector };
      yield { ...texts, ...vectors, ...(fields && { fields: JSON.stringify(fields) }) };
    }
  }
  const { writeParquet } = await import("../data/formats/parquet/writer.js");
  return writeParquet(path, columns, cells(), {
    metadata: { [originKey]: JSON.stringify(origin) },
  });
}

/** An open file of embeddings. */
export interface EmbeddingFile {
  /** What was embedded, and by which model. */
  readonly origin: EmbeddingOrigin;
  /** Number of rows. */
  readonly count: number;
  /** All rows in order, one row group in memory at a time. Reads only the given columns, which must include the key. */
  readonly rows: (columns?: readonly string[]) => AsyncGenerator<EmbeddingRow>;
}

/**
 * Opens a file written by `writeEmbeddings`.
 * @throws SourceError if the file is missing or cannot be read
 */
export async function openEmbeddings(path: string): Promise<EmbeddingFile> {
  await access(path).catch(() => {
    throw new SourceError(
      `${path} does not exist. Make it with: flava ${path.endsWith(".parquet") ? "embed" : "index"} SOURCE --out ${path}`,
    );
  });
  const fail = (error: unknown): never => {
    throw new SourceError(
      `${path} cannot be read as embeddings: ${reasonOf(error).replace(/\.$/, "")}. Create it again with flava embed.`,
      { cause: error },
    );
  };
  const { parquetFooter, parquetRows } = await parquet();
  const footer = await parquetFooter(path).catch(fail);
  const stored = footer.key_value_metadata?.find(({ key }) => key === originKey)?.value;
  if (stored === undefined) return fail("it does not name the model that made it");
  const read = (): EmbeddingOrigin => {
    try {
      return embeddingOrigin.parse(JSON.parse(stored));
    } catch (error) {
      return fail(error);
    }
  };
  const found = read();
  async function* rows(columns?: readonly string[]): AsyncGenerator<EmbeddingRow> {
    const names = columnsOf(found);
    try {
      for await (const { values } of parquetRows(path, footer, columns)) yield rowOf(values, names);
    } catch (error) {
      fail(error);
    }
  }
  return { origin: found, count: Number(footer.num_rows), rows };
}

/** Opens a file if it was written by `writeEmbeddings`; undefined for any other. */
export async function findEmbeddings(path: string): Promise<EmbeddingFile | undefined> {
  if (!path.endsWith(".parquet") || !(await exists(path))) return undefined;
  const { parquetFooter } = await parquet();
  const footer = await parquetFooter(path).catch(() => undefined); // what is wrong is said when it is read as a data set
  const isOurs = footer?.key_value_metadata?.some(({ key }) => key === originKey);
  return isOurs ? openEmbeddings(path) : undefined;
}

function rowOf(
  row: Readonly<Record<string, unknown>>,
  names: Readonly<Record<"image" | "text", string>>,
): EmbeddingRow {
  const { key, path, text, label, fields, digest } = row;
  if (typeof key !== "string") throw new SourceError('it has no text column "key"');
  const vector = (name: string): Float32Array | undefined => {
    const value = row[name];
    if (value === undefined || value === null) return undefined;
    return Float32Array.from(value as ArrayLike<number>);
  };
  const [image, textVector] = [vector(names.image), vector(names.text)];
  return {
    key,
    ...(typeof path === "string" && { path }),
    ...(typeof text === "string" && { text }),
    ...(typeof label === "string" && { label }),
    ...(typeof fields === "string" && { fields: JSON.parse(fields) as Record<string, unknown> }),
    ...(image && { image }),
    ...(textVector && { textVector }),
    ...(typeof digest === "string" && { digest }),
  };
}
