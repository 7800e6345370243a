/** Random access to the samples of tar shards, for training. */
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Sample } from "../../sample.js";
import { SampleError, SourceError, reasonOf } from "../source-error.js";
import { FileBytes } from "./byte-reader.js";
import { LruCache } from "../../../base/lru-cache.js";
import { type ListedShard, listName, readShardList } from "./shard-list.js";
import { defaultMaxBytes } from "../source.js";
import { recordOffsets, tarRecords } from "./records.js";

interface Shard {
  readonly path: string;
  /** Number of records, including damaged ones. */
  readonly samples: number;
}

/** Shards with random access to samples. Cheap to open: every thread opens its own. */
interface Shards {
  /** Number of records in all shards. */
  readonly samples: number;
  readonly shards: readonly Shard[];
  /**
   * Reads record number `record` of shard `shard`.
   * @throws SampleError if the sample cannot be used, SourceError if the shard cannot be read
   */
  readonly read: (shard: number, record: number) => Promise<Sample>;
  /** Closes the files once pending reads are done. */
  readonly close: () => void;
}

interface OpenShardsOptions {
  /** Largest size of a file in a shard in bytes; default: 256 MiB. */
  readonly maxBytes?: number;
  /** Number of shard files to keep open; default: 64. */
  readonly openFiles?: number;
}

const rememberedRecords = 1 << 24; // cached offsets: at most 128 MiB
const firstRead = 64 * 1024; // enough for most samples

/**
 * Opens the tar shards in a directory, or those listed. The sample count of a shard is taken from `shards.json` if the
 * file size matches; other shards are scanned.
 * @throws SourceError if there are no shards, one is missing, or one that must be scanned is damaged
 */
export async function openShards(
  directoryOrPaths: string | readonly string[],
  options: OpenShardsOptions = {},
): Promise<Shards> {
  const reader = new ShardReader(options);
  try {
    const found =
      typeof directoryOrPaths === "string"
        ? await shardsOfDirectory(directoryOrPaths)
        : directoryOrPaths.map((path): FoundShard => ({ path }));
    const shards: Shard[] = [];
    for (const { path, listed } of found)
      shards.push({ path, samples: listed?.samples ?? (await reader.count(path)) });
    return {
      samples: shards.reduce((sum, { samples }) => sum + samples, 0),
      shards,
      read: (shard, record) => {
        const { path, samples } = shards[shard] ?? { path: `shard ${shard}`, samples: 0 };
        if (Number.isInteger(record) && record >= 0 && record < samples)
          return reader.read(path, record, samples);
        const message = `${path} has no record ${record}: there are ${shards.length} shards, this one of ${samples} records.`;
        return Promise.reject(new SourceError(message));
      },
      close: () => reader.close(),
    };
  } catch (error) {
    reader.close();
    throw error;
  }
}

/** A file, and its entry in the list if its size matches. */
interface FoundShard {
  readonly path: string;
  readonly listed?: ListedShard | undefined;
}

/** The tar files of a directory, in order. */
async function shardsOfDirectory(directory: string): Promise<FoundShard[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new SourceError(`${directory} is not a directory of shards: ${reasonOf(error)}`);
  });
  const list = (await readShardList(directory)) ?? [];
  const lacking = list.find(({ name }) => !names.includes(name));
  if (lacking)
    throw new SourceError(
      `${join(directory, listName)} lists ${lacking.name}, which is missing. Restore it, or delete ${listName} to continue without it.`,
    );
  const tars = names.filter((name) => name.endsWith(".tar")).sort();
  const isEmptyList = names.includes(listName) && list.length === 0;
  const hint = names.some((name) => /\.gz$|\.tgz$/.test(name)) ? "; unpack the .gz first" : "";
  if (tars.length === 0 && !isEmptyList)
    throw new SourceError(`${directory} holds no .tar files${hint}.`);
  const listed = new Map(list.map((shard) => [shard.name, shard]));
  return Promise.all(
    tars.map(async (name) => {
      const path = join(directory, name);
      const known = listed.get(name);
      const matches = known?.bytes === (await stat(path)).size;
      return { path, listed: matches ? known : undefined };
    }),
  );
}

/** A file that is closed when its last reader is done. */
interface SharedFile {
  readonly handle: FileHandle;
  readonly size: number;
  readers: number;
  dropped: boolean;
  isClosed: boolean;
}

/** Reads records by number; caches their offsets and keeps some files open. */
class ShardReader {
  readonly #maxBytes: number;
  readonly #files: LruCache<string, Promise<SharedFile>>;
  readonly #offsets = new LruCache<string, Float64Array>(rememberedRecords);
  readonly #scans = new Map<string, Promise<Float64Array>>(); // in progress

  constructor({ maxBytes = defaultMaxBytes, openFiles = 64 }: OpenShardsOptions) {
    this.#maxBytes = maxBytes;
    this.#files = new LruCache(openFiles, (opening) => void opening.then(drop, () => undefined));
  }

  async count(path: string): Promise<number> {
    return this.#withFile(path, async (file) => (await this.#offsetsOf(path, file)).length - 1);
  }

  async read(path: string, record: number, samples: number): Promise<Sample> {
    return this.#withFile(path, async (file) => {
      const offsets = await this.#offsetsOf(path, file);
      if (offsets.length - 1 !== samples)
        throw new SourceError(
          `${path} holds ${offsets.length - 1} records, not ${samples} as when it was opened or as listed in ${listName}. ` +
            `Delete ${listName} to count again.`,
        );
      const [start, end] = [offsets[record]!, offsets[record + 1]!];
      const bytes = new FileBytes(file.handle, start, end, Math.min(end - start, firstRead));
      for await (const found of tarRecords(path, bytes, this.#maxBytes)) return found.load();
      throw new SampleError(String(record), "missing", `${path}, record ${record}: not there.`);
    });
  }

  close(): void {
    this.#files.clear();
  }

  async #offsetsOf(path: string, file: SharedFile): Promise<Float64Array> {
    const known = this.#offsets.get(path) ?? this.#scans.get(path);
    if (known) return known;
    const scan = recordOffsets(path, new FileBytes(file.handle, 0, file.size));
    this.#scans.set(path, scan);
    try {
      const offsets = await scan;
      this.#offsets.set(path, offsets, offsets.length);
      return offsets;
    } finally {
      this.#scans.delete(path);
    }
  }

  async #withFile<Result>(
    path: string,
    use: (file: SharedFile) => Promise<Result>,
  ): Promise<Result> {
    let opening = this.#files.get(path);
    if (!opening) {
      opening = openShared(path);
      this.#files.set(path, opening);
      opening.catch(() => this.#files.delete(path)); // so that the next read retries
    }
    const file = await opening;
    if (file.isClosed) return this.#withFile(path, use); // evicted in the meantime
    file.readers++;
    try {
      return await use(file);
    } finally {
      file.readers--;
      if (file.dropped) drop(file);
    }
  }
}

async function openShared(path: string): Promise<SharedFile> {
  if (/\.gz$|\.tgz$/.test(path))
    throw new SourceError(
      `${basename(path)} is compressed, so it has no random access: unpack it first, or read it sequentially.`,
    );
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const found = await handle.stat();
    if (!found.isFile()) throw new SourceError("it is not a file");
    return { handle, size: found.size, readers: 0, dropped: false, isClosed: false };
  } catch (error) {
    await handle?.close();
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

function drop(file: SharedFile): void {
  file.dropped = true;
  if (file.readers > 0) return; // the last reader calls this again
  file.isClosed = true;
  void file.handle.close().catch(() => undefined);
}
