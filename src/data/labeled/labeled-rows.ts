/** The rows of tables and Parquet files, each with its place. */
import { basename, dirname, extname, join } from "node:path";
import type { FileMetaData } from "hyparquet";
import { isDirectory } from "../../base/exists.js";
import { suggestion } from "../../base/suggestion.js";
import { filesBelow } from "../formats/files-below.js";
import { defaultMaxBytes } from "../formats/source.js";
import { SourceError } from "../formats/source-error.js";
import { isJsonName, isTableName, tableRows } from "../formats/table/rows.js";
import { type PlacedRow, type SampleColumns, namesIn } from "./labeled-row.js";

/** How the rows of tables are read. */
export interface LabeledRowOptions {
  /** Columns of a table or Parquet file. Without a text or an image column, data is a folder of images. */
  readonly columns: SampleColumns;
  /** Cell separator of a table; default: detected from its first line. */
  readonly separator?: string | undefined;
  /** Whether quotes around a cell belong to the format (default), or to the text, as in GLUE's TSV. */
  readonly quotes?: boolean | undefined;
  /** The folder of images that are named by their paths; default: that of the table. */
  readonly imageRoot?: string | undefined;
}

/** Whether a file, by its name, is a table or a Parquet file. */
export const isDataName = (path: string): boolean => isTableName(path) || isParquet(path);

/** One file, all data files of a folder, or those that a pattern such as "folder/train*" matches. */
export async function dataFiles(path: string): Promise<string[]> {
  const isPattern = path.endsWith("*");
  const folder = isPattern ? dirname(path) : path;
  if (!isPattern && !(await isDirectory(path))) {
    if (isDataName(path) || isJsonName(path)) return [path];
    throw new SourceError(
      `${path} is not a table (.csv, .tsv, .jsonl, .json with a list of objects) or a .parquet file, whose columns could be named.`,
    );
  }
  const beginning = isPattern ? basename(path).slice(0, -1) : "";
  const files = (await filesBelow(folder)).filter(
    (file) => isDataName(file) && file.startsWith(beginning),
  );
  requireOneFormat(folder, files);
  if (files.length > 0) return files.map((file) => join(folder, file));
  throw new SourceError(
    `${folder} has no tables or .parquet files, whose columns could be named. For folders of images, name no columns.`,
  );
}

/** @throws SourceError if files differ in their extension alone: they are the same data twice */
function requireOneFormat(folder: string, files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const stem = file.replace(/(-\d+(-of-\d+)?)?\.\w+$/, "");
    const other = seen.get(stem);
    if (other !== undefined && extname(other) !== extname(file))
      throw new SourceError(
        `${folder} has ${other} and ${file}, which may be the same data in two formats. Move one of them elsewhere, or name a file.`,
      );
    seen.set(stem, file);
  }
}

const isParquet = (path: string): boolean => /\.parquet$/i.test(path);

/** All rows of a file, those that cannot be read included. `also` is a further column, which a Parquet file is read for. */
export async function* rowsOf(
  path: string,
  options: LabeledRowOptions,
  also?: string,
): AsyncGenerator<PlacedRow> {
  yield* isParquet(path) ? parquetFileRows(path, options, also) : tableFileRows(path, options);
}

async function* tableFileRows(
  path: string,
  { columns, separator, quotes, imageRoot }: LabeledRowOptions,
): AsyncGenerator<PlacedRow> {
  const { text, textPair, image, label } = columns;
  const texts = [text, textPair].flatMap((name) => name ?? []);
  const given = { texts, image, label };
  const options = { columns: given, separator, quotes, maxBytes: defaultMaxBytes };
  const file = { path, imageRoot, classes: undefined };
  let row = -1;
  for await (const found of tableRows(path, options)) {
    yield { ...file, row: found, key: String(++row), place: found.place };
  }
}

async function* parquetFileRows(
  path: string,
  { columns, imageRoot }: LabeledRowOptions,
  also?: string,
): AsyncGenerator<PlacedRow> {
  // Much code, which tables need not load.
  const { parquetFooter, parquetRows } = await import("../formats/parquet/rows.js");
  const { classNames } = await import("../formats/parquet/source.js");
  const file = { path, imageRoot };
  const footer = await parquetFooter(path);
  const own = await namesOf(footer);
  requireNames(path, own, columns);
  const classes = classNames(footer).get(columns.label ?? "");
  const read = [...new Set([...namesIn(columns), ...own.filter((name) => name === also)])];
  for await (const { row, values } of parquetRows(path, footer, read)) {
    yield { ...file, classes, row: { values }, key: String(row), place: `row ${row + 1}` };
  }
}

/** The names of a file's columns; those of the first row of JSON Lines. */
export async function columnNames(path: string, options: LabeledRowOptions): Promise<string[]> {
  if (isParquet(path)) {
    const { parquetFooter } = await import("../formats/parquet/rows.js");
    return namesOf(await parquetFooter(path));
  }
  for await (const { row } of tableFileRows(path, options))
    if ("values" in row) return Object.keys(row.values);
  return [];
}

async function namesOf(footer: FileMetaData): Promise<string[]> {
  const { parquetSchema } = await import("hyparquet");
  return parquetSchema(footer).children.map(({ element }) => element.name);
}

function requireNames(path: string, names: readonly string[], columns: SampleColumns): void {
  for (const name of namesIn(columns)) {
    if (names.includes(name)) continue;
    throw new SourceError(
      `${path} has no column ${name}.${suggestion(name, names)} Its columns are ${names.join(", ").slice(0, 300)}.`,
    );
  }
}
