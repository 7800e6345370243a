/** The benchmarks of images, codebook, training, growth and agreement: our side of each runs once, at the smallest size. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { load } from "../src/api/load.js";
import { nativeLevels } from "../src/backend/native.js";
import { type ZeroShotSet, openEvaluationSet } from "../src/eval/evaluation-set.js";
import { sizedRecipe } from "../src/train/sized-recipe.js";
import { benchAgreement, compare } from "./agreement.js";
import { measureCodebook } from "./codebook.js";
import { measureHere } from "./fresh.js";
import { formatGrowth, growthHeader, growthPanels } from "./growth.js";
import { photo } from "./images.js";
import { quick } from "./measure.js";
import { writeRandomWeights } from "./model.js";
import { plot } from "./plot.js";
import { recipeOf, someBatches, timeSteps, train, writePeerInputs } from "./training.js";
import { makeViews, roomFor, splitTime } from "./views.js";

const folder = mkdtempSync(join(tmpdir(), "benchmarks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const native = it.runIf(nativeLevels().length > 0);

it("images: both views of photos are made, and each step is timed", async () => {
  const files = await Promise.all([photo(0), photo(1)]);
  const views = roomFor(files.length);
  await makeViews(files, views);
  for (const numbers of [views.pixels, views.codebookPixels]) {
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(new Set(numbers.subarray(numbers.length / 2)).size).toBeGreaterThan(100);
  }
  for (const time of Object.values(await splitTime(files))) expect(time).toBeGreaterThan(0);
});

native("codebook: reconstructions are classified beside their originals", async () => {
  await using flava = await load();
  const set = await openEvaluationSet(join("samples", "mini-pmd", "evaluation", "zero-shot-ph"));
  const row = await measureCodebook(flava, set as ZeroShotSet, 8);
  expect(row.images).toBe(8);
  expect(row.codesUsed).toBeGreaterThan(8);
  expect(row.codeEntropy).toBeGreaterThan(0);
  for (const share of [row.originals, row.reconstructions, row.inkAccuracy]) {
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});

native("training: a run with its data loading, and steps on batches that are ready", async () => {
  vi.stubEnv("FLAVA_CACHE", folder); // so that the data is the sample that ships
  const recipe = await sizedRecipe(recipeOf({ model: "quickstart", batch: 4, steps: 2 }));
  const batches = await someBatches(recipe);
  await writePeerInputs(recipe, batches, join(folder, "peer"));
  expect(readdirSync(join(folder, "peer"))).toContain("0.safetensors");
  const start = join(folder, "start");
  await writeRandomWeights(start, recipe.config);
  const entries = await train(recipe, start, join(folder, "run"));
  expect(entries.length).toBeGreaterThan(0);
  for (const { scalars } of entries) expect(scalars["samples/s"]).toBeGreaterThan(0);
  const [seconds] = await timeSteps(recipe, batches.slice(0, 1), 1);
  expect(seconds).toBeGreaterThan(0);
  vi.unstubAllEnvs();
});

native("growth: cost of a workload, as a row and as a plot", async () => {
  const work = { kind: "product", m: 4, k: 8, n: 16, count: 1, dtype: "float32" } as const;
  const effort = { ...quick, seconds: 0.01, patienceSeconds: 0 };
  const cost = await measureHere({ work, threads: 2, effort });
  expect(cost.seconds).toBeGreaterThan(0);
  expect(cost.peakBytes).toBeGreaterThan(1e7);
  const row = { batch: 8, tokens: 197, ours: cost, peer: cost };
  const cells = (line: string): number => line.split("|").length;
  expect(cells(formatGrowth(row))).toBe(cells(growthHeader.split("\n")[0]!));
  expect(plot(growthPanels([row, { ...row, batch: 16 }]))).not.toContain("NaN");
});

it("agreement: engines in float32 keep to the bar, which other results miss", async () => {
  const rows = await benchAgreement(1, "float32");
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(["wasm", "ONNX Runtime"]));
  for (const row of rows) expect(row, row.name).toMatchObject({ holds: true });
  const [right, wrong] = [1, 1.0002].map((factor) => ({
    images: Float32Array.of(factor, 0),
    texts: Float32Array.of(0, 1),
    matches: Float32Array.of(0.5),
  }));
  expect(compare({ name: "one", precision: "float32" }, wrong!, right!).holds).toBe(false);
});
