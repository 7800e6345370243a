/** Writes samples to tar shards that WebDataset and this package can read. */
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Header, Pax } from "tar";
import { Appender } from "../../appender.js";
import { CallQueue } from "../../../base/call-queue.js";
import type { Sample } from "../../sample.js";
import { SampleError, SourceError } from "../source-error.js";
import { type SampleFile, filesOfSample } from "../sample-files.js";
import { type ListedShard, listName, readShardList, writeShardList } from "./shard-list.js";
import { blockBytes, padded } from "./entries.js";

/** Names and sizes of shards. */
export interface ShardWriterOptions {
  /** Shards are named `name-00000.tar`, `name-00001.tar` ... */
  readonly name: string;
  /** Default: 10,000. */
  readonly samplesPerShard?: number;
  /** Default: 1 GB; a larger sample gets its own shard. */
  readonly bytesPerShard?: number;
}

const endBytes = 2 * blockBytes;

/** A shard being written under a temporary name. */
interface OpenShard {
  readonly path: string;
  readonly name: string;
  readonly file: Appender;
  samples: number;
  lastKey: string;
}

/**
 * Writes shards of limited sample count and size, and `shards.json` beside them. A shard appears under its final name
 * only when complete. The same samples give the same bytes. In a directory that already has shards, writing continues
 * after them; `completed()` is their number of samples.
 */
export class ShardWriter {
  readonly #options: Required<ShardWriterOptions>;
  #complete: ListedShard[] | undefined;
  #shard: OpenShard | undefined;
  /** Operations run one after another, whether or not the caller awaits them. */
  readonly #queue = new CallQueue();

  /** @param directory is made if it is missing */
  constructor(
    private readonly directory: string,
    { name, samplesPerShard = 10_000, bytesPerShard = 1e9 }: ShardWriterOptions,
  ) {
    if (!/^\w[\w-]*$/.test(name))
      throw new SourceError(
        `Shards cannot be named ${JSON.stringify(name)}: use letters, digits, "-" and "_".`,
      );
    if (!(samplesPerShard >= 1) || !(bytesPerShard >= 1))
      throw new SourceError(
        `A shard of ${samplesPerShard} samples and ${bytesPerShard} bytes holds nothing; both are at least 1.`,
      );
    this.#options = { name, samplesPerShard, bytesPerShard };
  }

  /** Number of samples in complete shards: an interrupted job resumes with the next sample. */
  completed(): Promise<number> {
    return this.#queue.run(async () =>
      (await this.#list()).reduce((sum, { samples }) => sum + samples, 0),
    );
  }

  /**
   * Appends one sample.
   * @throws SampleError for a sample that cannot be stored (see `filesOfSample`), or a key that leads out of the
   *   archive; other samples are not affected
   */
  add(sample: Sample): Promise<void> {
    return this.#queue.run(() => this.#append(archiveKey(sample.key), filesOfSample(sample)));
  }

  /** Completes the last shard. */
  close(): Promise<void> {
    return this.#queue.run(async () => {
      await this.#list(); // write the list even if there are no samples
      if (this.#shard) await this.#finish(this.#shard);
      else await writeShardList(this.directory, await this.#list());
    });
  }

  /** Discards the incomplete shard; the next writer continues after the last complete one. */
  discard(): Promise<void> {
    return this.#queue.run(async () => {
      const shard = this.#shard;
      this.#shard = undefined;
      await shard?.file.handle.close(); // without what is pending
      if (shard) await rm(shard.path, { force: true });
    });
  }

  async #list(): Promise<ListedShard[]> {
    if (this.#complete) return this.#complete;
    await mkdir(this.directory, { recursive: true });
    const listed = (await readShardList(this.directory)) ?? [];
    for (const [index, { name, bytes }] of listed.entries()) {
      if (name !== this.#nameOf(index))
        throw new SourceError(
          `${join(this.directory, listName)} lists ${name}; shards named ${this.#options.name} need a directory of their own.`,
        );
      const found = await stat(join(this.directory, name)).catch(() => undefined);
      if (found?.size !== bytes)
        throw new SourceError(
          `${join(this.directory, name)} has ${found?.size ?? "no"} bytes, not the ${bytes} listed in ${listName}. ` +
            `Restore the file, or start in an empty directory.`,
        );
    }
    return (this.#complete = listed);
  }

  #nameOf(index: number): string {
    return `${this.#options.name}-${String(index).padStart(5, "0")}.tar`;
  }

  async #append(key: string, files: readonly SampleFile[]): Promise<void> {
    const { samplesPerShard, bytesPerShard } = this.#options;
    const last = this.#shard;
    const name = last?.lastKey === key ? `${key}-${last.samples}` : key; // else neighbors would form one sample
    const pieces = files.flatMap((file) => entry(name, file));
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const isFull = ({ samples, file }: OpenShard): boolean =>
      samples >= samplesPerShard || file.size + bytes + endBytes > bytesPerShard;
    if (last && isFull(last)) await this.#finish(last);
    const shard = (this.#shard ??= await this.#begin());
    shard.samples++;
    shard.lastKey = name;
    await shard.file.append(...pieces);
  }

  async #begin(): Promise<OpenShard> {
    const name = this.#nameOf((await this.#list()).length);
    const path = join(this.directory, `${name}.partial`);
    return { path, name, file: new Appender(await open(path, "w")), samples: 0, lastKey: "" };
  }

  async #finish(shard: OpenShard): Promise<void> {
    const { name, path, file, samples } = shard;
    await file.append(Buffer.alloc(endBytes));
    await file.flush();
    await file.handle.sync();
    await file.handle.close();
    await rename(path, join(this.directory, name));
    this.#shard = undefined;
    const complete = await this.#list();
    complete.push({ name, samples, bytes: file.size });
    await writeShardList(this.directory, complete);
  }
}

/** @throws SampleError for a sample that `ShardWriter.add` refuses */
export function requireStorable(sample: Sample): void {
  archiveKey(sample.key);
  filesOfSample(sample);
}

/** Header, content and padding of one file; independent of user and time. */
function entry(key: string, { extension, bytes }: SampleFile): Uint8Array[] {
  const path = `${key}.${extension}`;
  const header = new Header({
    path,
    size: bytes.length,
    type: "File",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
  });
  const needsPax = header.encode();
  const pax = needsPax ? [new Pax({ path, size: bytes.length }).encode()] : [];
  const padding = Buffer.alloc(padded(bytes.length) - bytes.length);
  return [...pax, header.block!, bytes, padding];
}

/**
 * `key` as a path in an archive: control characters, and dots in the base name (which would start the extension),
 * become "_".
 * @throws SampleError if it is absolute, has empty segments, "." or "..", or is longer than 1000 characters
 */
export function archiveKey(key: string): string {
  const segments = key.replaceAll(/[\\\p{Cc}\p{Cs}]/gu, "_").split("/");
  if (key.length > 1000 || segments.some((segment) => ["", ".", ".."].includes(segment)))
    throw new SampleError(
      key,
      "damaged",
      `${JSON.stringify(key.slice(0, 200))} cannot be a key in an archive: it is a relative path without "..", ` +
        `empty parts and "/" at its ends, of at most 1000 characters.`,
    );
  const base = segments.pop()!.replaceAll(".", "_");
  return [...segments, base].join("/");
}
