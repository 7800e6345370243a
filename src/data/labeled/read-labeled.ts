/** Labeled samples from the files that people have: tables, Parquet files and folders of images. */
import { basename, dirname, join } from "node:path";
import { exists, isDirectory } from "../../base/exists.js";
import { SkippedSamples } from "../batch/skipped.js";
import { filesBelow } from "../formats/files-below.js";
import { SampleError, SourceError } from "../formats/source-error.js";
import { spread } from "../spread.js";
import { isImageName } from "../image/image-type.js";
import type { LabeledSample } from "../labeled-sample.js";
import { sampleOfRow } from "./labeled-row.js";
import { type LabeledRowOptions, dataFiles, rowsOf } from "./labeled-rows.js";
import type { TargetKind } from "./labels.js";
import { type RowPart, partOfRow, requireSplitColumn, rowPart } from "./split-column.js";

/** What of a data set is read, and what of it is the label. */
export interface ReadLabeledOptions extends LabeledRowOptions {
  /** What labels are. With "scores", a label is one answer, a list of answers, or an object of their scores in JSON. */
  readonly target: TargetKind;
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

/**
 * Reads all samples of a table (CSV, TSV, JSON Lines), a Parquet file, a folder of such files, or a folder with one folder
 * of images for each class. Rows that cannot be used are left out and counted. `reviews.csv#train` (`#validation`, `#test`) is
 * the part of the rows that a column such as "split" says are for that use.
 *
 * @throws SourceError if there is no such data, or no such column
 * @throws NoUsableSampleError if nothing can be used
 */
export async function readLabeled(path: string, options: ReadLabeledOptions): Promise<LabeledSet> {
  const part = await rowPart(path);
  const place = part?.path ?? path;
  if (!place.endsWith("*") && !(await exists(place)))
    throw new SourceError(
      `There is nothing at ${place}. Give a table, a Parquet file, or a folder.`,
    );
  const skipped = new SkippedSamples();
  const samples: LabeledSample[] = [];
  const { columns, maxSamples = Infinity } = options;
  const isTable = columns.text !== undefined || columns.image !== undefined;
  const found = isTable
    ? tableSamples(part ?? { path }, options, skipped)
    : folderSamples(path, options);
  for await (const sample of found) {
    samples.push(sample);
    if (samples.length >= maxSamples) break;
  }
  skipped.requireUsed(path, samples.length);
  return { name: path, samples, skipped };
}

async function* tableSamples(
  { path, part }: RowPart,
  options: ReadLabeledOptions,
  skipped: SkippedSamples,
): AsyncGenerator<LabeledSample> {
  const files = await dataFiles(path);
  for (const file of files) {
    const split = part && (await requireSplitColumn(file, options));
    for await (const row of rowsOf(file, options, split)) {
      if (split !== undefined && partOfRow(row, split) !== part) continue;
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
  if (folderLabels) requireFolderEach(path, images);
  for (const image of spread(images, maxSamples)) {
    const folder = dirname(image);
    yield {
      key: image,
      image: { file: join(path, image) },
      ...(folderLabels && folder !== "." && { target: { kind: "class", label: basename(folder) } }),
    };
  }
}

/** @throws SourceError if two folders have the same name, as in 2020/cat and 2021/cat, or a/left and b/left */
function requireFolderEach(path: string, images: readonly string[]): void {
  const named = new Map<string, string>();
  for (const folder of new Set(images.map((image) => dirname(image)))) {
    const other = named.get(basename(folder));
    if (other !== undefined)
      throw new SourceError(
        `${path} has images in ${other} and in ${folder}: whether these are of one class is not clear. Name the folder that has a ` +
          "folder for each class, or put the images of a class into one folder.",
      );
    named.set(basename(folder), folder);
  }
}
