/** Runs and evaluations for tests of the web app, written by what writes them for users. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Flava } from "../src/api/flava.js";
import { keyOf } from "../src/base/random.js";
import { openSource } from "../src/data/formats/open.js";
import { evaluate } from "../src/eval/evaluate.js";
import { openEvaluationSet } from "../src/eval/evaluation-set.js";
import { flava35 } from "../src/eval/tasks/flava35.js";
import { reportName, toRecord } from "../src/report/evaluation-record.js";
import { indexSource } from "../src/search/index-source.js";
import { openOrMakeIndex, originOf } from "../src/search/open-index.js";
import { writeReports as writeComparisonReports } from "../src/suite/ablations/write-reports.js";
import { writeReports } from "../src/suite/write-reports.js";
import { type LogEntry, RunLog } from "../src/train/run/log.js";
import { RunDirectory, reconstructionsName } from "../src/train/run/run-directory.js";

const samples = join(import.meta.dirname, "..", "samples", "mini-pmd", "evaluation");

/** The line that a run logs at a step. */
const entryAt = (step: number, mlm: number): LogEntry => ({
  step,
  seconds: step,
  kind: "training",
  scalars: { mlm, "samples/s": 100, "step ms": 1000 },
});

/** Starts a run of two stages, of which the first has logged 20 of 50 steps. Returns what logs a further step. */
export async function startRun(
  directory: string,
): Promise<(step: number, mlm: number) => Promise<void>> {
  const run = new RunDirectory(join(directory, "text"));
  await run.writeFacts({
    ...{ version: "0.0.0", level: "avx2", vocabulary: "", samples: {}, start: {} },
    recipe: { name: "test", stages: [{ name: "text" }, { name: "joint" }] },
    ...{ stage: "text", steps: 50, losses: { mlm: 10.326 }, accuracies: {} },
  });
  const log = await RunLog.open(run, 0);
  for (let step = 1; step <= 20; step++) await log.add(entryAt(step, 10 - step / 10));
  const size = { width: 64, height: 32, channels: 3, background: "teal" } as const;
  await writeFile(run.file(reconstructionsName), await sharp({ create: size }).png().toBuffer());
  return (step, mlm) => log.add(entryAt(step, mlm));
}

/** Makes an index of the images of a set that ships. */
export async function writeIndex(directory: string, flava: Flava): Promise<void> {
  await using index = await openOrMakeIndex(
    directory,
    await originOf(flava, "samples"),
    flava.model.backend,
  );
  await indexSource(index, await openSource(join(samples, "retrieval-ph")), flava);
}

/** Evaluates the model on two sets that ship. */
export async function writeEvaluation(directory: string, flava: Flava): Promise<void> {
  const evaluations: unknown[] = [];
  for (const name of ["zero-shot-ph", "retrieval-ph"]) {
    const evaluation = await evaluate(await openEvaluationSet(join(samples, name)), flava);
    evaluations.push(await toRecord(evaluation, { backend: flava.model.backend, key: keyOf(0) }));
  }
  await mkdir(directory, { recursive: true });
  const report = { model: "mini", precision: "float32", evaluations };
  await writeFile(join(directory, reportName), JSON.stringify(report));
}

/** A report on the paper's tasks without any of their files. */
export async function writeSuite(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeReports(directory, {
    suite: "flava35",
    model: { path: "mini", precision: "float32", fingerprint: "" },
    outcomes: flava35.map((task) => ({
      task,
      without: { status: "missing", reason: "There are no files." },
    })),
  });
}

/** A comparison of two models over two seeds. */
export async function writeComparison(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const none = { used: 0, all: 0 };
  await writeComparisonReports(directory, {
    seeds: [0, 1],
    rows: { language: none, vision: { used: 22, all: 22 }, multimodal: none },
    models: [
      { stage: "mim", title: "MIM", scores: {}, paper: { vision: 57.46 } },
      {
        ...{ stage: "flava", title: "FLAVA" },
        scores: { vision: { mean: 39.24, margin: 0.61, seeds: 2 } },
        paper: { vision: 79.44 },
      },
    ],
    changes: [
      {
        title: "adding all",
        points: { vision: { mean: 1.19, margin: 1.96, seeds: 2 } },
        paper: { vision: 21.98 },
      },
    ],
  });
}
