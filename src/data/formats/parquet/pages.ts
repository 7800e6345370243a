/**
 * Validates the pages of a column before they are decoded. The decoder trusts the counts and lengths in headers, so a
 * few damaged bytes could exhaust memory.
 */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type {
  ColumnMetaData,
  Compressors,
  Encoding,
  PageHeader,
  SchemaTree,
} from "hyparquet/src/types.js";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { compressors as pure } from "hyparquet-compressors";
import { SourceError } from "../source-error.js";

const mostPageBytes = 1 << 30;
/** Most values of one column in one row group, so that they fit in memory. */
export const mostValues = 1 << 26;

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
  let [values, unpacked] = [0, 0];
  while (values < most && reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    if (!(size >= 0) || reader.offset + size > bytes.length)
      throw new SourceError(`a page claims ${size} bytes, more than its column has`);
    required(header.uncompressed_page_size);
    const page = bytes.subarray(reader.offset, reader.offset + size);
    const found = checkPage(page, header, column, path, most);
    values += found.values;
    unpacked += found.unpacked;
    if (unpacked > mostPageBytes)
      throw new SourceError(`a column claims ${unpacked} bytes, more than ${mostPageBytes}`);
    reader.offset += size;
  }
  if (values !== most)
    throw new SourceError(`a column claims ${most} values, but its pages hold ${values}`);
}

interface CheckedPage {
  /** Number of values; 0 for a dictionary. */
  readonly values: number;
  /** Bytes of its values, if they may be far more than those of the page; else 0. */
  readonly unpacked: number;
}

function checkPage(
  page: Uint8Array,
  header: PageHeader,
  column: ColumnMetaData,
  path: SchemaTree[],
  most: number,
): CheckedPage {
  const count =
    header.data_page_header?.num_values ??
    header.data_page_header_v2?.num_values ??
    header.dictionary_page_header?.num_values ??
    0;
  if (header.type === "DICTIONARY_PAGE") {
    // Each row group may have the dictionary of the whole file, so more values than the group has rows.
    const bytes = Math.min(mostValues, header.uncompressed_page_size);
    if (!(count >= 0 && count <= bytes))
      throw new SourceError(
        `a dictionary claims ${count} values, which cannot be more than ${bytes}`,
      );
    return { values: 0, unpacked: 0 };
  }
  if (!(count >= 0 && count <= most))
    throw new SourceError(`a page claims ${count} values of its column's ${most}`);
  const widths = [getMaxRepetitionLevel(path), getMaxDefinitionLevel(path)].map(bitWidth);
  const first = header.data_page_header;
  const second = header.data_page_header_v2;
  const encoding = first?.encoding ?? second?.encoding;
  if (header.type === "DATA_PAGE" && first) {
    const raw = decompressPage(page, header.uncompressed_page_size, column.codec, compressors);
    let at = 0;
    let present = count;
    for (const [kind, width] of widths.entries()) {
      if (width === 0) continue;
      const length = viewOf(raw).getUint32(at, true);
      const levels = raw.subarray(at + 4, at + 4 + length);
      checkRuns(levels, width, count);
      if (kind === 1) present = presentValues(levels, getMaxDefinitionLevel(path), count);
      at += 4 + length;
    }
    return { values: count, unpacked: checkValues(raw.subarray(at), encoding, count, present) };
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
  const size = header.uncompressed_page_size - levels;
  const rest = page.subarray(levels);
  const raw =
    second.is_compressed === false ? rest : decompressPage(rest, size, column.codec, compressors);
  const present = count - second.num_nulls;
  return { values: count, unpacked: checkValues(raw, encoding, count, present) };
}

/** Checks the values of a page, of which `present` are not null; returns `unpacked` of CheckedPage. */
function checkValues(
  raw: Uint8Array,
  encoding: Encoding | undefined,
  count: number,
  present: number,
): number {
  if (encoding?.endsWith("DICTIONARY")) checkRuns(raw.subarray(1), raw[0] ?? 0, count);
  else if (encoding === "RLE") checkRuns(raw.subarray(4), 1, count);
  return encoding === "DELTA_BYTE_ARRAY" ? bytesWithPrefixes(raw, present) : 0;
}

/** The number of values that are not null; `levels` have been checked. */
function presentValues(levels: Uint8Array, most: number, count: number): number {
  const found = new Array<number>(count);
  const reader = { view: viewOf(levels), offset: 0 };
  readRleBitPackedHybrid(reader, bitWidth(most), found, levels.length);
  return found.filter((level) => level === most).length;
}

/**
 * The bytes of values of which each begins with a part of the one before (DELTA_BYTE_ARRAY): a small page may hold
 * many copies of a long value.
 */
function bytesWithPrefixes(raw: Uint8Array, count: number): number {
  const reader = { view: viewOf(raw), offset: 0 };
  const [prefixes, suffixes] = [new Int32Array(count), new Int32Array(count)];
  deltaBinaryUnpack(reader, count, prefixes);
  deltaBinaryUnpack(reader, count, suffixes);
  let [previous, total] = [0, 0];
  for (const [index, prefix] of prefixes.entries()) {
    const suffix = suffixes[index]!;
    if (!(prefix >= 0 && prefix <= previous && suffix >= 0))
      throw new SourceError(`a value repeats ${prefix} bytes of one that has ${previous}`);
    previous = prefix + suffix;
    total += previous;
  }
  return total;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

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
