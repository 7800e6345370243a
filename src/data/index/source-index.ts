/** Indexes in the cache: every source is indexed once, and again when it has changed. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../../base/cache.js";
import type { BatchKind } from "../batch/mixture.js";
import { type SkipReason, SkippedSamples } from "../batch/skipped.js";
import { absolutePlace } from "../remote/absolute-place.js";
import { openSource } from "../formats/open.js";
import type { Source, SourceOptions } from "../formats/source.js";
import { type IndexDescription, IndexWriter, describedIndex } from "./index-file.js";

/** How indexing is stopped and followed. */
export interface IndexOptions {
  /** Stops indexing; nothing remains then. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of samples indexed so far. */
  readonly onProgress?: ((samples: number, source: string) => void) | undefined;
  /** Called with a line if a source has changed. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A source whose samples can be read by number. */
export interface IndexedSource {
  /** Display name of the source. */
  readonly source: string;
  /** Directory of the index. */
  readonly directory: string;
  /** Of the content; see the index's description. Equal for copies of the data on other machines. */
  readonly digest: string;
  /** Samples that can be used for each kind of batch. */
  readonly samples: Readonly<Record<BatchKind, number>>;
  /** Samples that can be used for some kind. */
  readonly usable: number;
  /** Samples that cannot be used at all. */
  readonly skipped: SkippedSamples;
}

const samplesPerReport = 1000;
const daysKept = 30;
const day = 24 * 60 * 60 * 1000;

/**
 * The index of the data set at `path`, made now if there is none or if the source has changed since.
 * @throws SourceError if the source cannot be read
 */
export async function indexSource(
  path: string,
  options: SourceOptions = {},
  progress: IndexOptions = {},
): Promise<IndexedSource> {
  const guesses: string[] = [];
  const onGuess = (line: string): void => {
    guesses.push(line);
    options.onGuess?.(line);
  };
  // An index is found, and its images are read, from any working directory.
  const place = absolutePlace(path);
  const imageRoot = options.imageRoot && absolutePlace(options.imageRoot);
  const read = { ...options, ...(imageRoot && { imageRoot }) };
  const source = await openSource(place, { ...read, onGuess });
  const all = join(cacheDirectory(), "indexes");
  const name = createHash("sha256")
    .update(JSON.stringify([place, read]))
    .digest("hex");
  const directory = join(all, name.slice(0, 32));
  const identity = await source.identity();
  const known = await describedIndex(directory);
  if (known && known.identity !== identity)
    progress.log?.(`  ${source.name} has changed since it was indexed, and is indexed anew.`);
  const isKnown = known?.identity === identity && !(await mayBeComplete(directory, known));
  if (isKnown) known.guesses.forEach((line) => options.onGuess?.(line));
  const description = isKnown
    ? known
    : await build(source, { identity, guesses }, directory, progress);
  const now = new Date();
  await utimes(directory, now, now);
  const skipped = new SkippedSamples();
  const { counts, first } = description.skipped;
  skipped.addAll({ counts: new Map(counts), first });
  const { usable, samples, digest } = description;
  return { source: source.name, directory, digest, samples, usable, skipped };
}

/** Faults of files that no identity covers: images that a table names. */
const curable: readonly SkipReason[] = ["missing", "unreadable", "empty", "too large"];

/** Whether samples that were left out before this process started may be there by now. */
async function mayBeComplete(directory: string, { skipped }: IndexDescription): Promise<boolean> {
  if (!skipped.counts.some(([reason]) => curable.includes(reason))) return false;
  const { mtimeMs } = await stat(join(directory, "index.json"));
  return mtimeMs < performance.timeOrigin;
}

async function build(
  source: Source,
  found: Pick<IndexDescription, "identity" | "guesses">,
  directory: string,
  { signal, onProgress }: IndexOptions,
): Promise<IndexDescription> {
  const all = join(directory, "..");
  await mkdir(all, { recursive: true });
  await removeUnused(all);
  const partial = `${directory}.${randomUUID()}`;
  const writer = await IndexWriter.create(partial);
  const skipped = new SkippedSamples();
  let usable = 0;
  try {
    for await (const sample of source.locate(skipped)) {
      signal?.throwIfAborted();
      await writer.add(sample);
      usable++;
      if (usable % samplesPerReport === 0) onProgress?.(usable, source.name);
    }
    const counts = { counts: [...skipped.counts], first: skipped.first };
    const facts = { source: source.name, ...found, usable, skipped: counts };
    const description = await writer.close(facts);
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
    return description;
  } catch (error) {
    await writer.abandon().catch(() => undefined);
    await rm(partial, { recursive: true, force: true });
    throw isFull(error) ? fullCache(error) : error;
  }
}

const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOSPC";

const fullCache = (cause: unknown): Error =>
  new Error(
    `The disk that has the cache ${cacheDirectory()} is full. Make room, or choose another cache (FLAVA_CACHE).`,
    { cause },
  );

/** Removes indexes that were not used for some time, and those that an ended process left unfinished. */
async function removeUnused(all: string): Promise<void> {
  for (const name of await readdir(all)) {
    const path = join(all, name);
    const found = await stat(path).catch(() => undefined);
    const days = name.includes(".") ? 1 : daysKept;
    if (found && Date.now() - found.mtimeMs > days * day) await rm(path, { recursive: true });
  }
}
