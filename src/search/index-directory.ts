/**
 * The directory of an exact index: `index.json` names the current generation, which is a segment of samples and a log of the
 * updates after it. A compaction writes the next generation beside it and then replaces `index.json`, so at any moment one of
 * the two is complete.
 */
import { mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { lock } from "../base/lock.js";
import { writeDurably } from "../base/write-durably.js";
import { SourceError, reasonOf } from "../data/formats/source-error.js";
import { type EmbeddingOrigin, embeddingOrigin } from "./embedding-file.js";
import { IndexLog, type Update } from "./index-log.js";
import {
  type SegmentDescription,
  segmentDescription,
  segmentSuffixes,
  writeSegment,
} from "./index-segment.js";
import type { IndexRow, VectorKind } from "./vector-index.js";

export const descriptionName = "index.json";

const description = z.object({
  format: z.literal("flava vectors"),
  version: z.literal(1),
  origin: embeddingOrigin,
  generation: z.int().nonnegative(),
  segment: segmentDescription.optional(),
});

type Description = z.infer<typeof description>;

export class IndexDirectory {
  #log!: IndexLog;
  /** Why nothing can be appended: it is not known which generation is the current one. */
  #fault: Error | undefined;

  private constructor(
    readonly path: string,
    private description: Description,
    /** Identifies the file that the description was read from. */
    private readonly stamp: string,
    /** Releases the lock; undefined if the directory is open for reading only. */
    private readonly release: (() => Promise<void>) | undefined,
  ) {}

  /**
   * Makes a directory for a new index.
   * @throws Error if there is one
   */
  static async create(path: string, origin: EmbeddingOrigin): Promise<void> {
    await mkdir(path, { recursive: true });
    const release = await lock(join(path, "lock"), path);
    try {
      const found = (await readdir(path)).filter((name) => !/^(lock.*|log-0)$/.test(name));
      if (found.length > 0) {
        throw new Error(
          `${path} already holds ${found[0]}. Name a directory that is empty or new.`,
        );
      }
      await rm(logOf(path, 0), { force: true }); // of a creation that was interrupted
      await (await IndexLog.create(logOf(path, 0))).close();
      await describe(path, { format: "flava vectors", version: 1, origin, generation: 0 });
    } finally {
      await release();
    }
  }

  /**
   * Opens a directory, and passes the updates since the last compaction to `apply`.
   *
   * @param load reads the segment, before any update is applied; called again if another process replaced it meanwhile
   * @throws SourceError if it is no index or is damaged, LockError if it is to be written and another process is writing
   */
  static async open(
    path: string,
    {
      writable,
      load,
      apply,
    }: {
      readonly writable: boolean;
      readonly load: (origin: EmbeddingOrigin, segment?: OpenSegment) => Promise<void>;
      readonly apply: (update: Update) => void;
    },
  ): Promise<IndexDirectory> {
    const release = writable ? await lock(join(path, "lock"), path) : undefined;
    try {
      for (;;) {
        const stamp = await stampOf(path); // before the file is read, so that it is never taken for an older one
        const found = await readDescription(path);
        const directory = new IndexDirectory(path, found, stamp, release);
        try {
          const { segment } = directory;
          await load(found.origin, segment);
          directory.#log = await IndexLog.open(logOf(path, found.generation), apply, { writable });
        } catch (error) {
          // While it was read, another process may have completed the next generation and removed this one.
          if (writable || (await readDescription(path)).generation === found.generation)
            throw error;
          continue;
        }
        if (writable) await directory.#removeOthers();
        return directory;
      }
    } catch (error) {
      await release?.();
      throw error;
    }
  }

  get origin(): EmbeddingOrigin {
    return this.description.origin;
  }

  get segment(): OpenSegment | undefined {
    const { segment, generation } = this.description;
    return segment && { ...segment, prefix: segmentOf(this.path, generation) };
  }

  /**
   * Passes the updates that another process has appended since to `apply`. Resolves to false, without any, if a compaction
   * has begun another log, or the index was made anew: then it has to be opened again.
   */
  async readOn(apply: (update: Update) => void): Promise<boolean> {
    if ((await stampOf(this.path)) !== this.stamp) return false;
    const bytes = this.logBytes;
    return (await this.#log.readOn(apply)) >= bytes;
  }

  /** Bytes of the updates since the last compaction. */
  get logBytes(): number {
    return this.#log.bytes;
  }

  /** Whether the log has become larger than the segment, and than `bytes`. */
  isDue(bytes: number): boolean {
    const { segment, origin } = this.description;
    const vectors = segment ? segment.image.rows + segment.text.rows : 0;
    const segmentBytes = (segment?.entries.bytes ?? 0) + vectors * origin.width * 4;
    return this.logBytes > Math.max(bytes, segmentBytes);
  }

  get isWritable(): boolean {
    return this.release !== undefined;
  }

  /** Appends an update to the log; it is on disk when this resolves. */
  async append(update: Update): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    await this.#log.append(update);
  }

  /** Makes `rows`, all samples of the index, the segment of a new generation, with an empty log. */
  async compact(
    rows: AsyncIterable<IndexRow>,
    counts: Readonly<Record<VectorKind, number>>,
  ): Promise<void> {
    const { origin } = this.description;
    const generation = this.description.generation + 1;
    await this.#removeOthers(); // files of a compaction that failed
    const prefix = segmentOf(this.path, generation);
    const segment = await writeSegment(prefix, rows, counts, origin.width);
    const log = await IndexLog.create(logOf(this.path, generation));
    const next = { ...this.description, generation, segment };
    await describe(this.path, next).catch((error: unknown) => {
      this.#fault = error as Error;
      throw error;
    });
    await this.#log.close();
    this.#log = log;
    this.description = next;
    await this.#removeOthers();
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.release?.();
  }

  /** Removes the files of other generations: of old ones, and of a compaction that was interrupted. */
  async #removeOthers(): Promise<void> {
    const { generation } = this.description;
    const own = [logOf("", generation), ...segmentFiles("", generation)];
    for (const name of await readdir(this.path)) {
      if (/^(log|segment)-\d+|^index\.json\.new$/.test(name) && !own.includes(name))
        await rm(join(this.path, name), { force: true });
    }
  }
}

