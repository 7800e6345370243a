/** Embeds a data set into an index; what an interrupted run embedded is not embedded again. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Abortable } from "../base/call-options.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { BackgroundCount } from "../data/formats/background-count.js";
import { type ImagePlace, isPlace } from "../data/image-place.js";
import { readPlace } from "../data/formats/read-place.js";
import type { Source } from "../data/formats/source.js";
import { SampleError } from "../data/formats/source-error.js";
import type { DecodeOptions } from "../data/image/decode.js";
import { absolutePlace } from "../data/remote/absolute-place.js";
import type { LocatedSample, Sample } from "../data/sample.js";
import { type Embedded, embedSamples } from "../inference/embed-samples.js";
import type { EmbeddingFile } from "./embedding-file.js";
import { describedSample } from "./embedding-job.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { type IndexChanges, Reconciliation, hasSameContent } from "./reconcile.js";
import { type IndexEntry, type IndexRow, type VectorIndex, entryOf } from "./vector-index.js";

/** How a data set is read, and how that is stopped and followed. */
export interface IndexSourceOptions extends Abortable {
  /** How images are decoded. */
  readonly decode?: DecodeOptions;
  /**
   * Called with the number of samples done, including those that were there already and those left out, and with the number
   * of all samples once it is known.
   */
  readonly onProgress?: (samples: number, total?: number) => void;
}

/** What a data set changed in an index. */
export interface IndexReport extends IndexChanges {
  /** The samples that could not be used. */
  readonly skipped: SkippedSamples;
}

/** Rows of a file added at a time. */
const rowsAtOnce = 1024;

interface EntrySample extends Sample {
  readonly entry: IndexEntry;
}

/**
 * Makes an index hold the samples of a data set: embeds the image and the first text of those that are new or have changed, and
 * deletes those that are gone. Files whose size and time are the same are not read again. Every few hundred samples are on
 * disk before the next are embedded, so that the next run continues after an interruption.
 *
 * @param source as returned by `openSource`
 * @param flava the model that the index was made for, such as a loaded `Flava`
 * @throws NoUsableSampleError if no sample can be used; then nothing is deleted
 */
export async function indexSource(
  index: VectorIndex,
  source: Source,
  { embedder }: EmbeddingModel,
  options: IndexSourceOptions = {},
): Promise<IndexReport> {
  const { decode, onProgress, signal } = options;
  const skipped = new SkippedSamples();
  const work = await Reconciliation.begin(index, { signal });
  const missing = missingSamples(source, work, skipped, signal);
  const count = onProgress && new BackgroundCount([source]);
  let embedded = 0;
  const report = (): void => onProgress?.(work.unchanged + embedded + skipped.total, count?.total);
  try {
    const chunks = embedSamples(embedder, missing, {
      ...{ texts: true, skipped },
      ...(decode && { decode }),
      ...(signal && { signal }),
    });
    for await (const chunk of chunks) {
      await work.put(chunk.map(rowOf));
      embedded += chunk.length;
      report();
    }
  } finally {
    count?.stop();
  }
  skipped.requireUsed(source.name, work.unchanged + embedded);
  return { ...(await work.finish()), skipped };
}

/**
 * Makes an index hold the rows of a file that `flava embed` or `writeEmbeddings` wrote; entries that it does not have are
 * deleted.
 */
export async function indexEmbeddings(
  index: VectorIndex,
  file: EmbeddingFile,
  { signal, onProgress }: IndexSourceOptions = {},
): Promise<IndexReport> {
  const work = await Reconciliation.begin(index, { signal });
  let rows = 0;
  let some: IndexRow[] = [];
  const put = async (): Promise<void> => {
    await work.put(some);
    some = [];
  };
  for await (const row of file.rows()) {
    signal?.throwIfAborted();
    rows++;
    const content = digestOf(...[row.image, row.textVector].flatMap((vector) => vector ?? []));
    const entry = { ...entryOf(row), content };
    if (hasSameContent(entry, work.entryOf(row.key))) await work.keep(entry);
    else if (some.push({ ...row, content }) >= rowsAtOnce) await put();
    if (rows % rowsAtOnce === 0) onProgress?.(rows, file.count);
  }
  await put();
  onProgress?.(rows, file.count);
  const skipped = new SkippedSamples();
  skipped.requireUsed(file.origin.source, rows);
  return { ...(await work.finish()), skipped };
}

/** The samples whose vectors have to be computed; all others are kept. */
async function* missingSamples(
  source: Source,
  work: Reconciliation,
  skipped: SkippedSamples,
  signal: AbortSignal | undefined,
): AsyncGenerator<EntrySample> {
  for await (const located of source.locate(skipped)) {
    signal?.throwIfAborted();
    const { image, ...sample } = located;
    const known = work.entryOf(sample.key);
    const described = await describe(located);
    if (known && described.stamp !== undefined && isUntouched(described, known)) {
      await work.keep({ ...described, ...contentOf(known) });
      continue;
    }
    try {
      const bytes = image && (isPlace(image) ? await readPlace(image, sample) : image);
      const content = digestOf(bytes ?? Buffer.from(sample.texts[0] ?? ""));
      const entry = { ...described, content };
      if (hasSameContent(entry, known)) await work.keep(entry);
      else yield { ...sample, entry, ...(bytes && { image: bytes }) };
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
      skipped.add(sample, error.reason, error.fault);
    }
  }
}

/** What the index says of a sample, besides the digest of its content. */
async function describe(sample: LocatedSample): Promise<IndexEntry> {
  const { image } = sample;
  const described = describedSample(sample);
  if (!image || !isPlace(image)) return described;
  const place: ImagePlace = { ...image, file: absolutePlace(image.file) };
  if (place.state) return { ...described, place, stamp: `${place.state.size} ${place.state.tag}` };
  const found = await stat(place.file).catch(() => undefined); // what is wrong is said when it is read
  if (!found) return { ...described, place };
  // A file that took the name of another may have its size and its time, as those have that were unpacked together.
  return { ...described, place, stamp: `${found.size} ${found.mtimeMs} ${found.ctimeMs}` };
}

const isUntouched = (entry: IndexEntry, known: IndexEntry): boolean =>
  entry.stamp === known.stamp &&
  entry.text === known.text &&
  isDeepStrictEqual(entry.place, known.place);

const contentOf = ({ content }: IndexEntry): Pick<IndexEntry, "content"> =>
  content === undefined ? {} : { content };

function digestOf(...parts: readonly (Uint8Array | Float32Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64");
}

function rowOf({ sample, image, text }: Embedded<EntrySample>): IndexRow {
  return { ...sample.entry, ...(image && { image }), ...(text && { textVector: text }) };
}
