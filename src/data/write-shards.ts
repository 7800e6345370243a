/** Tar shards of any source: split into training and validation samples, without duplicates, resumable. */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../base/replace-file.js";
import { NoUsableSampleError, SkippedSamples } from "./batch/skipped.js";
import { SampleError, SourceError } from "./formats/source-error.js";
import type { Source } from "./formats/source.js";
import { ShardWriter, requireStorable } from "./formats/tar/shard-writer.js";
import type { Sample } from "./sample.js";

/** How samples are divided, and how large shards are. */
export interface WriteShardsOptions {
  /** Fraction of the images, and of the texts without one, that are held out; default 0. */
  readonly validation?: number;
  /** Leaves out samples with the image and the texts of an earlier one. */
  readonly deduplicate?: boolean;
  /** Most samples of a shard; default: 10,000. */
  readonly samplesPerShard?: number;
  /** What else the samples depend on, such as the options of the source. Plain JSON. */
  readonly settings?: unknown;
  /** Called with the number of samples read so far. */
  readonly onProgress?: (samples: number) => void;
  /** Stops the job, which then rejects with the signal's reason; the same call resumes it. */
  readonly signal?: AbortSignal;
}

/** Facts about the shards of one split. */
export interface SplitFacts {
  /** Where its shards are. */
  readonly directory: string;
  /** How many it has. */
  readonly samples: number;
  /** With an image and a text. */
  readonly pairs: number;
  /** Bytes of all images. */
  readonly imageBytes: number;
  /** Words per text. */
  readonly words: { readonly mean: number; readonly median: number; readonly most: number };
}

/** What was written, and what was left out. */
export interface ShardsReport {
  /** By name: "train", which is all if nothing is held out, and "validation". */
  readonly splits: Readonly<Record<string, SplitFacts>>;
  /** Samples that were left out because an earlier one has the same image and texts. */
  readonly duplicates: number;
  /** Samples that cannot be used, with reasons. */
  readonly skipped: SkippedSamples;
}

/** Says what the shards in a directory were made of. */
const jobName = "made-from.json";

/**
 * Writes the samples of `source` into `out`, or with a validation fraction into `out/train` and `out/validation`. A sample's
 * image decides about its split, or its texts if it has none, so that no image is in both. If `out` has shards of an interrupted job, the job is resumed.
 * @throws SourceError if `out` has shards of another source or other options, or other files; NoUsableSampleError if no sample
 *   can be used, and then there is no `out`
 */
export async function writeShards(
  source: Source,
  out: string,
  options: WriteShardsOptions = {},
): Promise<ShardsReport> {
  const { validation = 0, deduplicate = false, onProgress, signal } = options;
  await requireSameJob(source, out, options);
  const train = await Split.open(validation > 0 ? join(out, "train") : out, "train", options);
  const held =
    validation > 0 ? await Split.open(join(out, "validation"), "validation", options) : undefined;
  const splits = held ? { train, validation: held } : { train };
  const skipped = new SkippedSamples();
  const seen = new Set<string>();
  let [read, duplicates] = [0, 0];
  try {
    for await (const sample of source.read(skipped)) {
      signal?.throwIfAborted();
      onProgress?.(++read);
      if (deduplicate && isKnown(sample, seen)) duplicates++;
      else await (held && isHeldOut(sample, validation) ? held : train).add(sample, skipped);
    }
    skipped.requireUsed(source.name, train.facts.samples + (held?.facts.samples ?? 0));
    for (const split of Object.values(splits)) await split.close();
  } catch (error) {
    for (const split of Object.values(splits)) await split.discard();
    if (error instanceof NoUsableSampleError) await rm(out, { recursive: true });
    throw error;
  }
  const facts = Object.entries(splits).map(([name, split]) => [name, split.facts] as const);
  return { splits: Object.fromEntries(facts), duplicates, skipped };
}

