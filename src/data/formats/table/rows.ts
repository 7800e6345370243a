/** The rows of a TSV, CSV or JSONL file, or the objects of a list in a JSON file, streamed. */
import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { type CsvError, parse } from "csv-parse";
import { counted } from "../../../base/counted.js";
import { parseJson } from "../../json.js";
import { NamedColumns } from "../column-choices.js";
import { requireColumns } from "../columns.js";
import { notUtf8, utf8Chunks } from "../encoding.js";
import { jsonItems } from "../json-items.js";
import { linesOf } from "../lines.js";
import type { Columns, SourceOptions } from "../source.js";
import { SourceError, reasonOf } from "../source-error.js";
import { findSeparator, firstLine, isImagePath } from "./separator.js";

/** Values by column, or the reason why the row is invalid. */
export type Row =
  | { readonly values: Readonly<Record<string, unknown>> }
  | { readonly fault: string; readonly tooLarge?: boolean };

/** A row and where it is: "line 7", on which it begins, counted from 1 as editors do, or "object 7" of a list in JSON. */
export type TableRow = Row & { readonly place: string };

export const isTableName = (path: string): boolean => /\.(tsv|csv|jsonl|ndjson)$/i.test(path);
/** Files that may have a table as a list of objects. */
export const isJsonName = (path: string): boolean => /\.json$/i.test(path);

type RowOptions = Pick<SourceOptions, "columns" | "separator"> & {
  /** Largest size of a row in bytes. */
  readonly maxBytes: number;
  /** Whether quotes around a cell belong to the format (default), or to the text, as in GLUE's TSV. */
  readonly quotes?: boolean | undefined;
};

/** Every row of the table, including invalid ones. */
export async function* tableRows(path: string, options: RowOptions): AsyncGenerator<TableRow> {
  const { columns = {}, maxBytes, quotes = true } = options;
  const extension = extname(path).toLowerCase();
  if (extension === ".jsonl" || extension === ".ndjson") {
    yield* jsonRows(path, columns, maxBytes);
    return;
  }
  if (isJsonName(path)) {
    yield* listedRows(path, columns);
    return;
  }
  const separator = options.separator ?? (await findSeparator(path, columns));
  // Captions in TSV files may start with a quote that is never closed, so there quotes do not extend across cells.
  const splitsInQuotes = !quotes || (separator === "\t" && extension !== ".csv");
  yield* delimitedRows(path, { separator, splitsInQuotes, quotes, columns, maxBytes });
}

async function* jsonRows(
  path: string,
  columns: Columns,
  maxBytes: number,
): AsyncGenerator<TableRow> {
  const named = new NamedColumns(columns);
  let line = 0;
  for await (const { bytes, isWhole } of linesOf(path, maxBytes)) {
    line++;
    if (!isWhole)
      yield {
        place: atLine(line),
        fault: `longer than the limit of ${maxBytes} bytes`,
        tooLarge: true,
      };
    else if (bytes.some((byte) => byte > 0x20)) {
      const row = jsonRow(bytes);
      if ("values" in row) named.see(row.values);
      yield { place: atLine(line), ...row };
    }
  }
  named.require(path);
}

const atLine = (line: number): string => `line ${line}`;

async function* listedRows(path: string, columns: Columns): AsyncGenerator<TableRow> {
  const named = new NamedColumns(columns);
  let objects = 0;
  for await (const values of jsonItems(path)) {
    named.see(values);
    yield { place: `object ${++objects}`, values };
  }
  named.require(path);
}

