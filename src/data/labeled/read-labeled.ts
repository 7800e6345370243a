/** Labeled samples from the files that people have: tables, Parquet files and folders of images. */
import { basename, dirname, join } from "node:path";
import { exists, isDirectory } from "../../base/exists.js";
import { suggestion } from "../../base/suggestion.js";
import { SkippedSamples } from "../batch/skipped.js";
import { filesBelow } from "../formats/files-below.js";
import { defaultMaxBytes } from "../formats/source.js";
import { SampleError, SourceError } from "../formats/source-error.js";
import { isTableName, tableRows } from "../formats/table/rows.js";
import { isImageName } from "../image/image-type.js";
import type { LabeledSample } from "../labeled-sample.js";
import { type PlacedRow, type SampleColumns, namesIn, sampleOfRow } from "./labeled-row.js";
import type { TargetKind } from "./labels.js";

/** What of a data set is read, and what of it is the label. */
export interface ReadLabeledOptions {
  /** Columns of a table or Parquet file. Without a text or an image column, `path` must be a folder of images. */
  readonly columns: SampleColumns;
  /** What labels are. With "scores", a label is one answer, a list of answers, or an object of their scores in JSON. */
  readonly target: TargetKind;
  /** Cell separator of a table; default: detected from its first line. */
  readonly separator?: string | undefined;
  /** Whether quotes around a cell belong to the format (default), or to the text, as in GLUE's TSV. */
  readonly quotes?: boolean | undefined;
  /** The folder of images that are named by their paths; default: that of the table. */
  readonly imageRoot?: string | undefined;
  /** Largest number of samples to read; default: all. */
  readonly maxSamples?: number | undefined;
}

/** Labeled samples that were read. */
export interface LabeledSet {
  /** Where it was read from, for display. */
  readonly name: string;
  /** Those without a label included. */
  readonly samples: readonly LabeledSample[];
  /** Rows that cannot be used, with reasons. */
  readonly skipped: SkippedSamples;
}

/** The parts of a data set: files or folders. */
export interface LabeledParts {
  /** What is for training. */
  readonly train: string;
  /** Undefined if the data set has no part of its own for validation. */
  readonly validation?: string;
}

const partNames = { train: ["train"], validation: ["validation", "valid", "val", "dev"] } as const;

/**
 * The parts of the data set at `path`: the folders "train" and "validation" (or "valid", "val", "dev") in a folder, or its
 * files whose names begin so, such as train-00000-of-00001.parquet and dev.tsv; otherwise everything is for training.
 * Several files of one part are given as a pattern for `readLabeled`.
 */
export async function labeledParts(path: string): Promise<LabeledParts> {
  const train = await partOf(path, partNames.train);
  if (train === undefined) return { train: path };
  const validation = await partOf(path, partNames.validation);
  return { train, ...(validation !== undefined && { validation }) };
}

async function partOf(path: string, names: readonly string[]): Promise<string | undefined> {
  if (!(await isDirectory(path))) return undefined;
  for (const name of names) if (await isDirectory(join(path, name))) return join(path, name);
  const files = (await filesBelow(path)).filter((file) => !file.includes("/") && isDataName(file));
  const own = files.find((file) => names.some((name) => new RegExp(`^${name}[-_.]`).test(file)));
  return own === undefined ? undefined : join(path, `${/^[a-z]+/.exec(own)![0]}*`);
}

/** Whether a file, by its name, is a table or a Parquet file. */
export const isDataName = (path: string): boolean => isTableName(path) || /\.parquet$/i.test(path);

/**
 * Reads all samples of a table (CSV, TSV, JSON Lines), a Parquet file, a folder of such files, or a folder with one folder
 * of images for each class. Rows that cannot be used are left out and counted.
 *
 * @throws SourceError if there is no such data, or no such column
 * @throws NoUsableSampleError if nothing can be used
 */
export async function readLabeled(path: string, options: ReadLabeledOptions): Promise<LabeledSet> {
  if (!path.endsWith("*") && !(await exists(path)))
    throw new SourceError(
      `There is nothing at ${path}. Give a table, a Parquet file, or a folder.`,
    );
  const skipped = new SkippedSamples();
  const samples: LabeledSample[] = [];
  const { columns, maxSamples = Infinity } = options;
  const isTable = columns.text !== undefined || columns.image !== undefined;
  const found = isTable ? tableSamples(path, options, skipped) : folderSamples(path);
  for await (const sample of found) {
    samples.push(sample);
    if (samples.length >= maxSamples) break;
  }
  skipped.requireUsed(path, samples.length);
  return { name: path, samples, skipped };
}

