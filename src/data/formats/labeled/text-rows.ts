/** Labeled texts in the files of GLUE: tab-separated without quoting, or Parquet. */
import { parquetFooter, parquetRows } from "../parquet/rows.js";
import { isUtf8 } from "node:buffer";
import { type PlacedRow, sampleOfRow } from "../../labeled/labeled-row.js";
import type { LabeledSource } from "../../labeled-source.js";
import { notUtf8 } from "../encoding.js";
import { linesOf } from "../lines.js";
import { SampleError, SourceError, reasonOf } from "../source-error.js";
import type { Row } from "../table/rows.js";

export interface TextRows {
  readonly text: string;
  /** The column of a second text, if there is one. */
  readonly textPair?: string;
  readonly label: string;
  /** Names of the classes, in the order of their numbers; none if labels are values. */
  readonly classes: readonly string[];
  /** Names of the columns of a table whose first line does not have them. */
  readonly columns?: readonly string[];
}

/** A row and where it is. */
type FoundRow = Pick<PlacedRow, "row" | "path" | "place">;

const longestLine = 1 << 20;

/**
 * The rows of a tab-separated file; quotes are part of the text. Broken rows, of which QQP has some, are skipped.
 * @throws SourceError if the file lacks a column, or ends within a row
 */
export async function tabSeparatedTexts(path: string, rows: TextRows): Promise<LabeledSource> {
  let samples = 0;
  for await (const { row } of linesAsRows(path, rows))
    if (samples++ === 0) requireColumns(path, row, rows);
  if (samples === 0)
    throw new SourceError(`${path} has no rows. Perhaps its download was interrupted.`);
  return source(path, samples, () => linesAsRows(path, rows), rows);
}

/**
 * The rows of Parquet files.
 * @throws SourceError if a file is damaged or lacks a column
 */
export async function parquetTexts(
  paths: readonly string[],
  rows: TextRows,
): Promise<LabeledSource> {
  let samples = 0;
  for (const path of paths) samples += Number((await parquetFooter(path)).num_rows);
  const read = async function* (): AsyncGenerator<FoundRow> {
    for (const path of paths)
      for await (const { row, values } of parquetRows(path, await parquetFooter(path)))
        yield { row: { values }, path, place: `row ${row + 1}` };
  };
  for await (const { row } of read()) {
    requireColumns(paths[0]!, row, rows);
    break;
  }
  return source(paths[0]!, samples, read, rows);
}

function source(
  name: string,
  samples: number,
  read: () => AsyncIterable<FoundRow>,
  rows: TextRows,
): LabeledSource {
  const { text, textPair, label, classes } = rows;
  const isValue = classes.length === 0;
  const options = {
    columns: { text, textPair, label },
    target: isValue ? "value" : "class",
  } as const;
  return {
    name,
    samples,
    async *read(skipped) {
      let index = 0;
      for await (const found of read()) {
        const key = String(index++);
        const placed = { ...found, key, classes: isValue ? undefined : classes };
        try {
          const sample = await sampleOfRow(placed, options);
          if (sample.target) yield sample;
          else skipped?.add(sample, "unwanted", "it has no label.");
        } catch (error) {
          if (!(error instanceof SampleError)) throw error;
          skipped?.add(error, error.reason, error.fault);
        }
      }
    },
  };
}

async function* linesAsRows(path: string, { columns }: TextRows): AsyncGenerator<FoundRow> {
  let names = columns;
  let line = 0;
  try {
    for await (const { bytes, isWhole, isEnded } of linesOf(path, longestLine)) {
      const place = `line ${++line}`;
      if (bytes.length === 0) continue;
      if (!isEnded && names && isCut(names, bytes))
        throw new SourceError(
          `${path} ends within line ${line}. Perhaps its download was interrupted.`,
        );
      if (!isWhole || !isUtf8(bytes)) {
        yield { path, place, row: { fault: isWhole ? `it is ${notUtf8}` : "it is too long" } };
        continue;
      }
      const cells = bytes.toString("utf8").split("\t");
      if (names === undefined) names = cells;
      else yield { path, place, row: rowOf(names, cells) };
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

/** Whether a last line that has no line ending ends before its last cell, or within a character of it. */
function isCut(names: readonly string[], bytes: Buffer): boolean {
  const cells = bytes.toString("utf8").split("\t");
  return !isUtf8(bytes) || cells.length < names.length || cells.at(-1) === "";
}

function rowOf(names: readonly string[], cells: readonly string[]): Row {
  return cells.length < names.length
    ? { fault: `it has ${cells.length} cells instead of ${names.length}` }
    : { values: Object.fromEntries(names.map((name, place) => [name, cells[place]])) };
}

function requireColumns(path: string, row: Row, { text, textPair, label }: TextRows): void {
  if ("fault" in row) return;
  const missing = [text, textPair, label].find(
    (name) => name !== undefined && !(name in row.values),
  );
  if (missing === undefined) return;
  const names = Object.keys(row.values).join(", ").slice(0, 200);
  throw new SourceError(
    `${path} has no column ${missing}; its columns are ${names}. It belongs to another task, or to a part without labels.`,
  );
}
