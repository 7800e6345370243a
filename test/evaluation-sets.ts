/** Small evaluation sets of plain images, and a small model evaluated on them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { type Evaluation, evaluate } from "../src/eval/evaluate.js";
import { type TextSetKind, openEvaluationSet, openTextSet } from "../src/eval/evaluation-set.js";
import type { EvaluateOptions } from "../src/eval/evaluators/embed-images.js";
import { smallFlava } from "./small-flava.js";

/** Evaluates zero-shot classification, retrieval and a linear probe, in this order, on sets written to `folder`. */
export async function evaluateSmallSets(
  folder: string,
  options: EvaluateOptions = {},
): Promise<Evaluation[]> {
  const flava = await smallFlava();
  const evaluations: Evaluation[] = [];
  for (const write of [writeLabeled, writeDescribed, writeProbed]) {
    evaluations.push(await evaluate(await openEvaluationSet(await write(folder)), flava, options));
  }
  return evaluations;
}

/** Evaluates three images with captions, written to `folder`, in one of the ways that there are. */
export async function evaluateDescribed(
  folder: string,
  kind: TextSetKind,
  texts?: readonly [string, string, string],
): Promise<Evaluation> {
  const set = await openTextSet(kind, await writeDescribed(folder, texts));
  return evaluate(set, await smallFlava());
}

async function writeImage(file: string, background: string): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, await imageOf(background));
}

function imageOf(background: string): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .png()
    .toBuffer();
}

/** Two images in each of three folders, one of which is not a class, and a damaged one. */
async function writeLabeled(folder: string): Promise<string> {
  const set = join(folder, "<labeled>");
  for (const [label, color] of Object.entries({ a: "red", b: "lime", odd: "blue" })) {
    await writeImage(join(set, label, "1.png"), color);
    await writeImage(join(set, label, "2.png"), color);
  }
  await writeFile(join(set, "a", "3.png"), (await imageOf("red")).subarray(0, 60));
  const classes = { classes: ["a", "b"], templates: ["x {}", "{}"] };
  await writeFile(join(set, "classes.json"), JSON.stringify(classes));
  return set;
}

/** Three images with captions, of seen and unseen kinds. */
async function writeDescribed(
  folder: string,
  texts: readonly string[] = ["a <b>", "c d", "a <b>"],
): Promise<string> {
  const set = join(folder, "described");
  const captions = [
    { file_name: "1.png", text: texts[0], seen: true },
    { file_name: "2.png", text: texts[1], seen: false },
    { file_name: "3.png", text: texts[2], seen: false },
  ];
  for (const [index, color] of ["red", "lime", "blue"].entries()) {
    await writeImage(join(set, `${index + 1}.png`), color);
  }
  const lines = captions.map((caption) => JSON.stringify(caption));
  await writeFile(join(set, "metadata.jsonl"), lines.join("\n"));
  return set;
}

/** Twelve images to train on and four to test on, of two of three classes. */
async function writeProbed(folder: string): Promise<string> {
  const set = join(folder, "probed");
  for (const [part, count] of Object.entries({ train: 12, test: 4 })) {
    for (let i = 0; i < count; i++) {
      const level = Math.round((150 * i) / count);
      const [label, color] =
        i % 2 === 0 ? ["a", `rgb(250,${level},0)`] : ["b", `rgb(0,${level},250)`];
      await writeImage(join(set, part, label, `${i}.png`), color);
    }
  }
  await writeFile(join(set, "classes.json"), '{"classes": ["a", "b", "c"]}');
  return set;
}