async function* tableSamples(
  path: string,
  options: ReadLabeledOptions,
  skipped: SkippedSamples,
): AsyncGenerator<LabeledSample> {
  const files = await dataFiles(path);
  for (const file of files) {
    for await (const row of rowsOf(file, options)) {
      const key = files.length === 1 ? row.key : `${basename(file)}:${row.key}`;
      try {
        yield await sampleOfRow({ ...row, key }, options);
      } catch (error) {
        if (!(error instanceof SampleError)) throw error;
        skipped.add(error, error.reason, error.fault);
      }
    }
  }
}

/** One file, all data files of a folder, or those that a pattern such as "folder/train*" matches. */
async function dataFiles(path: string): Promise<string[]> {
  const isPattern = path.endsWith("*");
  const folder = isPattern ? dirname(path) : path;
  if (!isPattern && !(await isDirectory(path))) {
    if (isDataName(path)) return [path];
    throw new SourceError(
      `${path} is not a table (.csv, .tsv, .jsonl) or a .parquet file, whose columns could be named.`,
    );
  }
  const beginning = isPattern ? basename(path).slice(0, -1) : "";
  const files = (await filesBelow(folder)).filter(
    (file) => isDataName(file) && file.startsWith(beginning),
  );
  if (files.length > 0) return files.map((file) => join(folder, file));
  throw new SourceError(
    `${folder} has no tables or .parquet files, whose columns could be named. For folders of images, name no columns.`,
  );
}

async function* rowsOf(path: string, options: ReadLabeledOptions): AsyncGenerator<PlacedRow> {
  yield* /\.parquet$/i.test(path) ? parquetFileRows(path, options) : tableFileRows(path, options);
}

async function* tableFileRows(
  path: string,
  { columns, separator, quotes, imageRoot }: ReadLabeledOptions,
): AsyncGenerator<PlacedRow> {
  const { text, textPair, image, label } = columns;
  const texts = [text, textPair].flatMap((name) => name ?? []);
  const given = { texts, image, label };
  const options = { columns: given, separator, quotes, maxBytes: defaultMaxBytes };
  const file = { path, imageRoot, classes: undefined };
  let row = -1;
  for await (const found of tableRows(path, options)) {
    yield { ...file, row: found, key: String(++row), place: `line ${found.line}` };
  }
}

async function* parquetFileRows(
  path: string,
  { columns, imageRoot }: ReadLabeledOptions,
): AsyncGenerator<PlacedRow> {
  // Much code, which tables need not load.
  const { parquetFooter, parquetRows } = await import("../formats/parquet/rows.js");
  const { classNames } = await import("../formats/parquet/source.js");
  const { parquetSchema } = await import("hyparquet");
  const file = { path, imageRoot };
  const footer = await parquetFooter(path);
  const own = parquetSchema(footer).children.map(({ element }) => element.name);
  requireNames(path, own, columns);
  const classes = classNames(footer).get(columns.label ?? "");
  for await (const { row, values } of parquetRows(path, footer, namesIn(columns))) {
    yield { ...file, classes, row: { values }, key: String(row), place: `row ${row + 1}` };
  }
}

function requireNames(path: string, names: readonly string[], columns: SampleColumns): void {
  for (const name of namesIn(columns)) {
    if (names.includes(name)) continue;
    throw new SourceError(
      `${path} has no column ${name}.${suggestion(name, names)} Its columns are ${names.join(", ").slice(0, 300)}.`,
    );
  }
}

/** Images labeled by the names of their folders. Those outside of folders have no label. */
async function* folderSamples(path: string): AsyncGenerator<LabeledSample> {
  if (!(await isDirectory(path))) {
    throw new SourceError(
      `${path} is not a folder of images. Of a table, name the columns to learn from: --text or --image, and --label.`,
    );
  }
  const images = (await filesBelow(path)).filter(isImageName);
  if (images.length === 0) {
    throw new SourceError(
      `${path} has no images. Of tables or .parquet files in it, name the columns to learn from: --text or --image, and --label.`,
    );
  }
  for (const image of images) {
    const folder = dirname(image);
    yield {
      key: image,
      image: { file: join(path, image) },
      ...(folder !== "." && { target: { kind: "class", label: basename(folder) } }),
    };
  }
}
