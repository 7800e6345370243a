/** What all sources have in common: numbered records in numbered files, parts, cursors, and going on over bad samples. */
import { extname } from "node:path";
import type { Sample } from "../sample.js";
import type { Cursor, Part, ReadOptions, ReadSample, Source } from "./source.js";
import { SampleError, SourceError, reasonOf } from "./source-error.js";

/** A record that was found, damaged or not. */
export interface FoundRecord {
  /** Its number within its file; they rise. */
  readonly record: number;
  readonly key: string;
  /** @throws SampleError where this sample cannot be used */
  readonly load: () => Sample | Promise<Sample>;
}

/** The records of file number `file` that are wanted, in their order; the others may be left out or given as well. */
type FindRecords = (
  file: number,
  wanted: (record: number) => boolean,
) => AsyncIterable<FoundRecord>;

/**
 * A source of `files` files, given how to find the records of one. A record that gives a SampleError is counted and left
 * out; any other error ends the reading as a SourceError.
 */
export function recordSource(name: string, files: number, find: FindRecords): Source {
  return {
    name,
    async *read({ cursor = { file: 0, record: 0 }, part = { index: 0, of: 1 }, skipped } = {}) {
      requireCursor(cursor);
      requirePart(part);
      for (let file = cursor.file; file < files; file++) {
        const first = file === cursor.file ? cursor.record : 0;
        const wanted = (record: number): boolean =>
          record >= first && (file + record) % part.of === part.index;
        yield* readFile(name, file, find(file, wanted), wanted, skipped);
      }
    },
  };
}

/** What a source of these files is called; `kind` is what several of them are: "tar shards". */
export function nameOfFiles(paths: readonly string[], kind: string): string {
  return paths.length === 1 ? paths[0]! : `${paths.length} ${kind}, ${paths[0]} ...`;
}

/** A path without its extension: the key of a sample that is a file. */
export function stemOf(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

async function* readFile(
  name: string,
  file: number,
  found: AsyncIterable<FoundRecord>,
  wanted: (record: number) => boolean,
  skipped: ReadOptions["skipped"],
): AsyncGenerator<ReadSample> {
  let last = "its beginning";
  try {
    for await (const { record, key, load } of found) {
      if (!wanted(record)) continue;
      const sample = await loadOrSkip(load, skipped);
      last = `record ${record} (${key})`;
      if (sample) yield { sample, cursor: { file, record: record + 1 } };
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${name}, file ${file}, after ${last}: ${reasonOf(error)}`);
  }
}

async function loadOrSkip(
  load: FoundRecord["load"],
  skipped: ReadOptions["skipped"],
): Promise<Sample | undefined> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof SampleError)) throw error;
    skipped?.add(error.key, error.reason, error.message);
    return undefined;
  }
}

function requireCursor({ file, record }: Cursor): void {
  if ([file, record].every((number) => Number.isSafeInteger(number) && number >= 0)) return;
  throw new SourceError(
    `The cursor { file: ${file}, record: ${record} } is none: both are counted from 0. Take one that reading gave.`,
  );
}

function requirePart({ index, of }: Part): void {
  if (Number.isInteger(index) && Number.isInteger(of) && index >= 0 && index < of) return;
  throw new SourceError(`There is no part ${index} of ${of}: parts are numbered 0 to of - 1.`);
}