/** Shards of other samples must not be continued. */
async function requireSameJob(
  source: Source,
  out: string,
  { validation = 0, deduplicate = false, samplesPerShard, settings }: WriteShardsOptions,
): Promise<void> {
  const path = join(out, jobName);
  const split = validation > 0 ? { validation, by: "content" } : { validation };
  const job = { source: source.name, identity: await source.identity(), ...split, deduplicate };
  const json = `${JSON.stringify({ ...job, samplesPerShard, settings }, undefined, 1)}\n`;
  const before = await readFile(path, "utf8").catch(() => undefined);
  if (before === json) return;
  if (before !== undefined) {
    throw new SourceError(
      `${out} has shards of another source, of a source that has changed since, or made with other options (${path}). ` +
        "Remove it, or name another directory.",
    );
  }
  await mkdir(out, { recursive: true });
  const [other] = await readdir(out);
  if (other !== undefined) {
    throw new SourceError(
      `${out} holds other files, such as ${other}, which would not be read beside shards. Name a new directory.`,
    );
  }
  await replaceFile(path, json);
}

/** The shards of one split. */
class Split {
  /** Number of texts by their number of words. */
  readonly #texts = new Map<number, number>();
  #samples = 0;
  #pairs = 0;
  #imageBytes = 0;

  private constructor(
    readonly directory: string,
    private readonly writer: ShardWriter,
    /** Samples in complete shards. */
    private readonly completed: number,
  ) {}

  static async open(
    directory: string,
    name: string,
    { samplesPerShard }: WriteShardsOptions,
  ): Promise<Split> {
    const options = { name, ...(samplesPerShard !== undefined && { samplesPerShard }) };
    const writer = new ShardWriter(directory, options);
    return new Split(directory, writer, await writer.completed());
  }

  /** Adds a sample, unless it is in a complete shard. */
  async add(sample: Sample, skipped: SkippedSamples): Promise<void> {
    try {
      if (this.#samples >= this.completed) await this.writer.add(sample);
      else requireStorable(sample); // one that was left out is in no shard
    } catch (error) {
      if (!(error instanceof SampleError)) throw error;
      skipped.add(sample, error.reason, error.fault);
      return;
    }
    const { image, texts } = sample;
    this.#samples++;
    this.#pairs += Number(image !== undefined && texts.length > 0);
    this.#imageBytes += image?.length ?? 0;
    for (const text of texts) {
      const words = text.split(/\s+/).filter(Boolean).length;
      this.#texts.set(words, (this.#texts.get(words) ?? 0) + 1);
    }
  }

  close(): Promise<void> {
    return this.writer.close();
  }

  discard(): Promise<void> {
    return this.writer.discard();
  }

  get facts(): SplitFacts {
    return {
      directory: this.directory,
      samples: this.#samples,
      pairs: this.#pairs,
      imageBytes: this.#imageBytes,
      words: summaryOf(this.#texts),
    };
  }
}

/** @param texts number of texts by their number of words */
function summaryOf(texts: ReadonlyMap<number, number>): SplitFacts["words"] {
  const sorted = [...texts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const words = sorted.reduce((sum, [length, count]) => sum + length * count, 0);
  let passed = 0;
  const middle = sorted.find(([, count]) => (passed += count) > total / 2);
  return {
    mean: total === 0 ? 0 : words / total,
    median: middle?.[0] ?? 0,
    most: sorted.at(-1)?.[0] ?? 0,
  };
}

/**
 * Whether a hash of the image, or of the texts without one, falls into the held-out fraction: of an image that several rows
 * have captions of, all are on one side.
 */
function isHeldOut({ image, texts }: Sample, fraction: number): boolean {
  const hash = createHash("sha256").update(image ?? JSON.stringify(texts));
  return hash.digest().readUInt32BE() < fraction * 2 ** 32;
}

function isKnown({ image, texts }: Sample, seen: Set<string>): boolean {
  const hash = createHash("sha256").update(JSON.stringify(texts));
  const digest = (image ? hash.update(image) : hash).digest("base64").slice(0, 22);
  if (seen.has(digest)) return true;
  seen.add(digest);
  return false;
}
