/** Shared by all sources: numbered records in numbered files, cursors, unique keys, and skipping unusable samples. */
import { extname } from "node:path";
import type { Sample } from "../sample.js";
import type { Cursor, ReadOptions, Source, SourceOptions } from "./source.js";
import { SampleError, SourceError, reasonOf } from "./source-error.js";

/** A record, possibly damaged. */
export interface FoundRecord {
  /** Number within its file; ascending. */
  readonly record: number;
  /** Unique within its file. */
  readonly key: string;
  /** See Sample. */
  readonly path: string;
  /** @throws SampleError if this sample cannot be used */
  readonly load: () => Sample | Promise<Sample>;
}

interface RecordFiles {
  /** For display. */
  readonly name: string;
  /** The files; if there are several, keys begin with the distinguishing part of the file's path. */
  readonly paths: readonly string[];
  /** The records of file number `file`, in order; those before `first` may be omitted. */
  readonly find: (file: number, first: number) => AsyncIterable<FoundRecord>;
}

/**
 * Builds a source from a function that finds the records of each file. Records that throw a SampleError are skipped;
 * any other error stops reading with a SourceError.
 */
export function recordSource(
  { name, paths, find }: RecordFiles,
  { maxSamples = Infinity }: Pick<SourceOptions, "maxSamples"> = {},
): Source {
  const prefixes = paths.length === 1 ? [""] : namesApart(paths).map((apart) => `${apart}/`);
  return {
    name,
    async *read({ cursor = { file: 0, record: 0 }, skipped } = {}) {
      requireCursor(cursor);
      let samples = cursor.samples ?? 0;
      let isEmpty = true;
      for (let file = cursor.file; file < paths.length && samples < maxSamples; file++) {
        const first = file === cursor.file ? cursor.record : 0;
        const records = withSourceErrors(`${name}, file ${file}`, find(file, first));
        for await (const found of records) {
          if (found.record < first) continue;
          isEmpty = false;
          const sample = await loadOrSkip(found, `${prefixes[file]}${found.key}`, skipped);
          if (!sample) continue;
          yield { sample, cursor: { file, record: found.record + 1, samples: ++samples } };
          if (samples >= maxSamples) break;
        }
      }
      if (isEmpty && cursor.file === 0 && cursor.record === 0)
        throw new SourceError(`${name} has no samples: there is nothing in it.`);
    },
  };
}

/** Display name of a source of these files; `kind` describes several of them, such as "tar shards". */
export function nameOfFiles(paths: readonly string[], kind: string): string {
  return paths.length === 1 ? paths[0]! : `${paths.length} ${kind}, ${paths[0]} ...`;
}

/** A path without its extension: the key of a single-file sample. */
export function stemOf(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

/** Paths without extensions, except where two paths differ only in their extension. */
export function stemsApart(paths: readonly string[]): string[] {
  const stems = paths.map(stemOf);
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return paths.map((path, index) => (counts.get(stems[index]!) === 1 ? stems[index]! : path));
}

/** Paths relative to their common folder, without extensions. */
function namesApart(paths: readonly string[]): string[] {
  const [first = ""] = paths;
  let end = first.lastIndexOf("/") + 1;
  while (!paths.every((path) => path.startsWith(first.slice(0, end))))
    end = first.lastIndexOf("/", end - 2) + 1;
  return stemsApart(paths.map((path) => path.slice(end)));
}

async function* withSourceErrors(
  place: string,
  found: AsyncIterable<FoundRecord>,
): AsyncGenerator<FoundRecord> {
  let last = "its beginning";
  try {
    for await (const record of found) {
      yield record;
      last = `record ${record.record} (${record.key})`;
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${place}, after ${last}: ${reasonOf(error)}`);
  }
}

async function loadOrSkip(
  { load, path }: FoundRecord,
  key: string,
  skipped: ReadOptions["skipped"],
): Promise<Sample | undefined> {
  try {
    return { path, ...(await load()), key };
  } catch (error) {
    if (!(error instanceof SampleError)) throw error;
    skipped?.add(key, error.reason, error.message);
    return undefined;
  }
}

function requireCursor({ file, record, samples = 0 }: Cursor): void {
  if ([file, record, samples].every((number) => Number.isSafeInteger(number) && number >= 0))
    return;
  throw new SourceError(
    `Expected a cursor of integers >= 0, as reading gives them, not { file: ${file}, record: ${record}, samples: ${samples} }.`,
  );
}
