import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { writeCheckpoint } from "../../test/small-checkpoint.js";
import { load } from "../api/load.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import { flava35 } from "../eval/tasks/flava35.js";
import { hatefulMemes } from "../eval/tasks/multimodal/hateful-memes.js";
import { openTask } from "../eval/tasks/open-task.js";
import { finetuneTask } from "./finetune-task.js";
import { runSuite } from "./run-suite.js";

it("a suite fine-tunes where it is asked to, and scores the development set", async () => {
  const folder = temporaryDirectory();
  process.env.FLAVA_CACHE = join(folder, "cache");
  await writeCheckpoint(join(folder, "model"));
  await mkdir(join(folder, "data/mrpc/MRPC"), { recursive: true });
  for (const [part, count] of Object.entries({ train: 8, dev: 4 })) {
    const rows = Array.from({ length: count }, (_, row) => {
      return `${row % 2}\t${row}\t${row}\tsentence ${row}\t${row % 2 === 0 ? "no" : "yes"}`;
    });
    const text = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", ...rows, ""].join("\n");
    await writeFile(join(folder, "data/mrpc/MRPC", `${part}.tsv`), text);
  }
  await using flava = await load(join(folder, "model"), { backend: { name: "reference" } });
  const mrpc = flava35.filter(({ name }) => name === "mrpc");
  const places = { data: join(folder, "data"), incomplete: true };
  const without = await runSuite("glue", mrpc, flava, { ...places, out: join(folder, "a") });
  expect(without.outcomes).toMatchObject([{ without: { status: "not run" } }]);

  const out = join(folder, "b");
  const { outcomes } = await runSuite("glue", mrpc, flava, { ...places, out, finetune: true });
  const [outcome] = outcomes;
  if (!outcome || !("scores" in outcome)) throw new Error(JSON.stringify(outcome));
  expect(outcome.scores).toMatchObject({ samples: { train: 8, test: 4 }, partial: true });
  expect(outcome.scores.metrics.accuracy?.count).toBe(4);
  // F1 is of the second class, which GLUE wants to be that of paraphrases.
  const labels = await readFile(join(out, "finetuning/mrpc/model/labels.json"), "utf8");
  expect(labels).toMatch(/"not_equivalent",\s*"equivalent"/);
  expect(outcome.scores.notes).toContain("The best model was chosen by the part that is scored.");
});

it("images that are missing from the part to score are told before anything is trained", async () => {
  const folder = temporaryDirectory();
  await mkdir(join(folder, "img"));
  await writeFile(join(folder, "img/1.png"), "an image");
  for (const part of ["train", "dev_seen", "test_seen"]) {
    const img = part === "test_seen" ? "img/2.png" : "img/1.png";
    const rows = [1, 1].map((label) => JSON.stringify({ img, label, text: part }));
    const one = JSON.stringify({ img: "img/1.png", label: 0, text: part });
    await writeFile(join(folder, `${part}.jsonl`), `${[...rows, one].join("\n")}\n`);
  }
  const opened = await openTask(hatefulMemes, "", { folder, incomplete: true });
  const model = { path: "no model is loaded", precision: "float32" } as const;
  const options = { model, runs: folder, onNotice: () => undefined };
  const context = { requireAll: true } as EvaluatorContext;
  await expect(finetuneTask(hatefulMemes, opened, options, context)).rejects.toThrow(
    /test_seen.jsonl: 2 of 3 samples were left out: 2 have no image/,
  );
});
