/** WebDataset: samples in tar archives, plain or gzipped. */
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { FileBytes, StreamBytes } from "./byte-reader.js";
import { countRecords, tarRecords } from "./records.js";
import { nameOfFiles, recordSource } from "../record-source.js";
import { type Source, type SourceOptions, defaultMaxBytes } from "../source.js";
import { SourceError, reasonOf } from "../source-error.js";

const mostBraced = 1_000_000;
const bombRatio = 200; // even archives of tiny files, half of whose blocks are zeros, compress by 50 at most
const unsuspiciousBytes = 64 * 1024 * 1024;

export const isTarName = (path: string): boolean => /\.(tar|tar\.gz|tgz)$/i.test(path);

/** Expands a pattern such as "train-{00000..00012}.tar" or "{train,val}.tar" to paths, in order. */
export function expandBraces(pattern: string): string[] {
  const brace = /\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}/.exec(pattern);
  if (!brace) return [pattern];
  const [whole, from = "", to = "", list] = brace;
  const count = Number(to) - Number(from) + 1;
  if (list === undefined && !(count >= 1 && count <= mostBraced))
    throw new SourceError(
      `${whole} in ${pattern} expands to ${count} files; write the lower number first, such as {00000..00012}.`,
    );
  const middles =
    list?.split(",") ??
    Array.from({ length: count }, (_, index) =>
      String(Number(from) + index).padStart(from.length, "0"),
    );
  const head = pattern.slice(0, brace.index);
  const tails = expandBraces(pattern.slice(brace.index + whole.length));
  if (middles.length * tails.length > mostBraced)
    throw new SourceError(`${pattern} expands to more than ${mostBraced} files.`);
  return middles.flatMap((middle) => tails.map((tail) => head + middle + tail));
}

/** Samples of the archives at `paths`, in order. Files with a common key form one sample; see `sampleOfFiles`. */
export function tarSource(paths: readonly string[], options: SourceOptions = {}): Source {
  const { maxBytes = defaultMaxBytes } = options;
  const isCompressed = (path: string): boolean => /\.(tar\.gz|tgz)$/i.test(path);
  const find = (file: number, inPlace: boolean): Records => {
    const path = paths[file]!;
    if (!isCompressed(path)) return plainRecords(path, { maxBytes, inPlace });
    return compressedRecords(path, { maxBytes, inPlace: false });
  };
  const countOf = async (file: number, signal?: AbortSignal): Promise<number | undefined> =>
    isCompressed(paths[file]!) ? undefined : recordCount(paths[file]!, signal);
  return recordSource({ name: nameOfFiles(paths, "tar shards"), paths, find, countOf }, options);
}

type Options = Parameters<typeof tarRecords>[2];
type Records = ReturnType<typeof tarRecords>;

async function* plainRecords(path: string, options: Options): Records {
  const { handle, size } = await openArchive(path);
  try {
    yield* tarRecords(path, new FileBytes(handle, 0, size), options);
  } finally {
    await handle.close();
  }
}

/**
 * Counts the records of an archive that is not compressed.
 * @throws SourceError if it is missing or damaged
 */
export async function recordCount(path: string, signal?: AbortSignal): Promise<number> {
  const { handle, size } = await openArchive(path);
  try {
    return await countRecords(path, new FileBytes(handle, 0, size), signal);
  } finally {
    await handle.close();
  }
}

async function openArchive(path: string): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  const { size } = await handle.stat();
  if (size > 0) return { handle, size };
  await handle.close();
  throw new SourceError(`${path} is empty: it has 0 bytes. Perhaps its download was interrupted.`);
}

async function* compressedRecords(path: string, options: Options): Records {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  const bytes = new StreamBytes(guarded(path, file.pipe(gunzip), () => file.bytesRead));
  try {
    yield* tarRecords(path, bytes, options);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** Passes chunks through; throws if the compression ratio is suspiciously high (a decompression bomb). */
async function* guarded(
  path: string,
  chunks: AsyncIterable<unknown>,
  bytesRead: () => number,
): AsyncGenerator {
  let length = 0;
  try {
    for await (const chunk of chunks) {
      length += (chunk as Buffer).length;
      if (length > unsuspiciousBytes && length > bombRatio * bytesRead())
        throw new SourceError(
          `${path} grows more than ${bombRatio}-fold when it is unpacked: this is not an archive of samples.`,
        );
      yield chunk;
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      `${path} cannot be unpacked after byte ${length}: ${reasonOf(error)}. The file is cut off or damaged.`,
    );
  }
}
