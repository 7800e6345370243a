/** Tables: TSV, CSV or JSON lines with texts, and images in files beside the table or in the table itself. */
import { basename, dirname } from "node:path";
import type { Sample } from "../../sample.js";
import { labelOf, textNames, textsOf } from "../sample-files.js";
import { imageType } from "../../image/image-type.js";
import { defaultLimit } from "../tar/records.js";
import { readInFolder } from "../file-in-folder.js";
import { type FoundRecord, recordSource } from "../record-source.js";
import type { Source } from "../source.js";
import { SampleError, SourceError } from "../source-error.js";
import { type Row, tableRows } from "./rows.js";

/** Which columns hold what; those not given are found by their names. */
export interface Columns {
  readonly texts?: readonly string[];
  /** A path relative to the table, or the bytes in base64. */
  readonly image?: string;
  readonly label?: string;
}

const imageNames = [
  "image",
  "file_name",
  "filename",
  "image_path",
  "filepath",
  "path",
  "file",
  "img",
];
const labelNames = ["label", "class", "labels"];

interface TableOptions {
  readonly columns?: Columns | undefined;
  /** Bytes that a line or an image may have; default 256 MiB. */
  readonly limit?: number | undefined;
}

/** Every row of the table at `path` is a sample; its key is the number of the row. */
export function tableSource(path: string, options: TableOptions = {}): Source {
  return recordSource(path, 1, (_, wanted) => rowsAsRecords(path, wanted, options));
}

async function* rowsAsRecords(
  path: string,
  wanted: (record: number) => boolean,
  { columns: given, limit = defaultLimit }: TableOptions,
): AsyncGenerator<FoundRecord> {
  let columns: Columns | undefined;
  let record = -1;
  for await (const row of tableRows(path, limit)) {
    const key = String(++record);
    const where = `${basename(path)}, record ${record}`;
    if ("values" in row) columns ??= findColumns(path, Object.keys(row.values), given);
    if (!wanted(record)) continue;
    yield {
      record,
      key,
      load: () =>
        sampleOfRow({ row, columns: columns ?? {}, folder: dirname(path), key, where, limit }),
    };
  }
}

/** The columns of a table by their names. */
export function findColumns(path: string, names: readonly string[], given: Columns = {}): Columns {
  const byName = new Map(names.map((name) => [name.trim().toLowerCase(), name]));
  const first = (candidates: readonly string[]): string | undefined =>
    candidates.map((candidate) => byName.get(candidate)).find((name) => name !== undefined);
  for (const name of [...(given.texts ?? []), given.image, given.label])
    if (name !== undefined && !names.includes(name))
      throw new SourceError(`${path} has no column ${name}; its columns are ${names.join(", ")}.`);
  const text = first(textNames);
  const image = given.image ?? first(imageNames);
  const label = given.label ?? first(labelNames);
  const texts = given.texts ?? (text === undefined ? [] : [text]);
  if (texts.length === 0 && image === undefined)
    throw new SourceError(
      `${path} has the columns ${names.join(", ").slice(0, 300)}, none of them known. Name columns ` +
        `${textNames.join(", ")} (texts), ${imageNames.join(", ")} (images), or say which is which.`,
    );
  return { texts, ...(image !== undefined && { image }), ...(label !== undefined && { label }) };
}

interface PlacedRow {
  readonly row: Row;
  readonly columns: Columns;
  readonly folder: string;
  readonly key: string;
  readonly where: string;
  readonly limit: number;
}

async function sampleOfRow(placed: PlacedRow): Promise<Sample> {
  const { row, columns, key, where } = placed;
  if ("fault" in row)
    throw new SampleError(key, row.tooLarge ? "too large" : "damaged", `${where}: ${row.fault}.`);
  const { values } = row;
  const described = describeRow(values, columns);
  const cell = columns.image === undefined ? undefined : values[columns.image];
  const image = typeof cell === "string" && cell !== "" ? await imageOf(cell, placed) : undefined;
  if (!image && described.texts.length === 0)
    throw new SampleError(key, "empty", `${where} has neither an image nor a text.`);
  return { key, ...(image && { image }), ...described };
}

/** Texts, label and other fields of a row. */
export function describeRow(
  values: Readonly<Record<string, unknown>>,
  { texts = [], image, label }: Columns,
): Omit<Sample, "key" | "image"> {
  const used = new Set([...texts, image, label, "texts", "label"]);
  const named = label === undefined ? undefined : labelOf(values[label]);
  return {
    texts: texts.flatMap((name) => textsOf(values[name])),
    ...(named !== undefined && { label: named }),
    fields: Object.fromEntries(Object.entries(values).filter(([name]) => !used.has(name))),
  };
}

async function imageOf(cell: string, { folder, key, where, limit }: PlacedRow): Promise<Buffer> {
  const data = /^data:image\/[\w.+-]+;base64,/.exec(cell)?.[0];
  const base64 = data === undefined ? cell : cell.slice(data.length);
  if (data === undefined && !isImage(cell)) return readInFolder(folder, cell, key, limit);
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === 0) throw new SampleError(key, "empty", `${where}: the image is empty.`);
  return bytes;
}

/** Whether a cell is an image in base64; the one of a JPEG begins with a "/", like a path. */
function isImage(cell: string): boolean {
  const beginning = cell.slice(0, 1024);
  if (cell.length < 40 || !/^[\w+/-]+=*\s*$/.test(beginning)) return false;
  return imageType(Buffer.from(beginning, "base64")) !== undefined;
}
