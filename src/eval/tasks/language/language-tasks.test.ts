/** GLUE's files in the forms of its archive and of Hugging Face. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { golden } from "../../../../test/golden/tasks/golden-tasks.js";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { SkippedSamples } from "../../../data/batch/skipped.js";
import type { LabeledSample } from "../../../data/labeled-sample.js";
import type { LabeledSource } from "../../../data/labeled-source.js";
import { openTask } from "../open-task.js";
import { cola } from "./cola.js";
import { mnli } from "./mnli.js";
import { mrpc } from "./mrpc.js";
import { qqp } from "./qqp.js";
import { stsb } from "./stsb.js";

const folder = temporaryDirectory();
const incomplete = { incomplete: true };
async function put(path: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), lines.map((line) => `${line}\n`).join(""));
}
async function samplesOf(
  source: LabeledSource | undefined,
  skipped?: SkippedSamples,
): Promise<LabeledSample[]> {
  const samples: LabeledSample[] = [];
  for await (const sample of source!.read(skipped)) samples.push(sample);
  expect(samples.length + (skipped?.total ?? 0)).toBe(source!.samples);
  return samples;
}

it("quotes are text, and tables without a header have known columns", async () => {
  await put("CoLA/train.tsv", [
    "gj04\t1\t\t\"Our friends won't buy this.",
    "gj04\t0\t*\tThey drank.",
  ]);
  await put("CoLA/dev.tsv", ["gj04\t1\t\tIt rained."]);
  const { train } = await openTask(cola, folder, incomplete);
  expect(await samplesOf(train[0]![0])).toEqual([
    {
      ...{ key: "0", where: "train.tsv, line 1" },
      text: "\"Our friends won't buy this.",
      target: { kind: "class", label: "acceptable" },
    },
    {
      ...{ key: "1", where: "train.tsv, line 2" },
      text: "They drank.",
      target: { kind: "class", label: "unacceptable" },
    },
  ]);
  await expect(openTask(cola, folder)).rejects.toThrow(
    "has 2 samples, but the official files have 8,551",
  );
});

it("columns are found by name, in any order", async () => {
  const header = "index\tsentence1\tsentence2\tgold_label";
  await put("glue/MNLI/train.tsv", [header, "0\ta man\ta person\tentailment"]);
  await put("glue/MNLI/dev_matched.tsv", [header, "0\ta\tb\tneutral"]);
  await put("glue/MNLI/dev_mismatched.tsv", [
    "gold_label\tsentence2\tsentence1",
    "contradiction\tb\ta",
  ]);
  const { train, test } = await openTask(mnli, folder, incomplete);
  const [first] = await samplesOf(train[0]![0]);
  expect(first).toMatchObject({
    text: "a man",
    textPair: "a person",
    target: { label: "entailment" },
  });
  expect(test).toHaveLength(2);
  expect(await samplesOf(test[1])).toMatchObject([
    { text: "a", textPair: "b", target: { label: "contradiction" } },
  ]);
  await put("glue/MNLI/dev_matched.tsv", ["index\tsentence1\tsentence2", "0\ta\tb"]);
  await expect(openTask(mnli, folder, incomplete)).rejects.toThrow(
    /dev_matched.tsv has no column gold_label.*part without labels/,
  );
});

it("broken rows are skipped and counted, as QQP has them", async () => {
  const header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate";
  const rows = ["1\t1\t2\tWhy?\tHow?\t0", "2\t3\t4\tcut", "5\t1\t2\tWhy?\tHow?\t7"];
  await put("qqp/train.tsv", [header, ...rows]);
  await put("qqp/dev.tsv", [header, rows[0]!]);
  const { train } = await openTask(qqp, folder);
  const skipped = new SkippedSamples();
  expect(await samplesOf(train[0]![0], skipped)).toHaveLength(1);
  expect(skipped.first.map(({ message }) => message)).toEqual([
    "train.tsv, line 3: it has 4 cells instead of 6.",
    expect.stringContaining('expected one of not_duplicate, duplicate, or its number, but got "7"'),
  ]);
});

it.each([
  ["within a text", Buffer.from("9\t1\t2\tWhy?\tHo")],
  ["within a character", Buffer.from("9\t1\t2\tWhy?\tHow many \u20ac?").subarray(0, -2)],
  ["before its last cell", Buffer.from("9\t1\t2\tWhy?\tHow?\t")],
])("a file that ends %s is refused, be there broken rows or not", async (_, end) => {
  const rows = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t1\t2\tWhy?\tHow?\t0";
  const cut = "cut/qqp/train.tsv";
  await put(cut, []);
  await put("cut/qqp/dev.tsv", [rows]);
  await writeFile(join(folder, cut), Buffer.concat([Buffer.from(`${rows}\n`), end]));
  await expect(openTask(qqp, join(folder, "cut"))).rejects.toThrow("train.tsv ends within line 3");
  await writeFile(join(folder, cut), rows); // without a line ending, but whole
  const { train } = await openTask(qqp, join(folder, "cut"));
  expect(await samplesOf(train[0]![0])).toHaveLength(1);
});

it("Parquet files have numbers of classes, or values", async () => {
  const pairs = await openTask(mrpc, golden("."), incomplete);
  expect(pairs.layout).toBe("Parquet of Hugging Face");
  const where = (row: number): string => `validation-00000-of-00001.parquet, row ${row}`;
  expect(await samplesOf(pairs.test[0])).toEqual([
    {
      key: "0",
      where: where(1),
      text: "a",
      textPair: "",
      target: { kind: "class", label: "equivalent" },
    },
    {
      key: "1",
      where: where(2),
      text: "b",
      textPair: "d",
      target: { kind: "class", label: "not_equivalent" },
    },
  ]);
  const values = await openTask(stsb, golden("."), incomplete);
  const targets = (await samplesOf(values.test[0])).map(({ target }) => target);
  expect(targets).toEqual([
    { kind: "value", value: 3.5 },
    { kind: "value", value: 5 },
  ]);
});
