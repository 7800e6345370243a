/** Samples in tar archives in the WebDataset layout: consecutive files with a common key form one record. */
import type { LocatedSample } from "../../sample.js";
import type { RemoteState } from "../../remote/store.js";
import { SampleError } from "../source-error.js";
import type { ByteReader } from "./byte-reader.js";
import type { ImagePlace } from "../../image-place.js";
import {
  type FilesOptions,
  isImageFile,
  isSampleExtension,
  sampleOfFiles,
} from "../sample-files.js";
import { type TarEntry, tarEntries } from "./entries.js";

const mostFiles = 1000; // per record

interface TarRecord {
  /** Number within the archive. */
  readonly record: number;
  /** Unique within the archive; includes the number if an earlier record has the same key. */
  readonly key: string;
  /** The archive and its first file, "a.tar:x.jpg". */
  readonly path: string;
  /** @throws SampleError if this sample cannot be used */
  readonly load: () => LocatedSample;
}

/** Splits a path into key and extension at the first dot of the base name; undefined for hidden files. */
function splitName(path: string): { key: string; extension: string } | undefined {
  const base = path.lastIndexOf("/") + 1;
  const dot = path.indexOf(".", base);
  if (dot === base || base === path.length) return undefined;
  if (dot < 0) return { key: path, extension: "" };
  return { key: path.slice(0, dot), extension: path.slice(dot + 1).toLowerCase() };
}

/** The number of records in an archive. Reads only headers. */
export async function countRecords(
  archive: string,
  bytes: ByteReader,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  let last: string | undefined;
  for await (const { path } of tarEntries(archive, bytes)) {
    signal?.throwIfAborted();
    const name = splitName(path);
    if (name === undefined || name.key === last) continue;
    last = name.key;
    count++;
  }
  return count;
}

/** A record whose files are being collected. */
interface Gathering {
  readonly record: number;
  /** The common part of its file names. */
  readonly name: string;
  readonly key: string;
  readonly path: string;
  readonly files: Map<string, Buffer | ImagePlace>;
  fault?: SampleError;
}

interface TarRecordOptions {
  /** Largest size of a file. */
  readonly maxBytes: number;
  /** Whether images are left in the archive, which is then a file. */
  readonly inPlace: boolean;
  /** Of an archive at a URL. */
  readonly state?: RemoteState;
  /** How files are read. */
  readonly files?: Omit<FilesOptions, "path">;
}

/** The records of an archive. */
export async function* tarRecords(
  archive: string,
  bytes: ByteReader,
  options: TarRecordOptions,
): AsyncGenerator<TarRecord> {
  const names = new Set<string>();
  let current: Gathering | undefined;
  let record = -1;
  for await (const entry of tarEntries(archive, bytes)) {
    const split = splitName(entry.path);
    if (split === undefined) continue;
    const { key: name, extension } = split;
    if (name !== current?.name) {
      if (current) yield finished(archive, current, options);
      const key = names.has(name) ? `${name}:${record + 1}` : name;
      names.add(name);
      const path = `${archive}:${entry.path}`;
      current = { record: ++record, name, key, path, files: new Map() };
    }
    await gather(archive, current, extension, entry, options);
  }
  if (current) yield finished(archive, current, options);
}

async function gather(
  archive: string,
  current: Gathering,
  extension: string,
  entry: TarEntry,
  { maxBytes, inPlace, state }: TarRecordOptions,
): Promise<void> {
  if (current.fault || !isSampleExtension(extension)) return;
  const { key, files } = current;
  if (entry.size > maxBytes)
    current.fault = new SampleError(
      key,
      "too large",
      `${entry.path} has ${entry.size} bytes, more than the limit of ${maxBytes}.`,
    );
  else if (files.has(extension) || files.size === mostFiles)
    current.fault = new SampleError(key, "damaged", `${entry.path} occurs twice in one record.`);
  else if (inPlace && isImageFile(extension))
    files.set(extension, {
      file: archive,
      range: { start: entry.start, bytes: entry.size },
      ...(state && { state }),
    });
  else files.set(extension, await entry.take());
  if (current.fault) files.clear();
}

function finished(
  archive: string,
  { record, key, path, files, fault }: Gathering,
  options: TarRecordOptions,
): TarRecord {
  return {
    record,
    key,
    path,
    load: () => {
      if (!fault) return sampleOfFiles(key, files, { ...options.files, path: archive });
      throw new SampleError(
        key,
        fault.reason,
        `${archive}, record ${record + 1}: ${fault.message}`,
      );
    },
  };
}
