/** Images with texts, in the forms of their publishers. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { SkippedSamples } from "../../../data/batch/skipped.js";
import type { Source } from "../../../data/formats/source.js";
import type { LabeledSample } from "../../../data/labeled-sample.js";
import type { LabeledSource } from "../../../data/labeled-source.js";
import { openTask } from "../open-task.js";
import { coco } from "./coco.js";
import { flickr30k } from "./flickr30k.js";
import { hatefulMemes } from "./hateful-memes.js";
import { snliVe } from "./snli-ve.js";
import { vqav2 } from "./vqav2.js";

const folder = temporaryDirectory();
const incomplete = { incomplete: true };
async function put(path: string, content: string | readonly object[] | object): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  const lines = Array.isArray(content)
    ? content.map((row) => `${JSON.stringify(row)}\n`).join("")
    : "";
  const text = typeof content === "string" ? content : lines || JSON.stringify(content);
  await writeFile(join(folder, path), text);
}
async function samplesOf(
  source: LabeledSource | undefined,
  skipped?: SkippedSamples,
): Promise<LabeledSample[]> {
  const samples: LabeledSample[] = [];
  for await (const sample of source!.read(skipped)) samples.push(sample);
  return samples;
}

it("VQAv2's questions have the scores of answers", async () => {
  const answers = (...texts: string[]): object[] => texts.map((answer) => ({ answer }));
  const questions = [
    { question_id: 420, image_id: 42, question: "How many?" },
    { question_id: 430, image_id: 43, question: "Is it?" },
  ];
  const annotations = [
    { question_id: 420, multiple_choice_answer: "two", answers: answers("two", "2", "2", "3") },
    { question_id: 430, multiple_choice_answer: "yes", answers: answers("yes", "yes") },
  ];
  for (const part of ["train2014", "val2014"]) {
    await put(`vqav2/v2_OpenEnded_mscoco_${part}_questions.json`, { info: {}, questions });
    await put(`vqav2/v2_mscoco_${part}_annotations.json`, { annotations });
    await put(`coco/${part}/COCO_${part}_000000000042.jpg`, "an image");
  }
  const { train } = await openTask(vqav2, folder, incomplete);
  const skipped = new SkippedSamples();
  expect(train[0]![0]!.samples).toBe(2);
  const [sample, ...others] = await samplesOf(train[0]![0], skipped);
  expect(others).toEqual([]);
  expect(sample).toMatchObject({ key: "420", text: "How many?" });
  expect(sample!.target).toEqual({
    kind: "scores",
    scores: { 2: 3 / 4, 3: 1 / 4 },
    answers: ["two", "2", "2", "3"],
  });
  expect(skipped.first[0]?.message).toMatch(
    /question 430: there is no COCO_train2014_000000000043.jpg/,
  );
  expect(await vqav2.answers!(join(folder, "vqav2"))).toEqual([]); // none is frequent enough

  await put("vqav2/v2_mscoco_train2014_annotations.json", {
    annotations: annotations.toReversed(),
  });
  await expect(samplesOf(train[0]![0])).rejects.toThrow("the files belong to different parts");
});

it("VQAv2's answers are the frequent ones", async () => {
  const annotations = Array.from({ length: 12 }, (_, index) => ({
    multiple_choice_answer: index < 10 ? "the dog" : "cat",
  }));
  await put("answers/v2_mscoco_train2014_annotations.json", { annotations });
  await put("answers/v2_mscoco_val2014_annotations.json", { annotations: annotations.slice(0, 1) });
  expect(await vqav2.answers!(join(folder, "answers"))).toEqual(["dog"]);
});

it("SNLI-VE's images are Flickr30K's", async () => {
  const row = { Flikr30kID: "1.jpg", sentence2: "A dog runs.", gold_label: "entailment" };
  const other = { Flickr30K_ID: "1", sentence2: "A cat runs.", gold_label: "contradiction" };
  for (const part of ["train", "dev", "test"])
    await put(`snli_ve/snli_ve_${part}.jsonl`, [row, other]);
  await put("flickr30k/flickr30k-images/1.jpg", "an image");
  const { test, validation } = await openTask(snliVe, folder, incomplete);
  expect(validation).toHaveLength(1);
  const samples = await samplesOf(test[0]);
  expect(samples.map(({ text, target }) => [text, target])).toEqual([
    ["A dog runs.", { kind: "class", label: "entailment" }],
    ["A cat runs.", { kind: "class", label: "contradiction" }],
  ]);
  await put("snli_ve/snli_ve_test.jsonl", [{ ...row, gold_label: "-" }]);
  const odd = await openTask(snliVe, folder, incomplete);
  await expect(samplesOf(odd.test[0])).rejects.toThrow(
    'test.jsonl, line 1 has the label "-"; labels are',
  );
});

it("Hateful Memes are labeled by number", async () => {
  const row = { id: 1, img: "img/1.png", label: 1, text: "a text" };
  for (const part of ["train", "dev_seen", "test_seen"])
    await put(`hateful_memes/${part}.jsonl`, [row]);
  await put("hateful_memes/img/1.png", "an image");
  const { train } = await openTask(hatefulMemes, folder, incomplete);
  const image = { file: join(folder, "hateful_memes/img/1.png") };
  expect(await samplesOf(train[0]![0])).toEqual([
    {
      key: "0",
      where: "train.jsonl, line 1",
      image,
      text: "a text",
      target: { kind: "class", label: "hateful" },
    },
  ]);
  await put("hateful_memes/train.jsonl", '{"id": 1\n');
  await expect(openTask(hatefulMemes, folder, incomplete)).rejects.toThrow(
    "train.jsonl, line 1: it is not JSON",
  );
});

async function captionsOf(source: Source | undefined): Promise<[string, readonly string[]][]> {
  const found: [string, readonly string[]][] = [];
  for await (const { key, texts } of source!.read()) found.push([key, texts]);
  expect(await source!.count()).toBe(found.length);
  return found;
}

it("Karpathy's lists give all captions of a split", async () => {
  const sentences = [{ raw: "A dog." }, { raw: 'A "big" dog.' }];
  const test = { filepath: "val2014", filename: "a.jpg", split: "test", sentences };
  const images = [{ ...test, filename: "b.jpg", split: "train" }, test];
  await put("coco/dataset_coco.json", { images, dataset: "coco" });
  await put("coco/val2014/a.jpg", "an image");
  const opened = await openTask(coco, folder, incomplete);
  expect(await captionsOf(opened.test[0])).toEqual([["val2014/a", ["A dog.", 'A "big" dog.']]]);
  await expect(openTask(coco, folder)).rejects.toThrow(
    "has 1 sample, but the official files have 5,000",
  );
  await put("coco/dataset_coco.json", { images: images.slice(0, 1) });
  await expect(openTask(coco, folder, incomplete)).rejects.toThrow(
    "lists no images of the part test",
  );
});

it("CLIP_benchmark's lists give them, too", async () => {
  await rm(join(folder, "coco/dataset_coco.json"));
  const annotations = [
    { image_id: 7, caption: "A dog." },
    { image_id: 7, caption: "It runs." },
  ];
  const list = { images: [{ id: 7, file_name: "a.jpg" }], annotations };
  await put("coco/coco_test_karpathy.json", list);
  const opened = await openTask(coco, folder, incomplete);
  expect(await captionsOf(opened.test[0])).toEqual([["a", ["A dog.", "It runs."]]]);
  await put("coco/coco_test_karpathy.json", {
    ...list,
    annotations: [{ image_id: 8, caption: "A cat." }],
  });
  await expect(openTask(coco, folder, incomplete)).rejects.toThrow("caption of image 8");

  await put(
    "flickr30k/flickr30k_test_karpathy.txt",
    "image,caption\n1.jpg,A dog, running.\n1.jpg,It runs.\n",
  );
  const flickr = await openTask(flickr30k, folder, incomplete);
  expect(flickr.layout).toBe("list of CLIP_benchmark");
  expect(await captionsOf(flickr.test[0])).toEqual([["1", ["A dog, running.", "It runs."]]]);
});
