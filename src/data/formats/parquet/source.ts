/** Parquet files as data sets on Hugging Face lay them out. */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { z } from "zod";
import type { Sample } from "../../sample.js";
import { defaultLimit } from "../tar/records.js";
import { checkPages, compressors, mostValues } from "./pages.js";
import { readInFolder } from "../file-in-folder.js";
import { type FoundRecord, nameOfFiles, recordSource } from "../record-source.js";
import type { Source } from "../source.js";
import { SampleError, SourceError, reasonOf } from "../source-error.js";
import { type Columns, describeRow, findColumns } from "../table/source.js";

const mostFooterBytes = 1 << 26;
const mostRows = 1 << 22; // of one row group, which is in memory at a time
const mostChunkBytes = 2 ** 31 - 1;

interface ParquetOptions {
  readonly columns?: Columns | undefined;
  /** Bytes that an image may have; default 256 MiB. */
  readonly limit?: number | undefined;
}

/**
 * Rows of the files at `paths`: images in a column of {bytes, path} or of bytes, texts as strings or lists of them, labels
 * as strings or as numbers whose names the key "huggingface" tells. One row group is read at a time.
 */
export function parquetSource(paths: readonly string[], options: ParquetOptions = {}): Source {
  const name = nameOfFiles(paths, "parquet files");
  return recordSource(name, paths.length, (file, wanted) => rowsOf(paths[file]!, wanted, options));
}

async function* rowsOf(
  path: string,
  wanted: (record: number) => boolean,
  { columns: given, limit = defaultLimit }: ParquetOptions,
): AsyncGenerator<FoundRecord> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  try {
    const file = asyncBuffer(handle, (await handle.stat()).size);
    const metadata = await attempt(`${path}, its footer`, () => readFooter(file));
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const columns = findColumns(path, names, given);
    const classes = classNames(metadata);
    let start = 0;
    for (const [group, { num_rows }] of metadata.row_groups.entries()) {
      const where = `${path}, row group ${group}`;
      const count = Number(num_rows);
      const numbers = Array.from({ length: Math.min(count, mostRows) }, (_, row) => start + row);
      if (numbers.some(wanted)) {
        const rows = await attempt(where, () => readGroup(file, metadata, group, start));
        for (const [row, values] of rows.entries()) {
          const [record, key] = [start + row, String(start + row)];
          const at = { path, key, columns, classes, limit };
          if (wanted(record)) yield { record, key, load: () => sampleOf(values, at) };
        }
      }
      start += count;
    }
  } finally {
    await handle.close();
  }
}

async function attempt<Result>(where: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new SourceError(
      `${where}: ${reasonOf(error)}. The file is damaged or is no parquet file.`,
    );
  }
}

function asyncBuffer(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      if (!(start >= 0 && start <= end && end <= size && end - start <= mostChunkBytes))
        throw new SourceError(`bytes ${start} to ${end} are asked for, but it has ${size}`);
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new SourceError("it became shorter while it was read");
      return bytes.buffer;
    },
  };
}

async function readFooter(file: AsyncBuffer): Promise<FileMetaData> {
  if (file.byteLength < 12) throw new SourceError(`it has only ${file.byteLength} bytes`);
  const end = new DataView(await file.slice(file.byteLength - 8));
  if (end.getUint32(0, true) > mostFooterBytes)
    throw new SourceError(`a footer of ${end.getUint32(0, true)} bytes is too long`);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  for (const [group, { num_rows, columns }] of metadata.row_groups.entries()) {
    if (!(num_rows >= 0n && num_rows <= BigInt(mostRows)))
      throw new SourceError(
        `row group ${group} claims ${num_rows} rows; at most ${mostRows} are read at a time`,
      );
    for (const { meta_data: column, file_path } of columns) {
      if (!column || file_path) throw new SourceError(`row group ${group} lies in another file`);
      if (!(column.num_values >= num_rows && column.num_values <= BigInt(mostValues)))
        throw new SourceError(
          `row group ${group} claims ${column.num_values} values in ${num_rows} rows`,
        );
    }
  }
  return metadata;
}

async function readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: number,
  rowStart: number,
): Promise<Record<string, unknown>[]> {
  const { columns, num_rows } = metadata.row_groups[group]!;
  const tree = parquetSchema(metadata);
  for (const { meta_data: column } of columns) {
    const { data_page_offset, dictionary_page_offset, total_compressed_size } = column!;
    const offsets = [data_page_offset, dictionary_page_offset].filter(Boolean).map(Number);
    const start = Math.min(...offsets);
    const bytes = new Uint8Array(await file.slice(start, start + Number(total_compressed_size)));
    checkPages(bytes, column!, getTreePath(tree, column!.path_in_schema));
  }
  const rowEnd = rowStart + Number(num_rows);
  const options = { file, metadata, rowStart, rowEnd, compressors, utf8: false, geoparquet: false };
  return parquetReadObjects(options);
}

const features = z.object({
  info: z.object({
    features: z.record(z.string(), z.looseObject({ names: z.array(z.string()).optional() })),
  }),
});

/** By column, the names of classes that the key "huggingface" tells. */
function classNames({ key_value_metadata }: FileMetaData): Map<string, readonly string[]> {
  const text = key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  try {
    const { info } = features.parse(JSON.parse(text ?? ""));
    return new Map(
      Object.entries(info.features).flatMap(([name, { names }]) => (names ? [[name, names]] : [])),
    );
  } catch {
    return new Map(); // no names, or names of another kind: labels stay numbers
  }
}

interface Place {
  readonly path: string;
  readonly key: string;
  readonly columns: Columns;
  readonly classes: ReadonlyMap<string, readonly string[]>;
  readonly limit: number;
}

async function sampleOf(row: Record<string, unknown>, place: Place): Promise<Sample> {
  const { path, key, columns, classes } = place;
  const values = Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => name !== columns.image)
      .map(([name, value]) => [name, jsonValue(value)]),
  );
  const { label: labelColumn } = columns;
  const number = labelColumn === undefined ? undefined : values[labelColumn];
  const name = typeof number === "number" ? classes.get(labelColumn!)?.[number] : undefined;
  if (labelColumn !== undefined && name !== undefined) values[labelColumn] = name;
  const described = describeRow(values, columns);
  const image = columns.image === undefined ? undefined : await imageIn(row[columns.image], place);
  if (!image && described.texts.length === 0)
    throw new SampleError(key, "empty", `${path}, row ${key} has neither an image nor a text.`);
  return { key, ...(image && { image }), ...described };
}

async function imageIn(
  cell: unknown,
  { path, key, limit }: Place,
): Promise<Uint8Array | undefined> {
  if (cell === null || cell === undefined) return undefined;
  const struct = cell instanceof Uint8Array ? { bytes: cell } : cell;
  const { bytes, path: file } = struct as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) {
    if (bytes.length === 0)
      throw new SampleError(key, "empty", `${path}, row ${key}: the image is empty.`);
    if (bytes.length > limit)
      throw new SampleError(
        key,
        "too large",
        `${path}, row ${key}: the image has ${bytes.length} bytes, more than the limit of ${limit}.`,
      );
    return Uint8Array.from(bytes); // alone: a view would keep the whole row group in memory
  }
  const reference = typeof struct === "string" ? struct : file;
  if (typeof reference === "string") return readInFolder(dirname(path), reference, key, limit);
  return undefined;
}

/** What JSON can say of a value; bytes are left out. */
function jsonValue(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return undefined;
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<unknown>, jsonValue);
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonValue(inner)]));
}
