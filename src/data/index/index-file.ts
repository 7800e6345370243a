/**
 * The files of an index of samples, for reading by number: `samples.bin` holds every sample, its image as a place or as
 * bytes; `pair.offsets`, `image.offsets` and `text.offsets` hold where the samples of each kind begin in it, as float64;
 * `index.json` says what was indexed. Neither writing nor reading keeps more than a few samples in memory.
 */
import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Appender } from "../appender.js";
import type { LocatedSample, Sample } from "../sample.js";
import { type BatchKind, batchKinds, perKindInOrder } from "../batch/mixture.js";
import { skipReasons } from "../batch/skipped.js";
import { isPlace } from "../image-place.js";
import { prefetchPlace, readPlace } from "../formats/read-place.js";
import type { OpenArchives } from "../formats/open-archives.js";
import { SourceError, reasonOf } from "../formats/source-error.js";

const count = z.int().nonnegative();
const reason = z.enum(skipReasons);

const description = z.object({
  format: z.literal("flava index"),
  version: z.literal(5),
  /** Display name of the source. */
  source: z.string(),
  /** See `Source.identity`. */
  identity: z.string(),
  /**
   * SHA-256 of the samples, wherever their files are: of keys, texts and fields, and of images or where they are in an
   * archive; images in files of their own count by their keys alone.
   */
  digest: z.string(),
  /** Whether images are in archives at URLs. */
  remote: z.boolean().optional(),
  /** Samples of each kind: those with an image and a text, with an image, with a text. */
  samples: z.object({ pair: count, image: count, text: count }),
  /** Samples that can be used for some kind. */
  usable: count,
  /** Lines on choices of columns; see `SourceOptions.onGuess`. */
  guesses: z.array(z.string()),
  /** Samples that cannot be used at all, by reason, and some of them. */
  skipped: z.object({
    counts: z.array(z.tuple([reason, count])),
    first: z.array(
      z.object({ key: z.string(), where: z.string().optional(), reason, message: z.string() }),
    ),
  }),
});

export type IndexDescription = z.infer<typeof description>;

const descriptionName = "index.json";
const samplesName = "samples.bin";
const offsetsName = (kind: BatchKind): string => `${kind}.offsets`;

/** Before each sample: the lengths of its JSON and of its image, uint32. */
const headerBytes = 8;
const offsetBytes = 8;
const firstRead = 4096; // enough for most samples without their images

/** The kinds of batches that a sample can be used for. */
function kindsOf({ image, texts }: LocatedSample): BatchKind[] {
  const uses = { pair: image && texts.length > 0, image, text: texts.length > 0 };
  return batchKinds.filter((kind) => uses[kind]);
}

/** Writes an index into a directory of its own. */
export class IndexWriter {
  readonly #counts = { pair: 0, image: 0, text: 0 };
  readonly #digest = createHash("sha256");
  #remote = false;

  private constructor(
    private readonly directory: string,
    private readonly samples: Appender,
    private readonly offsets: Readonly<Record<BatchKind, Appender>>,
  ) {}

  static async create(directory: string): Promise<IndexWriter> {
    await mkdir(directory, { recursive: true });
    const appender = async (name: string): Promise<Appender> =>
      new Appender(await open(join(directory, name), "wx"));
    const offsets = await perKindInOrder((kind) => appender(offsetsName(kind)));
    return new IndexWriter(directory, await appender(samplesName), offsets);
  }

  /** Adds a sample to each kind that it can be used for. */
  async add(sample: LocatedSample): Promise<void> {
    const offset = Buffer.alloc(offsetBytes);
    offset.writeDoubleLE(this.samples.size);
    for (const kind of kindsOf(sample)) {
      this.#counts[kind]++;
      await this.offsets[kind].append(offset);
    }
    const { image, ...rest } = sample;
    const bytes = image && !isPlace(image) ? image : new Uint8Array();
    if (image && isPlace(image) && image.state) this.#remote = true;
    this.#addToDigest(sample, bytes);
    const json = Buffer.from(JSON.stringify(bytes.length > 0 ? rest : sample));
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(json.length, 0);
    header.writeUInt32LE(bytes.length, 4);
    await this.samples.append(header, json, bytes);
  }

