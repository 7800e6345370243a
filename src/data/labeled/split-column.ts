/** A column of a table that says what each row is for: training, validation or a test. */
import { exists } from "../../base/exists.js";
import { SourceError } from "../formats/source-error.js";
import { type PlacedRow, namesIn, whereIs } from "./labeled-row.js";
import { type LabeledRowOptions, columnNames, dataFiles, rowsOf } from "./labeled-rows.js";

/** What the parts of a data set are called: folders, the beginnings of files' names, and values of a column. */
export const partNames = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev"],
  test: ["test", "testing"],
} as const;

/** What samples are for. */
export type Part = keyof typeof partNames;

const partByName: ReadonlyMap<string, Part> = new Map(
  (Object.keys(partNames) as Part[]).flatMap((part) => partNames[part].map((name) => [name, part])),
);

/** Tables, and the part of their rows that is meant; all without one. */
export interface RowPart {
  readonly path: string;
  readonly part?: Part;
}

/** What a path such as "reviews.csv#train" means; undefined for other paths, and where there is a file of that name. */
export async function rowPart(path: string): Promise<Required<RowPart> | undefined> {
  const found = /^(.+)#(train|validation|test)$/.exec(path);
  if (!found || (await exists(path))) return undefined;
  return { path: found[1]!, part: found[2] as Part };
}

const columns = ["split", "partition", "subset"];

async function splitColumn(file: string, options: LabeledRowOptions): Promise<string | undefined> {
  const used = namesIn(options.columns);
  const names = await columnNames(file, options);
  return names.find((name) => columns.includes(name.toLowerCase()) && !used.includes(name));
}

/** @throws SourceError if the file has no such column */
export async function requireSplitColumn(
  file: string,
  options: LabeledRowOptions,
): Promise<string> {
  const found = await splitColumn(file, options);
  if (found !== undefined) return found;
  throw new SourceError(
    `${file} has no column ${columns.join(", ")} that says which rows are for training.`,
  );
}

/** Undefined for a row that cannot be read, and for other values. */
export function partOfRow({ row }: PlacedRow, split: string): Part | undefined {
  if ("fault" in row) return undefined;
  const value = row.values[split];
  return typeof value === "string" ? partByName.get(value.trim().toLowerCase()) : undefined;
}

/**
 * The parts that the rows of tables belong to by such a column; none if no row says that it is for training.
 * @throws SourceError if some rows belong to a part, and others do not
 */
export async function partsOfRows(
  path: string,
  options: LabeledRowOptions,
): Promise<ReadonlySet<Part>> {
  const parts = new Set<Part>();
  let other: string | undefined;
  for (const file of await dataFiles(path)) {
    const split = await splitColumn(file, options);
    if (split === undefined) {
      other ??= `${file} has no such column`;
      continue;
    }
    for await (const placed of rowsOf(file, { ...options, columns: {} }, split)) {
      const part = partOfRow(placed, split);
      if (part) parts.add(part);
      else if ("values" in placed.row)
        other ??= `${whereIs(placed)}, column ${split} has ${JSON.stringify(placed.row.values[split])}`;
    }
  }
  if (!parts.has("train")) return new Set();
  if (other === undefined) return parts;
  throw new SourceError(
    `${path} has a column that says which rows are for training, validation or a test, but ${other}. Write train, validation ` +
      "or test in all rows, or rename the column if it means something else.",
  );
}
