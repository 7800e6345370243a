/** One row of a table as a labeled sample. */
import { basename, dirname, resolve } from "node:path";
import { counted } from "../../base/counted.js";
import { findInFolder } from "../formats/file-in-folder.js";
import { SampleError } from "../formats/source-error.js";
import type { Row } from "../formats/table/rows.js";
import { imageInCell } from "../formats/table/source.js";
import type { LabeledSample, StoredImage, Target } from "../labeled-sample.js";
import { isBlank } from "../text/blank.js";
import type { TargetKind } from "./labels.js";

/** Names of the columns to read. */
export interface SampleColumns {
  /** The column of texts, or of the first texts of pairs. */
  readonly text?: string | undefined;
  /** The column of the second texts of pairs. */
  readonly textPair?: string | undefined;
  /** The column of images: bytes, base64, or paths below `imageRoot`. */
  readonly image?: string | undefined;
  /** Without it, samples have no labels. */
  readonly label?: string | undefined;
}

/** The names that are given. */
export function namesIn({ text, textPair, image, label }: SampleColumns): string[] {
  return [text, textPair, image, label].filter((name) => name !== undefined);
}

/** A row and where it comes from. */
export interface PlacedRow {
  readonly row: Row;
  readonly key: string;
  readonly path: string;
  /** Where in the file, for messages: "line 3" of a text, "row 3" of a Parquet file, both counted from 1. */
  readonly place: string;
  /** The folder of images that are named by their paths; default: that of the table. */
  readonly imageRoot?: string | undefined;
  /** Names of the classes, if they are known: labels are names or numbers of these. */
  readonly classes: readonly string[] | undefined;
}

/** "reviews.csv, line 3" */
export const whereIs = ({ path, place }: Pick<PlacedRow, "path" | "place">): string =>
  `${basename(path)}, ${place}`;

/**
 * @throws SampleError if the row is damaged, or has not what the columns promise; the message names the file, the row and
 *   the column. An empty label, NaN or a class of -1 means that the sample has none.
 */
export async function sampleOfRow(
  placed: PlacedRow,
  { columns, target }: { readonly columns: SampleColumns; readonly target: TargetKind },
): Promise<LabeledSample> {
  const { row, key } = placed;
  const where = whereIs(placed);
  if ("fault" in row) {
    const reason = row.tooLarge ? "too large" : "damaged";
    throw new SampleError(key, reason, `${row.fault}.`, where);
  }
  const cellOf = (column: string): Cell => ({ value: row.values[column], column, placed });
  const { text, textPair, image, label } = columns;
  const labeled = label === undefined ? undefined : targetOf(cellOf(label), target);
  const texts = {
    ...(text !== undefined && { text: textOf(cellOf(text)) }),
    ...(textPair !== undefined && { textPair: textOf(cellOf(textPair)) }),
  };
  // One text of a pair may be empty, as in QQP.
  if (text !== undefined && Object.values(texts).every(isBlank))
    throw fault(cellOf(text), "empty", "it is empty");
  return {
    ...{ key, where },
    ...(image !== undefined && { image: await imageOf(cellOf(image)) }),
    ...texts,
    ...(labeled && { target: labeled }),
  };
}

interface Cell {
  readonly value: unknown;
  readonly column: string;
  readonly placed: PlacedRow;
}

function fault({ column, placed }: Cell, reason: SampleError["reason"], what: string): SampleError {
  return new SampleError(placed.key, reason, `${what}.`, `${whereIs(placed)}, column ${column}`);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array)
    return `${counted(value.length, "byte")} that are not marked as text`;
  const plain = (_: string, inner: unknown): unknown =>
    typeof inner === "bigint" ? Number(inner) : inner;
  return typeof value === "bigint" ? String(value) : JSON.stringify(value, plain).slice(0, 80);
}

function textOf(cell: Cell): string {
  const text = plainText(cell.value);
  if (text === undefined)
    throw fault(cell, "damaged", `expected a text, but got ${shown(cell.value)}`);
  return text;
}

/** Texts, numbers and truth values as text; undefined for anything else. */
function plainText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

async function imageOf(cell: Cell): Promise<StoredImage> {
  const { value, placed } = cell;
  const found = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
  const { bytes, path } = (
    found instanceof Uint8Array
      ? { bytes: found }
      : typeof found === "string"
        ? { path: found }
        : (found ?? {})
  ) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array && bytes.length > 0) return Uint8Array.from(bytes); // not a view of all rows
  if (typeof path !== "string" || path === "") throw fault(cell, "missing", "there is no image");
  const inCell = imageInCell(path);
  if (inCell) return inCell;
  const { imageRoot: folder = dirname(placed.path) } = placed;
  const place = await findInFolder(folder, path, placed.key);
  if (!place) throw fault(cell, "missing", `${shown(path)} is not in ${resolve(folder)}`);
  return place;
}

/** Undefined if the sample has no label. */
function targetOf(cell: Cell, kind: TargetKind): Target | undefined {
  const { value, placed } = cell;
  if (kind === "scores" && typeof value === "object" && value !== null) {
    return { kind, scores: scoresOf(cell, value) };
  }
  if (Number.isNaN(value)) return undefined; // what pandas and Arrow have instead of a missing number
  const text = plainText(value)?.trim();
  if (text === undefined) throw fault(cell, "damaged", `expected a label, but got ${shown(value)}`);
  if (text === "") return undefined;
  if (kind !== "value" && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw fault(
      cell,
      "damaged",
      `a number as large as ${text} is rounded when it is read, so that labels could not be told apart: write it in quotes`,
    );
  if (kind === "value") {
    const number = Number(text);
    if (Number.isFinite(number)) return { kind, value: number };
    throw fault(cell, "damaged", `expected a number, but got ${shown(value)}`);
  }
  const label = placed.classes ? classIn(placed.classes, text) : text;
  if (label === undefined) {
    if (text === "-1") return undefined; // Hugging Face's mark of unlabeled rows
    const known = placed.classes!.slice(0, 10).join(", ");
    throw fault(
      cell,
      "damaged",
      `expected one of ${known}, or its number, but got ${shown(value)}`,
    );
  }
  return kind === "class" ? { kind, label } : { kind, scores: { [label]: 1 } };
}

/** The class of a name or number. */
const classIn = (classes: readonly string[], text: string): string | undefined =>
  classes.includes(text) ? text : classes[/^\d+$/.test(text) ? Number(text) : NaN];

/** A list of labels, each of score 1, or scores by label. */
function scoresOf(cell: Cell, value: object): Record<string, number> {
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((label: unknown) => [plainText(label) ?? "", 1])
    : Object.entries(value);
  const scores = entries.map(([label, score]): [string, number] => {
    if (label !== "" && typeof score === "number" && score >= 0 && score <= 1)
      return [label, score];
    throw fault(
      cell,
      "damaged",
      `expected labels with scores from 0 to 1, but got ${shown(value)}`,
    );
  });
  return Object.fromEntries(scores);
}
