/** The mini-PMD's sets as tasks, on small sets of the same form. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { encodePnm } from "../../../data/image/codecs/pnm.js";
import { ShardWriter } from "../../../data/formats/tar/shard-writer.js";
import type { LabeledSample } from "../../../data/labeled-sample.js";
import type { Sample } from "../../../data/sample.js";
import { findTask, openTask } from "../open-task.js";
import type { LabeledTask, Task } from "../task.js";
import { miniTasks } from "./mini-tasks.js";

const folder = temporaryDirectory();
const image = encodePnm(1, 1, 3, Uint8Array.of(1, 2, 3));

async function shards(path: string, samples: readonly Partial<Sample>[]): Promise<void> {
  await mkdir(join(folder, path), { recursive: true });
  const writer = new ShardWriter(join(folder, path), { name: "set" });
  for (const [index, sample] of samples.entries())
    await writer.add({ key: `k${index}`, image, texts: [], fields: {}, ...sample });
  await writer.close();
}
async function put(path: string, ...lines: readonly (string | object)[]): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true });
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  await writeFile(join(folder, path), `${texts.join("\n")}\n`);
}
async function labeledTask(name: string): Promise<LabeledTask> {
  const found = (await miniTasks(folder)).find((task) => task.name === name);
  if (found?.kind === "zero-shot retrieval" || !found) throw new Error(`${name} has no labels`);
  return found;
}
async function testSamples(task: LabeledTask): Promise<LabeledSample[]> {
  const { test } = await openTask(task, folder);
  const samples: LabeledSample[] = [];
  for await (const sample of test[0]!.read()) samples.push(sample);
  expect(samples).toHaveLength(test[0]!.samples);
  return samples;
}

beforeAll(async () => {
  for (const part of ["train", "test"]) {
    await shards(`probe-digits/${part}`, [{ label: "1" }, { label: "0" }]);
    await shards(`visual-entailment/${part}`, [{ key: "00000001" }]);
    await shards(`picture-questions/${part}`, [{ key: "000000000001" }]);
    const row = { Flickr30K_ID: "00000001", sentence2: "a dog.", gold_label: "neutral" };
    await put(`visual-entailment/${part}.jsonl`, row);
    const question = { question_id: 1, image_id: 1, question: "is it?" };
    await put(`picture-questions/questions-${part}.json`, { questions: [question] });
    const answers = Array.from({ length: 4 }, () => ({ answer: "yes" }));
    const annotation = { question_id: 1, answers };
    await put(`picture-questions/annotations-${part}.json`, { annotations: [annotation] });
  }
  for (const part of ["train", "dev", "test"]) {
    await shards(`memes/${part}`, [{ key: `img/${part}-0` }]);
    await put(`memes/${part}.jsonl`, { img: `img/${part}-0.webp`, label: 1, text: "sad" });
    await put(`text/paraphrase/${part}.tsv`, "index\tsentence\tsentence2\tlabel", "0\ta\tb\tsame");
  }
  await put("probe-digits/classes.json", { classes: ["0", "1"] });
  await put("text/paraphrase/README.json", { labels: ["other", "same"] });
  await shards("retrieval-ph", [{ texts: ["a dog", "dog icon"] }]);
});

describe("the tasks of the mini-PMD", () => {
  it("are 8, 22 and 5; those that are not there are missing", async () => {
    const tasks = await miniTasks(folder);
    const count = (family: Task["family"]): number =>
      tasks.filter((task) => task.family === family).length;
    expect([count("language"), count("vision"), count("multimodal")]).toEqual([8, 22, 5]);
    const found = await Promise.all(tasks.map((task) => findTask(task, folder)));
    const ready = found.filter(({ missing }) => missing.length === 0);
    expect(ready.map(({ task }) => task.name)).toEqual([
      ...["paraphrase", "probe-digits", "picture-questions", "visual-entailment", "memes"],
      "retrieval-ph",
    ]);
  });

  it("read images with classes, and refuse other classes", async () => {
    const samples = await testSamples(await labeledTask("probe-digits"));
    expect(samples.map(({ target }) => target)).toEqual([
      { kind: "class", label: "1" },
      { kind: "class", label: "0" },
    ]);
    await put("probe-digits/classes.json", { classes: ["0"] });
    await expect(testSamples(await labeledTask("probe-digits"))).rejects.toThrow('the label "1"');
    await put("probe-digits/classes.json", { names: ["0"] });
    await expect(testSamples(await labeledTask("probe-digits"))).rejects.toThrow(
      "classes.json does not list classes",
    );
    await put("probe-digits/classes.json", { classes: ["0", "1"] });
  });

  it.each([
    ["paraphrase", { text: "a", textPair: "b", target: { kind: "class", label: "same" } }],
    ["visual-entailment", { text: "a dog.", target: { kind: "class", label: "neutral" } }],
    ["memes", { text: "sad", target: { kind: "class", label: "disagree" } }],
    ["picture-questions", { text: "is it?", target: { kind: "scores", scores: { yes: 1 } } }],
  ])("read %s", async (name, expected) => {
    const [sample] = await testSamples(await labeledTask(name));
    expect(sample).toMatchObject(expected);
    const isText = name === "paraphrase";
    const place = {
      file: expect.stringContaining(".tar") as string,
      range: expect.objectContaining({ bytes: image.length }) as object,
    };
    expect(sample!.image).toEqual(isText ? undefined : expect.objectContaining(place));
  });
});
