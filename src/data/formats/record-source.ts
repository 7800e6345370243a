/** Shared by all sources: records in numbered files, unique keys, counts, and skipping unusable samples. */
import { extname } from "node:path";
import { counted } from "../../base/counted.js";
import type { LocatedSample, Sample } from "../sample.js";
import type { SkippedSamples } from "../batch/skipped.js";
import { identityOfFiles } from "./identity.js";
import { isPlace } from "../image-place.js";
import { readPlace } from "./read-place.js";
import type { Source, SourceOptions } from "./source.js";
import { SampleError, SourceError, reasonOf } from "./source-error.js";

/** A record, possibly damaged. */
export interface FoundRecord {
  /** Unique within its file. */
  readonly key: string;
  /** See Sample. */
  readonly path: string;
  /** See Sample. */
  readonly where?: string;
  /** @throws SampleError if this sample cannot be used */
  readonly load: () => LocatedSample | Promise<LocatedSample>;
}

interface RecordFiles {
  /** For display. */
  readonly name: string;
  /** The files; if there are several, keys begin with the distinguishing part of the file's path. */
  readonly paths: readonly string[];
  /** The files that the samples depend on, besides images read one by one; default: `paths`. */
  readonly files?: readonly string[];
  /** Names that the samples depend on. */
  readonly names?: readonly string[];
  /** The records of file number `file`, in order. If `inPlace`, images are left in archives. */
  readonly find: (file: number, inPlace: boolean) => AsyncIterable<FoundRecord>;
  /** The number of records of file number `file`, if it can be known without reading all of it. */
  readonly countOf: (file: number, signal?: AbortSignal) => Promise<number | undefined>;
}

/**
 * Builds a source from a function that finds the records of each file. Records that throw a SampleError are skipped;
 * any other error stops reading with a SourceError.
 */
export function recordSource(
  source: RecordFiles,
  { maxSamples = Infinity }: Pick<SourceOptions, "maxSamples"> = {},
): Source {
  const { name, paths, files = paths, names = [], countOf } = source;
  return {
    name,
    read: (skipped) => samplesOf(source, maxSamples, inMemory, skipped),
    locate: (skipped) => samplesOf(source, maxSamples, inPlace, skipped),
    identity: () => identityOfFiles(files, names),
    async count({ signal } = {}) {
      let total = 0;
      for (let file = 0; file < paths.length && total < maxSamples; file++) {
        // What is wrong with a file is reported when it is read.
        const count = await countOf(file, signal).catch(() => undefined);
        if (count === undefined) return undefined;
        total += count;
      }
      return Math.min(total, maxSamples);
    },
  };
}

/** Where the images of samples are to be. */
interface Images<S> {
  readonly inPlace: boolean;
  readonly complete: (sample: LocatedSample) => S | Promise<S>;
}

const inPlace: Images<LocatedSample> = { inPlace: true, complete: (sample) => sample };

const inMemory: Images<Sample> = {
  inPlace: false,
  complete: async ({ image, ...sample }) => {
    if (!image) return sample;
    return { ...sample, image: isPlace(image) ? await readPlace(image, sample) : image };
  },
};

async function* samplesOf<S>(
  { name, paths, find }: RecordFiles,
  maxSamples: number,
  images: Images<S>,
  skipped: SkippedSamples | undefined,
): AsyncGenerator<S> {
  const prefixes = paths.length === 1 ? [""] : distinctNames(paths).map((path) => `${path}/`);
  let samples = 0;
  let isEmpty = paths.length > 0;
  for (let file = 0; file < paths.length && samples < maxSamples; file++) {
    for await (const found of withSourceErrors(paths[file]!, find(file, images.inPlace))) {
      isEmpty = false;
      const sample = await loadOrSkip(found, `${prefixes[file]}${found.key}`, images, skipped);
      if (!sample) continue;
      yield sample;
      if (++samples >= maxSamples) break;
    }
  }
  if (isEmpty) throw new SourceError(`${name} has no samples: there is nothing in it.`);
}

/** Display name of a source of these files; `kind` describes several of them, such as "tar shards". */
export function nameOfFiles(paths: readonly string[], kind: string): string {
  if (paths.length === 0) return `no ${kind}`;
  return paths.length === 1 ? paths[0]! : `${paths.length} ${kind}, ${paths[0]} ...`;
}

/** A path without its extension: the key of a single-file sample. */
export function stemOf(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

/** Paths without extensions, except where these agree or one would be a folder of another. */
export function distinctStems(paths: readonly string[]): string[] {
  const stems = paths.map(stemOf);
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const folders = new Set(stems.flatMap(foldersAbove));
  return paths.map((path, index) => {
    const stem = stems[index]!;
    return counts.get(stem) === 1 && !folders.has(stem) ? stem : path;
  });
}

/** Paths relative to their common folder, without extensions where they stay distinct. */
export function distinctNames(paths: readonly string[]): string[] {
  const { length } = commonFolder(paths);
  return distinctStems(paths.map((path) => path.slice(length)));
}

/** The deepest folder that holds all `paths`, with a "/" at its end; empty if there is none, as of paths and URLs. */
export function commonFolder(paths: readonly string[]): string {
  const [first = ""] = paths;
  let end = first.lastIndexOf("/") + 1;
  while (!paths.every((path) => path.startsWith(first.slice(0, end))))
    end = end > 1 ? first.lastIndexOf("/", end - 2) + 1 : 0;
  return first.slice(0, end);
}

/** "a" and "a/b" for "a/b/c". */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
    folders.push(path.slice(0, end));
  return folders;
}

async function* withSourceErrors(
  place: string,
  found: AsyncIterable<FoundRecord>,
): AsyncGenerator<FoundRecord> {
  let records = 0;
  try {
    for await (const record of found) {
      yield record;
      records++;
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${place}, after ${counted(records, "record")}: ${reasonOf(error)}`);
  }
}

async function loadOrSkip<S>(
  { load, path, where }: FoundRecord,
  key: string,
  { complete }: Images<S>,
  skipped: SkippedSamples | undefined,
): Promise<S | undefined> {
  try {
    return await complete({ path, ...(where !== undefined && { where }), ...(await load()), key });
  } catch (error) {
    if (!(error instanceof SampleError)) throw error;
    skipped?.add({ key, where }, error.reason, error.fault);
    return undefined;
  }
}
