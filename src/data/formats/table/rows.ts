/** The rows of a TSV, CSV or JSONL file, streamed. */
import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { type CsvError, parse } from "csv-parse";
import { isImageExtension } from "../../image/image-type.js";
import { linesOf } from "../lines.js";
import { SourceError, reasonOf } from "../source-error.js";

/** Values by column, or what is wrong with the row. */
export type Row =
  | { readonly values: Readonly<Record<string, unknown>> }
  | { readonly fault: string; readonly tooLarge?: boolean };

export const isTableName = (path: string): boolean => /\.(tsv|csv|jsonl|ndjson)$/i.test(path);

/** Every row of the table, broken ones too. Lines longer than `limit` bytes are broken. */
export function tableRows(path: string, limit: number): AsyncGenerator<Row> {
  const extension = extname(path).toLowerCase();
  if (extension === ".jsonl" || extension === ".ndjson") return jsonRows(path, limit);
  if (extension === ".csv") return delimitedRows(path, ",", limit);
  return delimitedRows(path, "\t", limit);
}

async function* jsonRows(path: string, limit: number): AsyncGenerator<Row> {
  for await (const { bytes, isWhole } of linesOf(path, limit)) {
    if (!isWhole) yield { fault: `longer than the limit of ${limit} bytes`, tooLarge: true };
    else if (bytes.length > 0) yield jsonRow(bytes);
  }
}

function jsonRow(bytes: Buffer): Row {
  try {
    const values: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return { values: values as Record<string, unknown> };
    return { fault: "not an object" };
  } catch (error) {
    return { fault: `not JSON: ${reasonOf(error)}` };
  }
}

/** Quotes mean something in CSV only: captions in TSV files begin with quotes that never end. */
async function* delimitedRows(
  path: string,
  delimiter: "," | "\t",
  limit: number,
): AsyncGenerator<Row> {
  const faults: { before: number; message: string }[] = [];
  let parsed = 0;
  const file = createReadStream(path);
  const parser = parse({
    bom: true,
    delimiter,
    quote: delimiter === "," ? '"' : false,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: limit,
    skip_records_with_error: true,
    on_record: (record: string[]) => (parsed++, record),
    on_skip: (error: CsvError | undefined) => {
      faults.push({ before: parsed, message: error?.message ?? "broken" });
      return undefined;
    },
  });
  file.on("error", (error) => parser.destroy(error));
  let names: readonly string[] | undefined;
  let seen = 0;
  try {
    for await (const record of file.pipe(parser) as AsyncIterable<string[]>) {
      while (faults[0] && faults[0].before <= seen) yield { fault: faults.shift()!.message };
      seen++;
      if (names !== undefined) yield rowOf(names, record);
      else {
        names = namesOf(path, record);
        if (names !== record) yield rowOf(names, record);
      }
    }
    for (const { message } of faults) yield { fault: message };
  } finally {
    file.destroy();
    parser.destroy();
  }
}

function rowOf(names: readonly string[], record: readonly string[]): Row {
  if (record.length === names.length)
    return { values: Object.fromEntries(names.map((name, index) => [name, record[index]])) };
  return { fault: `${record.length} cells where the first line has ${names.length}` };
}

/** The first line names the columns; where it holds the path of an image instead there is no such line. */
function namesOf(path: string, first: readonly string[]): readonly string[] {
  const image = first.findIndex((cell) => isImagePath(cell));
  if (image < 0) {
    if (new Set(first).size === first.length) return first;
    throw new SourceError(`${path} has two columns of one name in its first line.`);
  }
  const others = ["text", "label"];
  return first.map((_, index) =>
    index === image ? "file_name" : (others.shift() ?? `column ${index}`),
  );
}

/** Whether this looks like the path of an image; also with the number of a caption, as in "dog.jpg#2". */
function isImagePath(cell: string): boolean {
  const extension = /\.([a-z]+)(#\d+)?$/i.exec(cell)?.[1];
  return extension !== undefined && isImageExtension(extension.toLowerCase());
}
