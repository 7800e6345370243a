import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { smallFlava } from "../../test/small-flava.js";
import { smallState } from "../../test/small-model.js";
import { referenceBackend } from "../backend/reference.js";
import { defaultProcessor } from "../data/image/processor.js";
import { openSource } from "../data/formats/open.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { decodeImage } from "../data/image/decode.js";
import { type EmbeddingRow, openEmbeddings } from "./embedding-file.js";
import {
  type EmbeddingJobOptions,
  type EmbeddingReport,
  runEmbeddingJob,
} from "./embedding-job.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { modelFingerprint } from "./model-fingerprint.js";
import { openIndex } from "./open-index.js";

const folder = temporaryDirectory();
const images = join(folder, "images");
const place = (name: string): string => join(folder, name);
const flava = await smallFlava();

async function addImage(name: string, background: string, text: string): Promise<void> {
  const image = sharp({ create: { width: 4, height: 4, channels: 3, background } });
  await image.png().toFile(join(images, `${name}.png`));
  await writeFile(join(images, `${name}.txt`), text);
}

const run = async (
  out: string,
  options: EmbeddingJobOptions = {},
  model: EmbeddingModel = flava,
): Promise<EmbeddingReport> =>
  runEmbeddingJob(await openSource(images), model, place(out), options);

async function rowsIn(out: string): Promise<EmbeddingRow[]> {
  const rows: EmbeddingRow[] = [];
  for await (const row of (await openEmbeddings(place(out))).rows()) rows.push(row);
  return rows;
}

/** Runs until the first samples are embedded. */
async function interrupt(out: string): Promise<void> {
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error("enough"));
  await expect(run(out, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
}

beforeAll(async () => {
  await mkdir(images);
  const numbers = Array.from({ length: 400 }, (_, index) => index);
  await Promise.all(
    numbers.map((i) => addImage(`m${1000 + i}`, `rgb(${i % 256},9,99)`, ["a", "b c", "c"][i % 3]!)),
  );
});

describe("an interrupted embedding job", () => {
  it("resumes with files added, removed or changed in the meantime", async () => {
    await interrupt("resumed.parquet");
    const [part = ""] = await readdir(place("resumed.parquet.parts"));
    const written = await readFile(join(place("resumed.parquet.parts"), part));
    const killed = join(place("resumed.parquet.parts"), "00001.parquet.partial");
    await writeFile(killed, written.subarray(0, 1000));
    await addImage("a", "red", "a");
    await addImage("z", "lime", "b");
    await addImage("m1001", "blue", "c");
    await rm(join(images, "m1000.png"));
    const resumed = await run("resumed.parquet");
    expect(resumed).toMatchObject({ rows: 401, resumed: 64 - 2 });

    expect(await run("whole.parquet")).toMatchObject({ rows: 401, resumed: 0 });
    const rows = await rowsIn("resumed.parquet");
    expect(rows).toEqual(await rowsIn("whole.parquet"));
    expect(new Set(rows.map(({ key }) => key)).size).toBe(401);
    expect(rows.every(({ image, textVector }) => image && textVector)).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith(".parts"))).toEqual([]);
  });

  it("does not resume with other features", async () => {
    await interrupt("kinds.parquet");
    const other = run("kinds.parquet", { features: { layer: 1 } });
    await expect(other).rejects.toThrow(
      "models/small in float32, class features of layer 1 cannot",
    );
  });

  it("does not resume with another model", async () => {
    await interrupt("other.parquet");
    const { model } = flava;
    const other = { ...flava, model: { ...model, processor: defaultProcessor(32, 8) } };
    await expect(run("other.parquet", {}, other)).rejects.toThrow("models/small in float32");
    const bfloat16 = { ...flava, model: { ...model, precision: "bfloat16" as const } };
    await expect(run("other.parquet", {}, bfloat16)).rejects.toThrow("in bfloat16");
  });
});

