/** Labels, rows and files of labeled data. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { writeParquet } from "../formats/parquet/writer.js";
import type { LabeledSample, Target } from "../labeled-sample.js";
import { isKnown, labelsOf, lookalikes, targetValues } from "./labels.js";
import { type ReadLabeledOptions, labeledParts, readLabeled } from "./read-labeled.js";
import { ShuffledSamples } from "./shuffled-samples.js";
import { splitByKey } from "./split.js";
import { decodeSample } from "./stored-image.js";

const folder = temporaryDirectory();
const write = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const samplesWith = (...targets: Target[]): LabeledSample[] =>
  targets.map((target, index) => ({ key: String(index), text: "a", target }));
const classes = (...labels: string[]): LabeledSample[] =>
  samplesWith(...labels.map((label): Target => ({ kind: "class", label })));

describe("labels", () => {
  it("are in one order, that of numbers if they are numbers", () => {
    expect(labelsOf("class", classes("b", "a", "b"))).toEqual({ kind: "class", names: ["a", "b"] });
    expect(labelsOf("class", classes("10", "9", "10"))).toMatchObject({ names: ["9", "10"] });
    expect(() => labelsOf("class", classes("a", "a"))).toThrow(/nothing to tell apart/);
    expect(() => labelsOf("class", [])).toThrow(/No sample has a label/);
  });

  it("of answers are those that are the best of enough samples", () => {
    const scores = (scores: Record<string, number>): Target => ({ kind: "scores", scores });
    const samples = samplesWith(scores({ a: 1, b: 0.3 }), scores({ a: 1 }), scores({ b: 1, c: 1 }));
    expect(labelsOf("scores", samples, 2)).toEqual({ kind: "scores", names: ["a"] });
    const labels = labelsOf("scores", samples);
    expect(labels).toMatchObject({ names: ["a", "b", "c"] });
    const targets = samples.map(({ target }) => target);
    const rows = [1, 0.3, 0, 1, 0, 0, 0, 1, 1];
    expect(Array.from(targetValues(labels, targets))).toEqual(rows.map(Math.fround));
  });

  it("of values are standardized", () => {
    const values = [1, 3, 5].map((value): Target => ({ kind: "value", value }));
    const labels = labelsOf("value", samplesWith(...values));
    expect(labels).toMatchObject({ mean: 3 });
    const coded = Array.from(targetValues(labels, values));
    expect(coded[1]).toBe(0);
    expect(coded.reduce((sum, value) => sum + value ** 2, 0) / 3).toBeCloseTo(1, 6);
    expect(isKnown(labels, { kind: "class", label: "3" })).toBe(false);
  });
});

it("labels that differ only in how they are written are found", () => {
  expect(lookalikes(["Dog", "1", "dog ", "1.0", "cat", "01", "", "do g"])).toEqual([
    ["Dog", "dog "],
    ["1", "1.0", "01"],
  ]);
});

describe("readLabeled", () => {
  const read = async (path: string, options: ReadLabeledOptions): Promise<unknown[]> =>
    (await readLabeled(path, options)).samples.map(
      ({ key: _key, where: _where, ...sample }) => sample,
    );

  it("takes quotes as text where it is told to, as GLUE's TSV needs", async () => {
    const path = await write("glue.tsv", 'sentence\tlabel\n"a" b\t0\n"c\t1\n"d"\t1\n');
    const options = { columns: { text: "sentence", label: "label" }, target: "class" } as const;
    const texts = async (quotes: boolean): Promise<unknown[]> =>
      (await readLabeled(path, { ...options, quotes })).samples.map(({ text }) => text);
    expect(await texts(false)).toEqual(['"a" b', '"c', '"d"']);
    expect(await texts(true)).toEqual(['"a" b', '"c', "d"]);
  });

  it("keeps rows without a label, and leaves out those without what columns promise", async () => {
    const path = await write(
      "rows.jsonl",
      '{"t":"a","l":1}\n{"t":"b","l":null}\n{"l":2}\n{"t":[]}\n',
    );
    const { samples, skipped } = await readLabeled(path, {
      columns: { text: "t", label: "l" },
      target: "class",
    });
    expect(samples.map(({ target }) => target)).toEqual([{ kind: "class", label: "1" }, undefined]);
    expect(skipped.first.map(({ message }) => message)).toEqual([
      "rows.jsonl, line 3, column t: it is empty.",
      "rows.jsonl, line 4, column t: expected a text, but got [].",
    ]);
  });

  it("names missing images and columns", async () => {
    const path = await write("images.csv", "file,label\nnone.png,a\n");
    const columns = { image: "file", label: "label" };
    await expect(read(path, { columns, target: "class" })).rejects.toThrow(
      /images\.csv, line 2, column file: "none\.png" is not in/,
    );
    await write("cut.png", "no image");
    const cut = await write("cut.csv", "file,label\ncut.png,a\n");
    const { samples, skipped } = await readLabeled(cut, { columns, target: "class" });
    await decodeSample(samples[0]!, skipped);
    expect(skipped.summary(0)).toMatch(/\(first: cut\.csv, line 2: A file that begins /);
    const other = { columns: { image: "files" }, target: "class" } as const;
    await expect(read(path, other)).rejects.toThrow(/no column files/);
    await expect(read("gone.csv", other)).rejects.toThrow("There is nothing at gone.csv.");
    await expect(read(path, { columns: {}, target: "class" })).rejects.toThrow(/name the columns/);
  });

  it("reads the parts of a folder of Parquet files", async () => {
    const parts = join(folder, "parts");
    await mkdir(parts);
    for (const part of ["train", "validation", "test"]) {
      await writeParquet(
        join(parts, `${part}-00000-of-00001.parquet`),
        [
          { name: "sentence", type: "text" },
          { name: "label", type: "label", names: ["no", "yes"] },
        ],
        [{ sentence: part, label: "yes" }],
      );
    }
    const found = await labeledParts(parts);
    const options = { columns: { text: "sentence", label: "label" }, target: "class" } as const;
    const target = { kind: "class", label: "yes" };
    expect(await read(found.train, options)).toEqual([{ text: "train", target }]);
    expect(await read(found.validation!, options)).toEqual([{ text: "validation", target }]);
    await expect(read(found.train, { ...options, columns: { text: "sentences" } })).rejects.toThrow(
      /no column sentences\. Did you mean "sentence"/,
    );
  });
});

describe("samples", () => {
  const samples = Array.from({ length: 30 }, (_, index) => ({ key: String(index) }));

  it("are drawn once in each epoch, in another order, and from any cursor", () => {
    const planner = new ShuffledSamples(samples, 10, 1);
    const plans = Array.from({ length: 6 }, () => planner.next());
    const keys = plans.map(({ samples }) => samples.map(({ key }) => key));
    expect(new Set(keys.slice(0, 3).flat()).size).toBe(30);
    expect(new Set(keys.slice(3).flat()).size).toBe(30);
    expect(keys.slice(3)).not.toEqual(keys.slice(0, 3));
    const resumed = new ShuffledSamples(samples, 10, 1, { step: 4, drawn: {} });
    expect([resumed.next(), resumed.next()]).toEqual(plans.slice(4));
  });

  it("are held out by key, whatever else there is", () => {
    const { train, validation } = splitByKey(samples, 0.3);
    expect(train.length + validation.length).toBe(30);
    expect(validation.length).toBeGreaterThan(3);
    const fewer = splitByKey(samples.slice(5), 0.3).validation;
    expect(validation.slice(-fewer.length)).toEqual(fewer);
  });
});
