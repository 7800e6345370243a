/** The rows of a TSV, CSV or JSONL file, streamed. */
import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { type CsvError, parse } from "csv-parse";
import { requireColumns } from "../columns.js";
import { notUtf8, utf8Chunks } from "../encoding.js";
import { linesOf } from "../lines.js";
import type { Columns, SourceOptions } from "../source.js";
import { SourceError, reasonOf } from "../source-error.js";
import { findSeparator, isImagePath } from "./separator.js";

/** Values by column, or the reason why the row is invalid. */
export type Row =
  | { readonly values: Readonly<Record<string, unknown>> }
  | { readonly fault: string; readonly tooLarge?: boolean };

export const isTableName = (path: string): boolean => /\.(tsv|csv|jsonl|ndjson)$/i.test(path);

type RowOptions = Pick<SourceOptions, "columns" | "separator"> & {
  /** Largest size of a row in bytes. */
  readonly maxBytes: number;
  /** Whether quotes around a cell belong to the format (default), or to the text, as in GLUE's TSV. */
  readonly quotes?: boolean | undefined;
};

/** Every row of the table, including invalid ones. */
export async function* tableRows(path: string, options: RowOptions): AsyncGenerator<Row> {
  const { columns = {}, maxBytes, quotes = true } = options;
  const extension = extname(path).toLowerCase();
  if (extension === ".jsonl" || extension === ".ndjson") {
    yield* jsonRows(path, maxBytes);
    return;
  }
  const separator = options.separator ?? (await findSeparator(path, columns));
  // Captions in TSV files may start with a quote that is never closed, so there quotes do not extend across cells.
  const splitsInQuotes = !quotes || (separator === "\t" && extension !== ".csv");
  yield* delimitedRows(path, { separator, splitsInQuotes, quotes, columns, maxBytes });
}

async function* jsonRows(path: string, maxBytes: number): AsyncGenerator<Row> {
  for await (const { bytes, isWhole } of linesOf(path, maxBytes)) {
    if (!isWhole) yield { fault: `longer than the limit of ${maxBytes} bytes`, tooLarge: true };
    else if (bytes.some((byte) => byte > 0x20)) yield jsonRow(bytes);
  }
}

function jsonRow(bytes: Buffer): Row {
  if (!isUtf8(bytes)) return { fault: notUtf8 };
  try {
    const values: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return { values: values as Record<string, unknown> };
    return { fault: "not an object" };
  } catch (error) {
    return { fault: `not JSON: ${reasonOf(error)}` };
  }
}

interface Dialect {
  readonly separator: string;
  /** Whether separators and line breaks end a cell even within quotes. */
  readonly splitsInQuotes: boolean;
  /** Whether quotes around a cell are removed. */
  readonly quotes: boolean;
  readonly columns: Columns;
  readonly maxBytes: number;
}

/** As in Python's csv and pandas, a quote within an unquoted cell is an ordinary character. */
async function* delimitedRows(path: string, dialect: Dialect): AsyncGenerator<Row> {
  const { separator, splitsInQuotes, quotes, columns, maxBytes } = dialect;
  const faults: { before: number; message: string }[] = [];
  let parsed = 0;
  const file = Readable.from(utf8Chunks(path), { objectMode: false });
  const parser = parse({
    delimiter: separator,
    encoding: null,
    quote: splitsInQuotes ? false : '"',
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: separator === "|",
    max_record_size: maxBytes,
    skip_records_with_error: true,
    on_record: (record) => (parsed++, record),
    on_skip: (error: CsvError | undefined) => {
      faults.push({ before: parsed, message: error?.message ?? "broken" });
      return undefined;
    },
  });
  file.on("error", (error) => parser.destroy(error));
  let names: readonly string[] | undefined;
  let seen = 0;
  try {
    for await (const record of file.pipe(parser) as AsyncIterable<Buffer[]>) {
      while (faults[0] && faults[0].before <= seen) yield { fault: faults.shift()!.message };
      seen++;
      const cells = record
        .map((cell) => cell.toString("utf8"))
        .map(splitsInQuotes && quotes ? unquoted : itself);
      if (names === undefined) {
        names = namesOf(path, cells);
        requireColumns(path, names, columns);
        if (names === cells) continue;
      }
      yield record.every(isUtf8) ? rowOf(names, cells) : { fault: notUtf8 };
    }
    for (const { message } of faults) yield { fault: message };
  } finally {
    file.destroy();
    parser.destroy();
  }
}

const itself = (cell: string): string => cell;

/** Removes the quotes around a cell if all quotes inside it are doubled. */
function unquoted(cell: string): string {
  const inside = /^"((?:[^"]|"")*)"$/.exec(cell)?.[1];
  return inside === undefined ? cell : inside.replaceAll('""', '"');
}

/** Unnamed columns (such as a pandas index) and empty cells beyond the last column are ignored. */
function rowOf(names: readonly string[], record: readonly string[]): Row {
  const extra = record.slice(names.length);
  if (record.length < names.length || extra.some((cell) => cell !== ""))
    return { fault: `${record.length} cells where the first line has ${names.length}` };
  const cells = names.map((name, index) => [name, record[index]] as const);
  return { values: Object.fromEntries(cells.filter(([name]) => name !== "")) };
}

/** Column names from the first line; it is not a header if it contains an image path. */
function namesOf(path: string, first: readonly string[]): readonly string[] {
  const image = first.findIndex((cell) => isImagePath(cell));
  if (image < 0) {
    const twice = first.find((name, index) => name !== "" && first.indexOf(name) !== index);
    if (twice === undefined) return first;
    throw new SourceError(`${path} has two columns named ${twice} in its first line.`);
  }
  const others = ["text", "label"];
  return first.map((_, index) =>
    index === image ? "file_name" : (others.shift() ?? `column ${index}`),
  );
}
