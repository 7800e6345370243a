/**
 * Validates the pages of a column before they are decoded. The decoder trusts the counts and lengths in headers, so a
 * few damaged bytes could exhaust memory.
 */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from "hyparquet/src/types.js";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { compressors as pure } from "hyparquet-compressors";
import { SourceError } from "../source-error.js";

const mostPageBytes = 1 << 30;
/** Most values of one column in one row group, so that they fit in memory. */
export const mostValues = 1 << 26;

/** A column has an unsupported encoding. */
export class UnsupportedEncodingError extends SourceError {}

/** Decompressors that return exactly as many bytes as the header states, or throw. */
export const compressors: Compressors = {
  SNAPPY: (input, length) => pure.SNAPPY!(input, required(length)),
  ZSTD: (input, length) => {
    const output = pure.ZSTD!(input, required(length));
    return output.subarray(0, length);
  },
  LZ4: (input, length) => pure.LZ4!(input, required(length)),
  LZ4_RAW: (input, length) => pure.LZ4_RAW!(input, required(length)),
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, required(length)) }),
  BROTLI: (input, length) =>
    brotliDecompressSync(input, { maxOutputLength: Math.max(1, required(length)) }),
};

function required(length: number): number {
  if (Number.isInteger(length) && length >= 0 && length <= mostPageBytes) return length;
  throw new SourceError(`a page claims ${length} bytes, more than ${mostPageBytes}`);
}

/** @throws SourceError (or any decoder error) if a page of this column chunk is inconsistent */
export function checkPages(
  bytes: Uint8Array<ArrayBuffer>,
  column: ColumnMetaData,
  path: SchemaTree[],
): void {
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  const most = Number(column.num_values);
  let values = 0;
  while (values < most && reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    if (!(size >= 0) || reader.offset + size > bytes.length)
      throw new SourceError(`a page claims ${size} bytes, more than its column has`);
    required(header.uncompressed_page_size);
    const page = bytes.subarray(reader.offset, reader.offset + size);
    values += checkPage(page, header, column, path, most);
    reader.offset += size;
  }
  if (values !== most)
    throw new SourceError(`a column claims ${most} values, but its pages hold ${values}`);
}

/** Checks one page and returns its number of values (0 for a dictionary). */
function checkPage(
  page: Uint8Array,
  header: PageHeader,
  column: ColumnMetaData,
  path: SchemaTree[],
  most: number,
): number {
  const count =
    header.data_page_header?.num_values ??
    header.data_page_header_v2?.num_values ??
    header.dictionary_page_header?.num_values ??
    0;
  if (!(count >= 0 && count <= most))
    throw new SourceError(`a page claims ${count} values of its column's ${most}`);
  if (header.type === "DICTIONARY_PAGE") return 0;
  const widths = [getMaxRepetitionLevel(path), getMaxDefinitionLevel(path)].map(bitWidth);
  const first = header.data_page_header;
  const second = header.data_page_header_v2;
  const encoding = first?.encoding ?? second?.encoding;
  if (encoding === "DELTA_BYTE_ARRAY")
    throw new UnsupportedEncodingError(
      `the column ${column.path_in_schema.join(".")} is encoded as DELTA_BYTE_ARRAY, which is not supported; write it ` +
        `as PLAIN or with a dictionary`,
    );
  if (header.type === "DATA_PAGE" && first) {
    const raw = decompressPage(page, header.uncompressed_page_size, column.codec, compressors);
    let at = 0;
    for (const width of widths.filter((bits) => bits > 0)) {
      const length = new DataView(raw.buffer, raw.byteOffset, raw.length).getUint32(at, true);
      checkRuns(raw.subarray(at + 4, at + 4 + length), width, count);
      at += 4 + length;
    }
    if (encoding?.endsWith("DICTIONARY")) checkRuns(raw.subarray(at + 1), raw[at] ?? 0, count);
    else if (encoding === "RLE") checkRuns(raw.subarray(at + 4), 1, count);
    return count;
  }
  if (header.type !== "DATA_PAGE_V2" || !second)
    throw new SourceError(`a page is of the unknown kind ${header.type}`);
  const { repetition_levels_byte_length: repetition, definition_levels_byte_length: definition } =
    second;
  const levels = repetition + definition;
  if (!(repetition >= 0 && definition >= 0 && levels <= page.length && second.num_nulls >= 0))
    throw new SourceError("the levels of a page are longer than the page");
  checkRuns(page.subarray(0, repetition), widths[0]!, count);
  checkRuns(page.subarray(repetition, levels), widths[1]!, count);
  if (encoding === undefined || !/DICTIONARY$|^RLE$/.test(encoding)) return count;
  const size = header.uncompressed_page_size - levels;
  const rest = page.subarray(levels);
  const raw =
    second.is_compressed === false ? rest : decompressPage(rest, size, column.codec, compressors);
  if (encoding === "RLE") checkRuns(raw.subarray(4), 1, count);
  else checkRuns(raw.subarray(1), raw[0] ?? 0, count);
  return count;
}

const bitWidth = (most: number): number => 32 - Math.clz32(most);

/** Checks the runs of the RLE/bit-packing hybrid: none may be longer than the number of values. */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  if (width > 32) throw new SourceError(`values of ${width} bits are impossible`);
  let at = 0;
  for (let seen = 0; seen < count && at < bytes.length;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
      if (shift > 28) throw new SourceError("a run has an endless length");
    }
    const packed = header % 2 === 1;
    const length = packed ? Math.floor(header / 2) * 8 : header / 2;
    if (length > count + (packed ? 512 : 0))
      throw new SourceError(`a run claims ${length} of ${count} values`);
    at += packed ? (length / 8) * width : Math.ceil(width / 8);
    seen += length;
  }
}
