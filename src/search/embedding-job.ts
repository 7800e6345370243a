/** Embeds a whole data set into one file. An interrupted job resumes even if the data set has changed since. */
import { counted } from "../base/counted.js";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { withLock } from "../base/lock.js";
import type { Sample } from "../data/sample.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { DecodeOptions } from "../data/image/decode.js";
import { BackgroundCount } from "../data/formats/background-count.js";
import { type Part, partOfSource } from "../data/formats/part-of-source.js";
import type { Source } from "../data/formats/source.js";
import { type Embedded, decodeUsable, embedSamples } from "../inference/embed-samples.js";
import type { Embedder } from "../inference/embedder.js";
import type { PooledFeatures } from "../model/features.js";
import { type EmbeddingOrigin, type EmbeddingRow, writeEmbeddings } from "./embedding-file.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { EmbeddingParts } from "./embedding-parts.js";
import { modelFingerprint } from "./model-fingerprint.js";

/** What is embedded, and how a job is divided, stopped and followed. */
export interface EmbeddingJobOptions {
  /** Writes features of the encoders instead of embeddings in the contrastive space. */
  readonly features?: PooledFeatures;
  /** How images are decoded. */
  readonly decode?: DecodeOptions;
  /**
   * Embeds one part of the samples, while other jobs embed the others. A further job with `join` then writes the file.
   */
  readonly part?: Part;
  /** Embeds nothing: writes the file from what jobs with `part` have embedded. */
  readonly join?: boolean;
  /** Number of rows between saves of progress; default: 1,000. */
  readonly rowsPerPart?: number;
  /**
   * Called with the number of samples done, including those of earlier runs and those left out, and with the number of
   * all samples once it is known.
   */
  readonly onProgress?: (samples: number, total?: number) => void;
  /** Stops the job: it rejects with the signal's reason, and the next run resumes. */
  readonly signal?: AbortSignal;
}

interface EmbeddingJob extends EmbeddingJobOptions {
  readonly source: Source;
  readonly embedder: Embedder;
  readonly origin: EmbeddingOrigin;
  readonly out: string;
}

/** What a job did. */
export interface EmbeddingReport {
  /** Number of rows in the file, or in the part. */
  readonly rows: number;
  /** Number of rows embedded by earlier runs. */
  readonly resumed: number;
  /** The skipped samples. */
  readonly skipped: SkippedSamples;
}

interface DigestedSample extends Sample {
  readonly digest: string;
}

/**
 * Embeds the image and the first text of every sample, in source order. After an interruption, the next run rereads the
 * source and embeds only new or changed samples; the file is identical to that of a single run.
 *
 * @param source as returned by `openSource`
 * @param flava the embedding model, such as a loaded `Flava`
 * @param out the Parquet file to write; unfinished work is kept in a folder beside it
 * @throws Error if the file exists, another process is writing it, nothing can be embedded, an interrupted run used a different
 *   model, or samples are missing that are to be joined
 */
export async function runEmbeddingJob(
  source: Source,
  { embedder, model }: EmbeddingModel,
  out: string,
  options: EmbeddingJobOptions = {},
): Promise<EmbeddingReport> {
  await mkdir(dirname(out), { recursive: true });
  const origin = {
    model: model.path,
    fingerprint: await modelFingerprint(model),
    precision: model.precision,
    source: source.name,
    ...formOf(embedder, options.features),
  };
  const { part } = options;
  const name = part ? `${out}.${nameOf(part)}` : out;
  return withLock(`${name}.lock`, part ? `Part ${part.number} of ${out}` : out, () =>
    embedAll({ ...options, source, embedder, origin, out }),
  );
}

const nameOf = ({ number, count }: Part): string =>
  `${String(number).padStart(String(count).length, "0")}-of-${count}`;

/** The widths of what is written, and which features it is. */
function formOf(
  embedder: Embedder,
  features: PooledFeatures | undefined,
): Pick<EmbeddingOrigin, "width" | "textWidth" | "features"> {
  if (!features) return { width: embedder.width };
  return {
    width: embedder.featureWidth,
    textWidth: embedder.textFeatureWidth,
    features: { pool: "class", ...features },
  };
}

async function embedAll(job: EmbeddingJob): Promise<EmbeddingReport> {
  const { embedder, origin, out, part, join, rowsPerPart = 1000, onProgress, signal, decode } = job;
  const source = part ? partOfSource(job.source, part) : job.source;
  if (existsSync(out)) {
    throw new Error(`${out} already exists. Remove it, or write to another file.`);
  }
  const parts = await EmbeddingParts.open(`${out}.parts`, origin, part && `${nameOf(part)}-`);
  const skipped = new SkippedSamples();
  const decoding = decode && { decode };
  const digests: string[] = [];
  const missing: string[] = [];
  let [rows, resumed] = [0, 0];
  async function* missingSamples(): AsyncGenerator<DigestedSample> {
    for await (const sample of source.read(skipped)) {
      signal?.throwIfAborted();
      const digest = digestOf(sample);
      digests.push(digest);
      if (parts.has(digest)) resumed++;
      else if (!join) yield { ...sample, digest };
      // What no part could use is left out, as it was there. After one that is missing, the others need not be told apart.
      else if (missing.length > 0 || (await decodeUsable(sample, { ...decoding, skipped })))
        missing.push(sample.key);
    }
  }
  const count = onProgress && new BackgroundCount([source]);
  let pending: EmbeddingRow[] = [];
  const save = async (): Promise<void> => {
    if (pending.length > 0) await parts.add(pending);
    pending = [];
  };
  try {
    const { features } = job;
    const options = {
      texts: true,
      skipped,
      ...(features && { features }),
      ...decoding,
      ...(signal && { signal }),
    };
    for await (const embedded of embedSamples(embedder, missingSamples(), options)) {
      pending.push(...embedded.map(rowOf));
      rows += embedded.length;
      onProgress?.(resumed + rows + skipped.total, count?.total);
      if (pending.length >= rowsPerPart) await save();
    }
  } finally {
    count?.stop();
    await save(); // even if interrupted: the next run resumes from here
  }
  rows += resumed;
  if (missing.length > 0) throw incomplete(out, missing, digests.length);
  if (part) return { rows, resumed, skipped };
  if (rows === 0) await parts.remove();
  skipped.requireUsed(source.name, rows);
  await writeEmbeddings(out, origin, parts.rows(digests, { signal }));
  await parts.remove();
  return { rows, resumed, skipped };
}

const incomplete = (out: string, missing: readonly string[], all: number): Error =>
  new Error(
    `${out} cannot be joined: of ${counted(all, "sample")}, ${counted(missing.length, "is", "are")} not embedded yet (first: ${missing[0]}). Run the parts ` +
      "that were not finished, or all of them: what is done is not done again.",
  );

/** Identifies the sample of a row. */
function digestOf({ key, path, texts, label, fields, image }: Sample): string {
  const known = JSON.stringify([key, path, texts[0], label, fields]);
  const hash = createHash("sha256").update(known);
  return (image ? hash.update(image) : hash).digest("base64");
}

/** What a row says of a sample besides its vectors. */
export function describedSample({
  key,
  path,
  texts: [text],
  label,
  fields,
}: Omit<Sample, "image">): Omit<EmbeddingRow, "digest"> {
  return {
    key,
    ...(path !== undefined && { path }),
    ...(text !== undefined && { text }),
    ...(label !== undefined && { label }),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

function rowOf({ sample, image, text }: Embedded<DigestedSample>): EmbeddingRow {
  return {
    ...describedSample(sample),
    digest: sample.digest,
    ...(image && { image }),
    ...(text && { textVector: text }),
  };
}
