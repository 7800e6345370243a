/** Labeled samples from the files that people have: tables, Parquet files and folders of images. */
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
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
  /** Largest number of samples to read: the first rows of a table, or images of all folders; default: all. */
  readonly maxSamples?: number | undefined;
  /** Whether images are labeled by the names of their folders; default: yes. */
  readonly folderLabels?: boolean | undefined;
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

const partNames = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev"],
} as const;

/**
 * The parts of the data set at `path`: the folders "train" (or "training") and "validation" (or "valid", "val", "dev") in a
 * folder, in capitals or not, or its files whose names begin so, such as train-00000-of-00001.parquet and dev.tsv; otherwise
 * everything is for training. Several files of one part are given as a pattern for `readLabeled`.
 * @throws SourceError if no name begins with "train", but others name a part all the same, as in reviews_test.csv
 */
export async function labeledParts(path: string): Promise<LabeledParts> {
  if (!(await isDirectory(path))) return { train: path };
  const names = (await readdir(path)).sort();
  const train = await partOf(path, names, partNames.train);
  if (train === undefined) {
    requireOnePart(path, names);
    return { train: path };
  }
  const validation = await partOf(path, names, partNames.validation);
  return { train, ...(validation !== undefined && { validation }) };
}

async function partOf(
  path: string,
  found: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const folder = found.find((each) => each.toLowerCase() === name);
    if (folder !== undefined && (await isDirectory(join(path, folder)))) return join(path, folder);
  }
  const beginning = new RegExp(`^(${names.join("|")})(?=[-_.])`, "i");
  const own = found.filter(isDataName).find((file) => beginning.test(file));
  return own === undefined ? undefined : join(path, `${beginning.exec(own)![0]}*`);
}

/** A word in the name of a file that says which part of a data set it has. */
const partWord = /(^|[-_. ])(train|training|test|testing|validation|valid|val|dev|eval)(?=[-_. ])/i;

function requireOnePart(path: string, names: readonly string[]): void {
  const files = names.filter(isDataName);
  const part = files.find((file) => partWord.test(file));
  if (files.length < 2 || part === undefined) return;
  throw new SourceError(
    `${path} has ${files.slice(0, 5).join(", ")}${files.length > 5 ? ", ..." : ""}, and ${part} seems to be one part of a data ` +
      "set: which file is for which use is not clear. Name one file, or begin the names with train, validation and test.",
  );
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
  const found = isTable ? tableSamples(path, options, skipped) : folderSamples(path, options);
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
async function* folderSamples(
  path: string,
  options: Pick<ReadLabeledOptions, "folderLabels" | "maxSamples">,
): AsyncGenerator<LabeledSample> {
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
  const { folderLabels = true, maxSamples = images.length } = options;
  const labels = folderLabels ? labelsByFolder(path, images) : new Map<string, string>();
  for (const image of spread(images, maxSamples)) {
    const label = labels.get(dirname(image));
    yield {
      key: image,
      image: { file: join(path, image) },
      ...(label !== undefined && { target: { kind: "class", label } }),
    };
  }
}

/** At most `most` of a list, at equal distances: the images of a folder are sorted by their classes. */
const spread = <Item>(items: readonly Item[], most: number): readonly Item[] => {
  const before = (index: number): number => Math.floor((index * most) / items.length);
  return items.filter((_, index) => most >= items.length || before(index + 1) > before(index));
};

/**
 * The labels of images by their folders, which are the names of these.
 * @throws SourceError if two folders have the same name, as in 2020/cat and 2021/cat, or a/left and b/left
 */
function labelsByFolder(path: string, images: readonly string[]): Map<string, string> {
  const folders = [...new Set(images.map((image) => dirname(image)))].filter(
    (name) => name !== ".",
  );
  const named = new Map<string, string>();
  for (const folder of folders) {
    const label = basename(folder);
    const other = named.get(label);
    if (other !== undefined)
      throw new SourceError(
        `${path} has images in ${other} and in ${folder}: whether these are of one class is not clear. Name the folder that has a ` +
          "folder for each class, or put the images of a class into one folder.",
      );
    named.set(label, folder);
  }
  return new Map(folders.map((folder) => [folder, basename(folder)]));
}
