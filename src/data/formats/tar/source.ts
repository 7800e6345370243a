/** WebDataset: samples in tar archives, plain or gzipped. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ByteRanges } from "../byte-ranges.js";
import { ColumnChoices, NamedColumns } from "../column-choices.js";
import { openRanges } from "../open-ranges.js";
import { FileBytes, StreamBytes } from "./byte-reader.js";
import { countRecords, tarRecords } from "./records.js";
import { isRemote } from "../../remote/address.js";
import { nameOfFiles, recordSource } from "../record-source.js";
import { type Source, type SourceOptions, defaultMaxBytes } from "../source.js";
import { SourceError, reasonOf } from "../source-error.js";

const bombRatio = 200; // even archives of tiny files, half of whose blocks are zeros, compress by 50 at most
const chunkBytes = 256 * 1024; // of a compressed archive
const unsuspiciousBytes = 64 * 1024 * 1024;

export const isTarName = (path: string): boolean => /\.(tar|tar\.gz|tgz)$/i.test(path);

/** Samples of the archives at `paths`, in order. Files with a common key form one sample; see `sampleOfFiles`. */
export function tarSource(
  paths: readonly string[],
  options: SourceOptions = {},
  choices = new ColumnChoices(options, paths.length > 1),
): Source {
  const { columns = {}, maxBytes = defaultMaxBytes } = options;
  const isCompressed = (path: string): boolean => /\.(tar\.gz|tgz)$/i.test(path);
  const find = (file: number, inPlace: boolean): Records => {
    const path = paths[file]!;
    const named = new NamedColumns({ ...columns, image: undefined }); // images are files
    const own = { maxBytes, files: { columns, choices, named } };
    const records = isCompressed(path)
      ? compressedRecords(path, { ...own, inPlace: false })
      : plainRecords(path, { ...own, inPlace });
    return ending(records, () => named.require(path));
  };
  const countOf = async (file: number, signal?: AbortSignal): Promise<number | undefined> =>
    isCompressed(paths[file]!) || isRemote(paths[file]!)
      ? undefined
      : recordCount(paths[file]!, signal);
  return recordSource({ name: nameOfFiles(paths, "tar shards"), paths, find, countOf }, options);
}

type Options = Parameters<typeof tarRecords>[2];
type Records = ReturnType<typeof tarRecords>;

async function* ending(records: Records, end: () => void): Records {
  yield* records;
  end();
}

async function* plainRecords(path: string, options: Options): Records {
  const file = await openArchive(path);
  try {
    const { size, state } = file;
    yield* tarRecords(path, new FileBytes(file, 0, size), { ...options, ...(state && { state }) });
  } finally {
    await file.close();
  }
}

/**
 * Counts the records of an archive that is not compressed.
 * @throws SourceError if it is missing or damaged
 */
export async function recordCount(path: string, signal?: AbortSignal): Promise<number> {
  const file = await openArchive(path);
  try {
    return await countRecords(path, new FileBytes(file, 0, file.size), signal);
  } finally {
    await file.close();
  }
}

async function openArchive(path: string): Promise<ByteRanges> {
  const file = await openRanges(path).catch((error: unknown) => {
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  if (file.size > 0) return file;
  await file.close();
  throw new SourceError(`${path} is empty: it has 0 bytes. Perhaps its download was interrupted.`);
}

async function* compressedRecords(path: string, options: Options): Records {
  const file = await openArchive(path);
  const gunzip = createGunzip();
  let bytesRead = 0;
  const chunks = async function* (): AsyncGenerator<Buffer> {
    for (; bytesRead < file.size; bytesRead += chunkBytes) yield file.read(bytesRead, chunkBytes);
  };
  const packed = Readable.from(chunks(), { objectMode: false });
  packed.on("error", (error) => gunzip.destroy(error));
  const bytes = new StreamBytes(guarded(path, packed.pipe(gunzip), () => bytesRead));
  try {
    yield* tarRecords(path, bytes, options);
  } finally {
    packed.destroy();
    gunzip.destroy();
    await file.close();
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