it("jobs that embed parts are joined to the file of one job, whatever their number", async () => {
  const embed = async (out: string, options: EmbeddingJobOptions = {}): Promise<EmbeddingReport> =>
    runEmbeddingJob(await openSource(images, { maxSamples: 150 }), flava, place(out), options);
  const part = (number: number, count: number): Promise<EmbeddingReport> =>
    embed("joined.parquet", { part: { number, count } });
  const [first, second] = await Promise.all([part(1, 3), part(2, 3)]);
  expect([first, second]).toMatchObject([{ rows: 64 }, { rows: 64 }]);
  const join = (): Promise<EmbeddingReport> => embed("joined.parquet", { join: true });
  await expect(join()).rejects.toThrow(/of 150 samples, 22 are not embedded yet \(first: /);
  expect(await part(1, 2)).toMatchObject({ rows: 86, resumed: 64 });
  expect(await part(1, 2)).toMatchObject({ rows: 86, resumed: 86 });
  expect(await join()).toMatchObject({ rows: 150, resumed: 150 });
  await embed("together.parquet");
  const bytes = (out: string): Promise<Buffer> => readFile(place(out));
  expect((await bytes("joined.parquet")).equals(await bytes("together.parquet"))).toBe(true);
});

it("a joined file leaves out what no part could embed, and the job reports it", async () => {
  const damaged = place("partly-damaged");
  await mkdir(damaged);
  await addImage("whole", "red", "");
  await rename(join(images, "whole.png"), join(damaged, "whole.png"));
  await writeFile(join(damaged, "cut.png"), "\x89PNG\r\n\x1a\n");
  const embed = async (options: EmbeddingJobOptions): Promise<EmbeddingReport> =>
    runEmbeddingJob(await openSource(damaged), flava, place("part.parquet"), options);
  await expect(embed({ join: true })).rejects.toThrow("is not embedded yet (first: whole)");
  for (const number of [1, 2]) await embed({ part: { number, count: 2 } });
  const { rows, skipped } = await embed({ join: true });
  expect([rows, skipped.total]).toEqual([1, 1]);
  expect((await rowsIn("part.parquet")).map(({ key }) => key)).toEqual(["whole"]);
});

it("an embedding job does not run twice at a time", async () => {
  const ends = await Promise.allSettled([run("twice.parquet"), run("twice.parquet")]);
  const refused = ends.filter((end) => end.status === "rejected");
  expect(refused.map(({ reason }) => String(reason))).toEqual([
    expect.stringContaining("twice.parquet is in use"),
  ]);
});

it("an embedding job does not overwrite a file", async () => {
  await writeFile(place("mine.parquet"), "mine");
  await expect(run("mine.parquet")).rejects.toThrow("already exists");
  expect(await readFile(place("mine.parquet"), "utf8")).toBe("mine");
});

it("an embedding job without usable samples fails and leaves no files", async () => {
  const damaged = place("damaged");
  await mkdir(damaged);
  const image = await readFile(join(images, "m1002.png"));
  for (const name of ["a.png", "b.png"]) {
    await writeFile(join(damaged, name), image.subarray(0, 60));
  }
  const before = await readdir(folder);
  const job = runEmbeddingJob(await openSource(damaged), flava, place("nothing.parquet"));
  await expect(job).rejects.toThrow(/damaged has no sample.*2 .*damaged/);
  expect(await readdir(folder)).toEqual(before);
});

it("the fingerprint of a model follows its weights, vocabulary and image processor", async () => {
  const { model } = flava;
  const fingerprint = await modelFingerprint(model);
  const same = { ...model, state: smallState(referenceBackend()) };
  expect(await modelFingerprint(same)).toBe(fingerprint);
  const trained = smallState(referenceBackend());
  const path = trained.paths.find((name) => name.endsWith("logitScale"))!;
  trained.write(path, Float32Array.of(3));
  const others = [
    { ...model, state: trained },
    { ...model, processor: defaultProcessor(32, 8) },
    {
      ...model,
      tokenizer: await openTokenizer({ vocabulary: "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nb\n" }),
    },
  ];
  for (const other of others) expect(await modelFingerprint(other)).not.toBe(fingerprint);
});

it("writes features, of which a file cannot be searched", async () => {
  const features = { layer: 1, pool: "mean" } as const;
  await run("features.parquet", { features });
  const [row] = await rowsIn("features.parquet");
  const { embedder } = flava;
  const image = await decodeImage(await readFile(join(images, `${row!.key}.png`)));
  expect(row!.image).toEqual((await embedder.imageFeatures([image], features))[0]);
  expect(row!.textVector).toEqual((await embedder.textFeatures([row!.text!], features))[0]);
  expect((await openEmbeddings(place("features.parquet"))).origin).toMatchObject({ features });
  await expect(openIndex(place("features.parquet"), flava)).rejects.toThrow("holds features");
});
