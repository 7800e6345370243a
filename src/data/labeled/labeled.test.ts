/** Labels, rows and files of labeled data. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { writeParquet } from "../formats/parquet/writer.js";
import type { LabeledSample, Target } from "../labeled-sample.js";
import { describeLabels, isKnown, labelsOf, lookalikes, targetValues } from "./labels.js";
import { sampleOfRow } from "./labeled-row.js";
import { labeledParts } from "./parts.js";
import { type ReadLabeledOptions, readLabeled } from "./read-labeled.js";
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
    expect(labelsOf("class", classes("1.0", "1"))).toEqual(labelsOf("class", classes("1", "1.0")));
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
  expect(lookalikes(["9007199254740992", "9007199254740993"])).toEqual([]);
});

it("labels are listed with how many samples have each, the rarest last", () => {
  const samples = classes("b", "a", "b");
  const line = describeLabels(labelsOf("class", samples), samples);
  expect(line).toBe('2 labels: "b" (2), "a" (1).');
  const many = classes(...Array.from({ length: 30 }, (_, index) => String(index % 20)));
  expect(describeLabels(labelsOf("class", many), many)).toMatch(
    /^20 labels: "0" \(2\), .*"8" \(2\) and 11 more, down to "19" \(1\)\.$/,
  );
  const values = samplesWith({ kind: "value", value: 1 }, { kind: "value", value: 4 });
  expect(describeLabels(labelsOf("value", values), values)).toMatch(
    /^Values: from 1 to 4, 2\.500 /,
  );
});

describe("a row", () => {
  const labelOf = async (label: unknown): Promise<Target | undefined> => {
    const row = { values: { text: "a", label } };
    const placed = { row, key: "0", path: "a.parquet", place: "row 1", classes: undefined };
    const columns = { text: "text", label: "label" };
    return (await sampleOfRow(placed, { columns, target: "class" })).target;
  };

  it("has no label where a number is missing, as Arrow writes it", async () => {
    expect(await labelOf(NaN)).toBeUndefined();
    expect(await labelOf(1n)).toEqual({ kind: "class", label: "1" });
  });

  it("is refused if its label is none, or was rounded", async () => {
    await expect(labelOf([1n])).rejects.toThrow("expected a label, but got [1]");
    await expect(labelOf(new Uint8Array(3))).rejects.toThrow("3 bytes that are not marked as text");
    await expect(labelOf(2 ** 53 + 2)).rejects.toThrow("write it in quotes");
    expect(await labelOf(2n ** 53n + 1n)).toEqual({ kind: "class", label: "9007199254740993" });
  });
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

describe("a folder", () => {
  const folderOf = async (name: string, ...files: string[]): Promise<string> => {
    for (const file of files) {
      await mkdir(join(folder, name, dirname(file)), { recursive: true });
      await write(join(name, file), "t,l\na,1\n");
    }
    return join(folder, name);
  };
  const images = { columns: {}, target: "class" } as const;
  const tables = { columns: { text: "t", label: "l" }, target: "class" } as const;

  it("has parts in capitals, too", async () => {
    const path = await folderOf("Capitals", "Training/a/1.png", "VAL/a/1.png", "Test/a/1.png");
    expect(await labeledParts(path)).toEqual({
      train: join(path, "Training"),
      validation: join(path, "VAL"),
      test: join(path, "Test"),
    });
  });

  it("whose files may be parts, or the same twice, is refused", async () => {
    const parts = await folderOf("suffixes", "reviews.csv", "reviews_test.csv");
    await expect(labeledParts(parts)).rejects.toThrow("reviews_test.csv seems to be one part");
    const twice = await folderOf("twice", "train.csv", "train-00000-of-00001.jsonl");
    const { train } = await labeledParts(twice);
    await expect(readLabeled(train, tables)).rejects.toThrow("the same data in two formats");
    const shards = await folderOf("shards", "train-00000.csv", "train-00001.csv");
    expect((await readLabeled((await labeledParts(shards)).train, tables)).samples).toHaveLength(2);
  });

  it("with two folders of a class is refused, unless nothing is labeled", async () => {
    const path = await folderOf("years", "2020/cat/1.png", "2021/cat/1.png");
    await expect(readLabeled(path, images)).rejects.toThrow("in 2020/cat and in 2021/cat");
    const { samples } = await readLabeled(path, { ...images, folderLabels: false });
    expect(samples.map(({ target }) => target)).toEqual([undefined, undefined]);
  });

  it("gives images of all classes where only some are read", async () => {
    const path = await folderOf(
      "some",
      ...["a", "b"].flatMap((name) => [1, 2, 3].map((n) => `${name}/${n}.png`)),
    );
    const { samples } = await readLabeled(path, { ...images, maxSamples: 4 });
    expect(samples.map(({ key }) => key)).toEqual(["a/2.png", "a/3.png", "b/2.png", "b/3.png"]);
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

  it.each<[string, (image: number) => Partial<LabeledSample>]>([
    ["an image in a file", (image) => ({ image: { file: `${image}.jpg` } })],
    [
      "a part of an archive",
      (image) => ({ image: { file: "a.tar", range: { start: 512 * image, bytes: 9 } } }),
    ],
    ["the bytes of an image", (image) => ({ image: Uint8Array.of(255, image) })],
    ["a text", (image) => ({ text: `text ${image}`, textPair: "the same" })],
  ])("of one content, %s, are all held out or none", (_, contentOf) => {
    const questions = Array.from({ length: 120 }, (_, row): LabeledSample => {
      const content = contentOf(row % 40);
      return { key: String(row), ...(content.image && { text: `question ${row}` }), ...content };
    });
    const { train, validation } = splitByKey(questions, 0.3);
    const contents = new Set(validation.map(({ key }) => Number(key) % 40));
    expect(contents.size).toBeGreaterThan(4);
    expect([train.length, validation.length]).toEqual([120 - 3 * contents.size, 3 * contents.size]);
    // As where each content occurs once.
    const once = splitByKey(questions.slice(0, 40), 0.3).validation;
    expect(validation.slice(0, once.length)).toEqual(once);
  });
});
