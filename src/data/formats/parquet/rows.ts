/** The rows of a Parquet file, one row group in memory at a time. All metadata in the file is treated as untrusted. */
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { RemoteError } from "../../remote/store.js";
import type { ByteRanges } from "../byte-ranges.js";
import { openRanges } from "../open-ranges.js";
import { SourceError, reasonOf } from "../source-error.js";
import { checkPages, compressors, mostValues } from "./pages.js";

const magic = 0x50415231; // "PAR1"
const mostFooterBytes = 1 << 26;
const mostRows = 1 << 22; // per row group, which is held in memory
const mostChunkBytes = 2 ** 31 - 1;
const noParquet = " The file is damaged or not a Parquet file.";

export interface ParquetRow {
  /** Row number in the file. */
  readonly row: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The schema, row groups and metadata of the file at `path`.
 * @throws SourceError if it is not a Parquet file
 */
export async function parquetFooter(path: string): Promise<FileMetaData> {
  const file = await openFile(path);
  try {
    return await attempt(`${path}, its footer`, () => readFooter(asyncBuffer(file)));
  } finally {
    await file.close();
  }
}

/**
 * The rows of the file at `path`.
 * @param columns those to read; default: all
 * @throws SourceError if the file is damaged or uses unsupported encodings
 */
export async function* parquetRows(
  path: string,
  footer: FileMetaData,
  columns?: readonly string[],
): AsyncGenerator<ParquetRow> {
  const file = await openFile(path);
  try {
    let start = 0;
    for (const [group, { num_rows }] of footer.row_groups.entries()) {
      const where = `${path}, row group ${group + 1}`;
      const rows = await attempt(where, () =>
        readGroup(asyncBuffer(file), footer, group, start, columns),
      );
      for (const [index, values] of rows.entries()) yield { row: start + index, values };
      start += Number(num_rows);
    }
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<ByteRanges> {
  return openRanges(path).catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
}

async function attempt<Result>(where: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    // Codecs and encodings that the decoder lacks, or a network that fails.
    const isWhole = reason.includes("unsupported") || error instanceof RemoteError;
    const hint = isWhole ? "" : noParquet;
    throw new SourceError(`${where}: ${reason}.${hint}`);
  }
}

function asyncBuffer(file: ByteRanges): AsyncBuffer {
  const { size } = file;
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      if (!(start >= 0 && start <= end && end <= size && end - start <= mostChunkBytes))
        throw new SourceError(`bytes ${start} to ${end} were requested, but it has ${size}`);
      const bytes = await file.read(start, end - start);
      if (bytes.length < end - start) throw new SourceError("it was truncated while being read");
      const { buffer, byteOffset, length } = bytes;
      return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
    },
  };
}

async function readFooter(file: AsyncBuffer): Promise<FileMetaData> {
  if (file.byteLength < 12) throw new SourceError(`it has only ${file.byteLength} bytes`);
  const end = new DataView(await file.slice(file.byteLength - 8));
  if (end.getUint32(4) !== magic) throw new SourceError("it does not end with PAR1");
  if (end.getUint32(0, true) > mostFooterBytes)
    throw new SourceError(`a footer of ${end.getUint32(0, true)} bytes is too long`);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  for (const [group, { num_rows, columns }] of metadata.row_groups.entries()) {
    if (!(num_rows >= 0n && num_rows <= BigInt(mostRows)))
      throw new SourceError(
        `row group ${group + 1} claims ${num_rows} rows; at most ${mostRows} are read at a time`,
      );
    for (const { meta_data: column, file_path } of columns) {
      if (!column || file_path) throw new SourceError(`row group ${group + 1} is in another file`);
      if (!(column.num_values >= num_rows && column.num_values <= BigInt(mostValues)))
        throw new SourceError(
          `row group ${group + 1} claims ${column.num_values} values in ${num_rows} rows`,
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
  names: readonly string[] | undefined,
): Promise<Record<string, unknown>[]> {
  const { columns, num_rows } = metadata.row_groups[group]!;
  const tree = parquetSchema(metadata);
  for (const { meta_data: column } of columns) {
    if (names && !names.includes(column!.path_in_schema[0]!)) continue;
    const { data_page_offset, dictionary_page_offset, total_compressed_size } = column!;
    const offsets = [data_page_offset, dictionary_page_offset].filter(Boolean).map(Number);
    const start = Math.min(...offsets);
    const bytes = new Uint8Array(await file.slice(start, start + Number(total_compressed_size)));
    checkPages(bytes, column!, getTreePath(tree, column!.path_in_schema));
  }
  const rowEnd = rowStart + Number(num_rows);
  const options = { file, metadata, rowStart, rowEnd, compressors, utf8: false, geoparquet: false };
  return parquetReadObjects({ ...options, ...(names && { columns: [...names] }) });
}