/** A segment and where its files are. */
export interface OpenSegment extends SegmentDescription {
  readonly prefix: string;
}

const logOf = (path: string, generation: number): string => join(path, `log-${generation}`);
const segmentOf = (path: string, generation: number): string => join(path, `segment-${generation}`);
const segmentFiles = (path: string, generation: number): string[] =>
  segmentSuffixes.map((suffix) => `${segmentOf(path, generation)}${suffix}`);

/** Distinguishes the description from those that took its place, each of which is another file. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(join(path, descriptionName), { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.mtimeNs}` : "";
}

async function readDescription(path: string): Promise<Description> {
  const file = join(path, descriptionName);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = isMissing ? `there is no ${file}` : reasonOf(error);
    throw new SourceError(
      `${path} is not an index: ${reason}. Make one with: flava index SOURCE --out DIRECTORY`,
    );
  });
  try {
    return description.parse(JSON.parse(text));
  } catch (error) {
    throw new SourceError(
      `${file} cannot be read: ${reasonOf(error)}. It was damaged, or written by another version; make the index again.`,
    );
  }
}

/** Replaces the description; it is on disk when this resolves, with all that was written to the directory before. */
async function describe(path: string, content: Description): Promise<void> {
  const fresh = join(path, `${descriptionName}.new`);
  await writeDurably(fresh, `${JSON.stringify(content, undefined, 2)}\n`);
  await syncDirectory(path); // the files that the description names
  await rename(fresh, join(path, descriptionName));
  await syncDirectory(path);
}

/** Directories cannot be opened on Windows, which orders changes of names by itself. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