function jsonRow(bytes: Buffer): Row {
  if (!isUtf8(bytes)) return { fault: notUtf8 };
  try {
    const values = parseJson(bytes);
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return { values: values as Record<string, unknown> };
    return { fault: "not an object" };
  } catch (error) {
    return { fault: `it ${reasonOf(error)}` };
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

interface ParsedRecord {
  readonly cells: readonly Buffer[];
  readonly line: number;
}

/** As in Python's csv and pandas, a quote within an unquoted cell is an ordinary character. */
async function* delimitedRows(path: string, dialect: Dialect): AsyncGenerator<TableRow> {
  const { separator, splitsInQuotes, quotes, columns, maxBytes } = dialect;
  const faults: { before: number; message: string; line: number; isEnd: boolean }[] = [];
  let [parsed, countedTwice, end] = [0, 0, 0];
  const file = Readable.from(utf8Chunks(path), { objectMode: false });
  const parser = parse({
    delimiter: separator,
    // Lines may end in either way, even in one file; of old, Macintosh files ended them with CR alone.
    record_delimiter: (await firstLine(path)).includes("\r") ? "\r" : ["\r\n", "\n"],
    encoding: null,
    quote: splitsInQuotes ? false : '"',
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: separator === "|",
    max_record_size: maxBytes,
    skip_records_with_error: true,
    on_record: (record, { lines }) => {
      parsed++;
      const cells = record as unknown as Buffer[]; // as there is no encoding
      // The parser counts lines up to the end of a record, and CRLF in quotes as two.
      countedTwice += countIn(cells, "\r\n");
      end = lines - countedTwice;
      return { cells, line: end - countIn(cells, "\n") } as unknown as string[];
    },
    on_skip: (error: (CsvError & { readonly lines?: number }) | undefined) => {
      const { code = "", message = "broken", lines = 0 } = error ?? {};
      const ending = endings[code]?.(maxBytes);
      const isEnd = ending !== undefined;
      faults.push({ before: parsed, message: ending ?? message, line: isEnd ? end : lines, isEnd });
      return undefined;
    },
  });
  file.on("error", (error) => parser.destroy(error));
  let names: readonly string[] | undefined;
  let seen = 0;
  try {
    for await (const record of file.pipe(parser) as AsyncIterable<ParsedRecord>) {
      while (faults[0] && faults[0].before <= seen) yield faultOf(path, faults.shift()!);
      seen++;
      const { line } = record;
      const cells = record.cells
        .map((cell) => cell.toString("utf8"))
        .map(splitsInQuotes && quotes ? unquoted : itself);
      if (names === undefined) {
        names = namesOf(path, cells);
        requireColumns(path, names, columns);
        if (names === cells) continue;
      }
      yield {
        place: atLine(line),
        ...(record.cells.every(isUtf8) ? rowOf(names, cells) : { fault: notUtf8 }),
      };
    }
    for (const fault of faults) yield faultOf(path, fault);
  } finally {
    file.destroy();
    parser.destroy();
  }
}

/** What the parser cannot go on from: what follows it would be lost. */
const endings: Readonly<Record<string, (maxBytes: number) => string>> = {
  CSV_QUOTE_NOT_CLOSED: () =>
    'a quote opens that is never closed, so that all lines from there would be one cell. Close it; within a cell, quotes are doubled ("")',
  CSV_MAX_RECORD_SIZE: (maxBytes) =>
    `a row has a cell of more than ${maxBytes} bytes, the limit, so that what follows it cannot be read. Perhaps a quote opens there ` +
    "that is never closed",
};

/** @throws SourceError if nothing can be read after it */
function faultOf(
  path: string,
  { line, message, isEnd }: { line: number; message: string; isEnd: boolean },
): TableRow {
  if (isEnd) throw new SourceError(`${path}, after line ${line}: ${message}.`);
  return { place: atLine(line), fault: message };
}

/** How often `bytes` occur in the cells. */
function countIn(cells: readonly Buffer[], bytes: string): number {
  let found = 0;
  for (const cell of cells)
    for (let at = cell.indexOf(bytes); at >= 0; at = cell.indexOf(bytes, at + 1)) found++;
  return found;
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
    return { fault: `${counted(record.length, "cell")} where the first line has ${names.length}` };
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
