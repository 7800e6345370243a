/** A whole data set embedded into one file, in parts, so that a job that was stopped goes on where it was. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../base/replace-file.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { Source } from "../data/formats/source.js";
import { type EmbeddedSample, embedSamples } from "../inference/embed-samples.js";
import type { Embedder } from "../inference/embedder.js";
import { type EmbeddingRow, readEmbeddings, writeEmbeddings } from "./embedding-file.js";

interface EmbeddingJob {
  readonly source: Source;
  readonly embedder: Embedder;
  /** The model's path: parts of two models do not mix. */
  readonly model: string;
  /** The parquet file; its parts lie in a folder beside it until it is complete. */
  readonly out: string;
  /** Rows after which progress is saved; default: 5,000. */
  readonly rowsPerPart?: number;
  /** Told of the rows that are done, those of earlier runs included. */
  readonly onProgress?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

export interface EmbeddingReport {
  readonly rows: number;
  /** Rows that an earlier run had done. */
  readonly resumed: number;
  /** What this run has left out. */
  readonly skipped: SkippedSamples;
}

const progressFile = z.object({
  source: z.string(),
  model: z.string(),
  width: z.int(),
  rows: z.int(),
  parts: z.int(),
  cursor: z.object({ file: z.int(), record: z.int() }),
});
type Progress = z.infer<typeof progressFile>;

/** Embeds images and first texts of all samples; throws where the file is there already. */
export async function runEmbeddingJob(job: EmbeddingJob): Promise<EmbeddingReport> {
  const { source, embedder, out, rowsPerPart = 5000, onProgress, signal } = job;
  if (existsSync(out)) {
    throw new Error(`${out} is there already. Remove it, or write to another file.`);
  }
  const folder = `${out}.parts`;
  await mkdir(folder, { recursive: true });
  let progress = await readProgress(folder, job);
  const resumed = progress.rows;
  const skipped = new SkippedSamples();
  let pending: EmbeddingRow[] = [];
  const save = async (cursor: Progress["cursor"]): Promise<void> => {
    if (pending.length > 0) {
      await writeEmbeddings(partPath(folder, progress.parts), embedder.width, pending);
    }
    const parts = progress.parts + (pending.length > 0 ? 1 : 0);
    progress = { ...progress, parts, rows: progress.rows + pending.length, cursor };
    pending = [];
    await writeProgress(folder, progress);
  };
  const samples = source.read({ cursor: progress.cursor, skipped });
  const options = { texts: true, skipped, ...(signal && { signal }) };
  let last = progress.cursor;
  try {
    for await (const { samples: embedded, cursor } of embedSamples(embedder, samples, options)) {
      pending.push(...embedded.map(rowOf));
      last = cursor;
      if (pending.length >= rowsPerPart) await save(cursor);
      onProgress?.(progress.rows + pending.length);
    }
  } finally {
    await save(last); // also where the job is stopped, so that the next run goes on from here
  }
  await writeEmbeddings(out, embedder.width, joined(folder, progress.parts));
  await rm(folder, { recursive: true });
  return { rows: progress.rows, resumed, skipped };
}

function rowOf({ sample, image, text }: EmbeddedSample): EmbeddingRow {
  const [first] = sample.texts;
  return {
    key: sample.key,
    ...(first !== undefined && { text: first }),
    ...(image && { image }),
    ...(text && { textVector: text }),
  };
}

/** Where an earlier run of the same job has stopped, or the beginning. */
async function readProgress(
  folder: string,
  { source, embedder, model }: EmbeddingJob,
): Promise<Progress> {
  const fresh: Progress = {
    source: source.name,
    model,
    width: embedder.width,
    rows: 0,
    parts: 0,
    cursor: { file: 0, record: 0 },
  };
  const text = await readFile(progressPath(folder), "utf8").catch(() => undefined);
  if (text === undefined) return fresh;
  const found = progressFile.safeParse(parseJson(text));
  const { data } = found;
  const same =
    data?.source === fresh.source && data.model === fresh.model && data.width === fresh.width;
  if (data && same) return data;
  const of = data ? `${data.source} by ${data.model}` : "another job";
  throw new Error(
    `${folder} holds what an interrupted job has done of ${of}. Remove it, or write to another file.`,
  );
}

async function writeProgress(folder: string, progress: Progress): Promise<void> {
  await replaceFile(progressPath(folder), `${JSON.stringify(progress)}\n`);
}

const progressPath = (folder: string): string => join(folder, "progress.json");
const partPath = (folder: string, part: number): string =>
  join(folder, `${String(part).padStart(5, "0")}.parquet`);

async function* joined(folder: string, parts: number): AsyncGenerator<EmbeddingRow> {
  for (let part = 0; part < parts; part++) yield* readEmbeddings(partPath(folder, part));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
