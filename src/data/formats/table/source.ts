/** Tables: TSV, CSV or JSON Lines with texts, and images in files beside the table or in the table itself. */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { imageType } from "../../image/image-type.js";
import type { LocatedSample } from "../../sample.js";
import { ColumnChoices } from "../column-choices.js";
import { describeRow } from "../columns.js";
import { pathIn, placeInFolder } from "../file-in-folder.js";
import { type FoundRecord, nameOfFiles, recordSource } from "../record-source.js";
import { type Columns, type Source, type SourceOptions, defaultMaxBytes } from "../source.js";
import { SampleError } from "../source-error.js";
import { type Row, tableRows } from "./rows.js";

/** A source of one sample per row of the tables at `paths`, keyed by row number. */
export function tableSource(
  paths: readonly string[],
  options: SourceOptions = {},
  choices = new ColumnChoices(options, paths.length > 1),
): Source {
  const name = nameOfFiles(paths, "tables");
  const find = (file: number): AsyncGenerator<FoundRecord> =>
    rowsAsRecords(paths[file]!, options, choices);
  const countOf = (file: number): Promise<number | undefined> => rowCount(paths[file]!, options);
  return recordSource({ name, paths, find, countOf }, options);
}

/** Largest table in bytes whose rows are counted in advance. */
const largestCounted = 64 * 1024 * 1024;

async function rowCount(path: string, options: SourceOptions): Promise<number | undefined> {
  if ((await stat(path)).size > largestCounted) return undefined;
  const { maxBytes = defaultMaxBytes } = options;
  const rows = tableRows(path, { ...options, maxBytes });
  let count = 0;
  while (!(await rows.next()).done) count++;
  return count;
}

async function* rowsAsRecords(
  path: string,
  options: SourceOptions,
  choices: ColumnChoices,
): AsyncGenerator<FoundRecord> {
  const { columns = {}, maxBytes = defaultMaxBytes, imageRoot: folder = dirname(path) } = options;
  let record = -1;
  for await (const row of tableRows(path, { ...options, maxBytes })) {
    const key = String(++record);
    const where = `${basename(path)}, ${row.place}`;
    const placed = { row, columns, folder, key, where, maxBytes };
    const load = (): Promise<LocatedSample> => {
      if ("values" in row) choices.inRow(path, where, row.values);
      return sampleOfRow(placed);
    };
    yield { key, path: `${path}:${record}`, where, load };
  }
}

interface PlacedRow {
  readonly row: Row;
  readonly columns: Columns;
  readonly folder: string;
  readonly key: string;
  readonly where: string;
  readonly maxBytes: number;
}

async function sampleOfRow(placed: PlacedRow): Promise<LocatedSample> {
  const { row, columns, key, where } = placed;
  if ("fault" in row)
    throw new SampleError(key, row.tooLarge ? "too large" : "damaged", `${row.fault}.`);
  const { image, ...described } = describeRow(where, key, row.values, columns);
  if (image === undefined) return { key, ...described };
  if (typeof image !== "string")
    throw new SampleError(
      key,
      "unreadable",
      `expected a path or base64 as the image, not ${JSON.stringify(image).slice(0, 80)}.`,
    );
  return { key, ...(await imageOf(image, placed)), ...described };
}

async function imageOf(
  cell: string,
  { folder, key, maxBytes }: PlacedRow,
): Promise<Pick<LocatedSample, "image" | "path">> {
  const image = imageInCell(cell);
  if (!image)
    return {
      image: await placeInFolder(folder, cell, key, maxBytes),
      path: pathIn(folder, cell),
    };
  if (image.length === 0) throw new SampleError(key, "empty", "the image is empty.");
  return { image };
}

/** The bytes of an image in base64, alone or in a data URI; undefined if the cell is a path. */
export function imageInCell(cell: string): Buffer | undefined {
  const data = /^data:image\/[\w.+-]+;base64,/.exec(cell)?.[0];
  if (data !== undefined) return Buffer.from(cell.slice(data.length), "base64");
  return isImage(cell) ? Buffer.from(cell, "base64") : undefined;
}

/** Whether a cell is a base64 image. That of a JPEG begins with "/", like a path. */
function isImage(cell: string): boolean {
  const beginning = cell.slice(0, 1024);
  if (cell.length < 40 || !/^[\w+/-]+=*\s*$/.test(beginning)) return false;
  return imageType(Buffer.from(beginning, "base64")) !== undefined;
}
