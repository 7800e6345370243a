import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { writeCheckpoint } from "../../test/small-checkpoint.js";
import { load } from "../api/load.js";
import { flava35 } from "../eval/tasks/flava35.js";
import { runSuite } from "./run-suite.js";

it("a suite fine-tunes where it is asked to, and scores the development set", async () => {
  const folder = temporaryDirectory();
  process.env.FLAVA_CACHE = join(folder, "cache");
  await writeCheckpoint(join(folder, "model"));
  await mkdir(join(folder, "data/rte/RTE"), { recursive: true });
  for (const [part, count] of Object.entries({ train: 8, dev: 4 })) {
    const rows = Array.from({ length: count }, (_, row) => {
      const [hypothesis, label] = row % 2 === 0 ? ["yes", "entailment"] : ["no", "not_entailment"];
      return `${row}\tpremise ${row}\t${hypothesis}\t${label}`;
    });
    const text = ["index\tsentence1\tsentence2\tlabel", ...rows, ""].join("\n");
    await writeFile(join(folder, "data/rte/RTE", `${part}.tsv`), text);
  }
  await using flava = await load(join(folder, "model"), { backend: { name: "reference" } });
  const rte = flava35.filter(({ name }) => name === "rte");
  const places = { data: join(folder, "data"), incomplete: true };
  const without = await runSuite("glue", rte, flava, { ...places, out: join(folder, "a") });
  expect(without.outcomes).toMatchObject([{ without: { status: "not run" } }]);

  const out = join(folder, "b");
  const { outcomes } = await runSuite("glue", rte, flava, { ...places, out, finetune: true });
  const [outcome] = outcomes;
  if (!outcome || !("scores" in outcome)) throw new Error(JSON.stringify(outcome));
  expect(outcome.scores).toMatchObject({ samples: { train: 8, test: 4 }, partial: true });
  expect(outcome.scores.metrics.accuracy?.count).toBe(4);
  expect(outcome.scores.metrics.accuracy?.mean).toBeGreaterThanOrEqual(0);
  expect(outcome.scores.notes).toContain("The best model was chosen by the part that is scored.");
});