  #addToDigest(
    { image, path: _path, where: _where, ...content }: LocatedSample,
    bytes: Uint8Array,
  ): void {
    const range = image && isPlace(image) ? image.range : undefined;
    this.#digest.update(JSON.stringify([content, range, bytes.length])).update(bytes);
  }

  /** Completes the index; returns its description. */
  async close(
    facts: Pick<IndexDescription, "source" | "identity" | "guesses" | "usable" | "skipped">,
  ): Promise<IndexDescription> {
    await this.abandon();
    const format = { format: "flava index", version: 5 } as const;
    const digest = this.#digest.digest("hex");
    const remote = this.#remote && { remote: true };
    const described = { ...format, ...facts, ...remote, digest, samples: this.#counts };
    await writeFile(join(this.directory, descriptionName), JSON.stringify(described));
    return described;
  }

  /** Closes the files of an index that is not completed. */
  async abandon(): Promise<void> {
    for (const file of [this.samples, ...Object.values(this.offsets)]) await file.close();
  }
}

/** The description of the index in `directory`; undefined if there is none that this version understands. */
export async function describedIndex(directory: string): Promise<IndexDescription | undefined> {
  const text = await readFile(join(directory, descriptionName), "utf8").catch(() => "");
  try {
    return description.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reads samples by number. Cheap to open, so that every thread has its own. */
export class SampleIndex {
  private constructor(
    readonly description: IndexDescription,
    private readonly samples: FileHandle,
    private readonly offsets: Readonly<Record<BatchKind, FileHandle>>,
    private readonly archives: OpenArchives | undefined,
  ) {}

  /** @param archives keeps archives open for further reads; closed by the caller */
  static async open(directory: string, archives?: OpenArchives): Promise<SampleIndex> {
    const described = await describedIndex(directory);
    if (!described) throw new SourceError(`${directory} is not an index of samples.`);
    const file = (name: string): Promise<FileHandle> => open(join(directory, name), "r");
    const offsets = await perKindInOrder((kind) => file(offsetsName(kind)));
    return new SampleIndex(described, await file(samplesName), offsets, archives);
  }

  /**
   * Reads sample number `number` of those of a kind.
   * @throws SampleError if its image cannot be read, SourceError if the index or an archive cannot
   */
  async read(kind: BatchKind, number: number): Promise<Sample> {
    const { image, ...rest } = this.#located(kind, number);
    if (!image) return rest;
    if (!isPlace(image)) return { ...rest, image };
    return { ...rest, image: await readPlace(image, rest, this.archives) };
  }

  /**
   * The texts of sample number `number` of those of a kind.
   * @throws SourceError if the index cannot be read
   */
  texts(kind: BatchKind, number: number): readonly string[] {
    return this.#located(kind, number).texts;
  }

  /** Fetches the image of a sample, if it is at a URL, so that `read` need not wait; that reports what is wrong. */
  async prefetch(kind: BatchKind, number: number): Promise<void> {
    if (!this.description.remote) return;
    const { image } = this.#located(kind, number);
    if (image && isPlace(image)) await prefetchPlace(image);
  }

  #located(kind: BatchKind, number: number): LocatedSample {
    const { source, samples } = this.description;
    if (!(Number.isInteger(number) && number >= 0 && number < samples[kind]))
      throw new RangeError(`${source} has no ${kind} ${number}: it has ${samples[kind]}.`);
    try {
      return this.#entry(kind, number);
    } catch (error) {
      throw new SourceError(`The index of ${source} cannot be read: ${reasonOf(error)}`);
    }
  }

  async close(): Promise<void> {
    for (const file of [this.samples, ...Object.values(this.offsets)]) await file.close();
  }

  #entry(kind: BatchKind, number: number): LocatedSample {
    const place = bytesOf(this.offsets[kind], number * offsetBytes, offsetBytes);
    const offset = place.readDoubleLE();
    const first = bytesOf(this.samples, offset, firstRead);
    const jsonEnd = headerBytes + first.readUInt32LE(0);
    const end = jsonEnd + first.readUInt32LE(4);
    const rest =
      end > first.length ? [bytesOf(this.samples, offset + first.length, end - first.length)] : [];
    const entry = Buffer.concat([first, ...rest]);
    if (entry.length < end) throw new Error("it is cut off");
    const sample = JSON.parse(entry.toString("utf8", headerBytes, jsonEnd)) as LocatedSample;
    return end === jsonEnd ? sample : { ...sample, image: entry.subarray(jsonEnd, end) };
  }
}

/**
 * The bytes from `start` on; fewer at the end of the file. Synchronous: an index is a file in the cache folder, most of it in
 * memory, and a promise takes many times as long as the read.
 */
function bytesOf({ fd }: FileHandle, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, start));
}
