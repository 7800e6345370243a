/** Fine-tuning of every kind of head on files that people have: from the table to what is predicted. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { openBackend } from "../src/backend/open.js";
import {
  type FinetuningRecipeInput,
  checkFinetuningRecipe,
} from "../src/configs/finetuning-recipe.js";
import { type ReadLabeledOptions, readLabeled } from "../src/data/labeled/read-labeled.js";
import { finetune } from "../src/train/finetune.js";
import { nativeLevels } from "../src/backend/native.js";
import { packagePath } from "../src/base/package-root.js";
import { finetuningRecipes } from "../src/configs/finetuning-recipes.js";
import { flava as runFlava } from "./command-line.js";
import { writeCheckpoint } from "./small-checkpoint.js";
import { toyReviews } from "./toy-reviews.js";

const backend = openBackend();
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-tasks-"));
  await writeCheckpoint(join(root, "small"));
  for (const color of ["red", "lime"]) {
    await mkdir(join(root, "colors", color), { recursive: true });
    for (let index = 0; index < 4; index++) {
      const image = sharp({
        create: { width: 40 + index, height: 36, channels: 3, background: color },
      });
      await image.png().toFile(join(root, "colors", color, `${index}.png`));
    }
  }
});
afterAll(async () => {
  backend.dispose();
  await rm(root, { recursive: true, force: true });
});

/** Fine-tunes the small model for a few steps; returns the losses of its log and the directory of the model. */
async function trained(
  name: string,
  path: string,
  options: ReadLabeledOptions,
  recipe: Partial<FinetuningRecipeInput>,
): Promise<{ readonly losses: readonly number[]; readonly path: string }> {
  const { samples } = await readLabeled(join(root, path), options);
  const { model } = await finetune({
    recipe: checkFinetuningRecipe(
      {
        ...{ name, encoder: "text", batch: 4, steps: 6, precision: "float32" },
        ...{ rate: { peak: 1e-2 }, every: { log: 1 } },
        ...recipe,
      },
      name,
    ),
    ...{ model: join(root, "small"), train: samples, validation: samples, backend, workers: 0 },
    ...{ directory: join(root, name), log: () => undefined },
  });
  const log = await readFile(join(root, name, "seed-0", "log.jsonl"), "utf8");
  const losses = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; scalars: { loss: number } })
    .flatMap(({ kind, scalars }) => (kind === "evaluation" ? [scalars.loss] : []));
  return { losses, path: model! };
}

const quiet = { onWarning: () => undefined };

it("classes of images, from one folder for each class", async () => {
  const { losses, path } = await trained(
    "images",
    "colors",
    { columns: {}, target: "class" },
    { encoder: "image", views: { flip: 0.5 }, steps: 20 },
  );
  expect(losses.at(-1)).toBeLessThan(Math.log(2));
  const flava = await load(path, quiet);
  const red = await flava.predict(join(root, "colors", "red", "0.png"));
  await expect(flava.predict({ text: "red" })).rejects.toThrow(/also reads an image/);
  const both = { image: join(root, "colors", "red", "0.png"), text: "red" };
  await expect(flava.predict(both)).rejects.toThrow("This model reads no text: leave it out.");
  await flava.save(join(root, "again"));
  await flava.close();
  const again = await load(join(root, "again"), quiet);
  expect(await again.predict(join(root, "colors", "red", "0.png"))).toEqual(red);
  await again.close();
  expect(red).toMatchObject({ labels: [{}, {}] });

  const damaged = join(root, "damaged.png");
  await writeFile(damaged, "no image");
  const paths = [join(root, "colors", "red", "0.png"), damaged];
  const several = await runFlava(root, ["predict", path, ...paths, "--json"]);
  expect(JSON.parse(several.out)).toMatchObject([{ input: paths[0], labels: [{}, {}] }]);
  expect(several.err).toMatch(/1 of 2 samples was left out: 1 cannot be read .*damaged\.png/);
});

it("answers with scores to questions on larger images", async () => {
  const questions = ["is it red", "is it green"];
  const rows = ["red", "lime"].flatMap((color) =>
    questions.map((question) => ({
      image: `colors/${color}/0.png`,
      question,
      answers: (question === "is it red") === (color === "red") ? { yes: 1, sure: 0.3 } : { no: 1 },
    })),
  );
  await writeFile(join(root, "vqa.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const { losses, path } = await trained(
    "vqa",
    "vqa.jsonl",
    { columns: { text: "question", image: "image", label: "answers" }, target: "scores" },
    { encoder: "multimodal", target: "scores", hidden: 16, imageSize: 48, microBatches: 2 },
  );
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  const description = JSON.parse(await readFile(join(path, "labels.json"), "utf8")) as unknown;
  expect(description).toMatchObject({
    labels: { kind: "scores", names: ["no", "yes"] },
    imageSize: 48,
  });
  const flava = await load(path, quiet);
  const [answer] = await flava.predict([
    { image: join(root, rows[0]!.image), text: questions[0]! },
  ]);
  await flava.close();
  expect(answer).toMatchObject({ label: expect.stringMatching(/yes|no/) as string });
});

it("values of pairs of texts, read with segments and predicted in their own unit", async () => {
  const rows = [0, 1, 2, 3].map((value) => `a text,${"good ".repeat(value)}end,${1000 + value}`);
  await writeFile(join(root, "pairs.csv"), ["a,b,v", ...rows, "a text,x,five", ""].join("\n"));
  const columns = { text: "a", textPair: "b", label: "v" };
  const { skipped } = await readLabeled(join(root, "pairs.csv"), { columns, target: "value" });
  expect(skipped.summary(4)).toContain(
    'pairs.csv, line 6, column v: expected a number, but got "five"',
  );
  const { path } = await trained(
    "pairs",
    "pairs.csv",
    { columns, target: "value" },
    { target: "value", steps: 30, best: "loss" },
  );
  const flava = await load(path, quiet);
  const found = (await flava.predict([
    { text: "a text", textPair: "end" },
    { text: "a text", textPair: "good good good end" },
  ])) as { value: number }[];
  await expect(flava.predict("a text")).rejects.toThrow(/second text of a pair/);
  await flava.close();
  for (const { value } of found) expect(Math.abs(value - 1001.5)).toBeLessThan(5);
  expect(found[1]!.value).toBeGreaterThan(found[0]!.value);
});

// The shipped model would take minutes in plain TypeScript.
it.runIf(nativeLevels().length > 0)(
  "the shipped model learns a separable task far above chance",
  async () => {
    const { seeds } = await finetune({
      recipe: checkFinetuningRecipe({ ...finetuningRecipes.text, epochs: 4 }, "text"),
      model: packagePath("models", "mini"),
      ...{ train: toyReviews(400, 1), validation: toyReviews(100, 2), backend, workers: 0 },
      ...{ directory: join(root, "mini"), log: () => undefined },
    });
    expect(seeds[0]!.measures.accuracy).toBeGreaterThanOrEqual(0.95);
  },
  120_000,
);
