/** Runs the tasks of a suite one after another; what is finished is kept, and skipped by the next run. */
import { counted } from "../base/counted.js";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../backend/available-memory.js";
import { secondsInPrograms } from "../backend/program.js";
import { withLock } from "../base/lock.js";
import { keyOf } from "../base/random.js";
import { replaceFile } from "../base/replace-file.js";
import type { DecodeOptions } from "../data/image/decode.js";
import type { StoredDtype } from "../eval/embedding-store.js";
import { gradientWidth } from "../eval/baselines/gradient-histogram.js";
import type { EmbeddingStores, EvaluatorContext } from "../eval/evaluators/embed-images.js";
import type { ProtocolName, Task } from "../eval/tasks/task.js";
import type { EmbeddingModel } from "../search/embedding-model.js";
import { modelFingerprint } from "../search/model-fingerprint.js";
import { embeddingFolder, withEmbeddings } from "./embedding-cache.js";
import type { Outcome, SuiteModel, SuiteReport, TaskScores } from "./outcome.js";
import { type PlannedTask, type ReadyTask, failureOf, planTask, scoresFile } from "./plan-task.js";
import { writeReports } from "./write-reports.js";

export interface SuiteOptions {
  /** The data directory, with a folder for each task. */
  readonly data: string;
  /** Where results and reports go; a directory with results is continued: tasks whose files or model have changed since run again. */
  readonly out: string;
  /** For tasks that have it; the others use their first one. */
  readonly protocol?: ProtocolName;
  /** Accepts data sets with missing or damaged samples, or another number of them than the official one. Default: false. */
  readonly incomplete?: boolean;
  /** Fine-tunes for the tasks that need it, which takes long; default: these are not run. */
  readonly finetune?: boolean;
  /**
   * Measures baselines beside the model: chance, the most frequent answer, and a simple method without the model. Default:
   * false.
   */
  readonly baselines?: boolean;
  /** Type of the embeddings kept on disk; default: "float32". */
  readonly dtype?: StoredDtype;
  readonly decode?: DecodeOptions;
  readonly signal?: AbortSignal;
  /** Called with sentences on what will be done, before it starts. */
  readonly onNotice?: (sentence: string) => void;
  /** Called with the task being run, the number of samples done, and that of all samples of this run. */
  readonly onProgress?: (task: string, done: number, total: number) => void;
  /** Called with each task that was scored in this run, or could not be. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/**
 * Scores a model on all tasks whose files are in a directory, and writes report.html, report.md and report.json to
 * `options.out` after each.
 *
 * @param name of the suite, such as "flava35"
 * @returns the outcomes of all tasks; an error in one task does not stop the others
 * @throws Error if the directory holds results of another suite, or another process writes to it
 */
export async function runSuite(
  name: string,
  tasks: readonly Task[],
  flava: EmbeddingModel,
  options: SuiteOptions,
): Promise<SuiteReport> {
  const { path, precision } = flava.model;
  const model = { path, precision, fingerprint: await modelFingerprint(flava.model) };
  await mkdir(join(options.out, "tasks"), { recursive: true });
  return withLock(join(options.out, "lock"), options.out, async () => {
    await requireSameSuite(options.out, name, model);
    const planned: PlannedTask[] = [];
    const runs = join(options.out, "finetuning");
    const finetuning = {
      model: flava.model,
      runs,
      onNotice: options.onNotice ?? (() => undefined),
    };
    const planning = {
      ...options,
      model: `${model.fingerprint} ${precision}`,
      onNotice: finetuning.onNotice,
      ...(options.finetune && { finetuning }),
    };
    for (const task of tasks) planned.push(await planTask(task, planning));
    await describePlan(planned, flava, options);
    const outcomes = new Map(
      planned.flatMap(({ task, outcome }) => (outcome ? [[task, outcome]] : [])),
    );
    const report = (): SuiteReport => ({
      suite: name,
      model,
      outcomes: tasks.flatMap((task) => outcomes.get(task) ?? []),
    });
    for (const outcome of outcomes.values()) if ("without" in outcome) options.onOutcome?.(outcome);
    const ready = planned.flatMap(({ ready: found }) => found ?? []);
    if (ready.length > 0) {
      const { dtype = "float32", baselines: gradients = false } = options;
      await withEmbeddings(flava, { dtype, gradients }, async (stores) => {
        for await (const outcome of runTasks(ready, flava, stores, options)) {
          outcomes.set(outcome.task, outcome);
          options.onOutcome?.(outcome);
          await writeReports(options.out, report());
        }
      });
    }
    await writeReports(options.out, report());
    return report();
  });
}

async function* runTasks(
  ready: readonly ReadyTask[],
  { embedder }: EmbeddingModel,
  stores: EmbeddingStores,
  options: SuiteOptions,
): AsyncGenerator<Outcome> {
  const { decode, signal, onNotice, onProgress, out } = options;
  const total = ready.reduce((sum, { reads }) => sum + reads, 0);
  let [finished, done] = [0, 0];
  for (const own of ready) {
    const { task } = own;
    done = finished;
    const context: EvaluatorContext = {
      embedder,
      backend: embedder.backend,
      key: keyOf(0),
      stores,
      requireAll: !options.incomplete,
      ...(decode && { decode }),
      ...(signal && { signal }),
      advance: (samples) => onProgress?.(task.title, (done += samples), total),
      probe: {
        onMemory: (bytes) =>
          onNotice?.(`${task.title}: fitting probes in ${formatBytes(bytes)} of memory.`),
      },
    };
    const start = performance.now();
    const inPrograms = secondsInPrograms(embedder.backend);
    try {
      const { unusable, ...measured } = await own.run(context);
      const seconds = tenths((performance.now() - start) / 1000);
      const { protocol, layout, of, deviations } = own;
      const scores: TaskScores = {
        ...{ task: task.name, protocol, layout, of, ...measured, seconds },
        secondsInPrograms: tenths(secondsInPrograms(embedder.backend) - inPrograms),
        partial: deviations.length > 0 || unusable > 0,
        notes: [...deviations, ...measured.notes],
      };
      await replaceFile(scoresFile(out, task), `${JSON.stringify(scores, undefined, 2)}\n`);
      yield { task, scores };
    } catch (error) {
      signal?.throwIfAborted();
      yield { task, without: { status: "failed", reason: failureOf(task, error) } };
    }
    finished += own.reads;
  }
}

const tenths = (seconds: number): number => Math.round(10 * seconds) / 10;

/** Remembers whose results a directory holds; those of another model are replaced task by task. */
async function requireSameSuite(out: string, suite: string, model: SuiteModel): Promise<void> {
  const file = join(out, "suite.json");
  const text = await readFile(file, "utf8").catch(() => undefined);
  const known = text === undefined ? undefined : (JSON.parse(text) as { readonly suite: string });
  if (known && known.suite !== suite) {
    throw new Error(
      `${out} holds results of ${known.suite}, which cannot be continued with ${suite}. Name another directory.`,
    );
  }
  await replaceFile(file, `${JSON.stringify({ suite, model }, undefined, 2)}\n`);
}

/** Says what will run, and how much space its embeddings take, before anything starts. */
async function describePlan(
  planned: readonly PlannedTask[],
  flava: EmbeddingModel,
  { onNotice, dtype = "float32", baselines }: SuiteOptions,
): Promise<void> {
  const ready = planned.flatMap((task) => task.ready ?? []);
  const finished = planned.filter(({ outcome }) => outcome && "scores" in outcome).length;
  const earlier = finished > 0 ? `, ${finished} finished earlier` : "";
  onNotice?.(`${counted(planned.length, "task")}: ${ready.length} to run${earlier}.`);
  const embedded = ready.filter(({ task }) => task.kind !== "fine-tuning");
  if (embedded.length === 0) return;
  const images = embedded.reduce((sum, { reads }) => sum + reads, 0);
  const { width, featureWidth } = flava.embedder;
  const numbers = Math.max(width, featureWidth) + (baselines ? gradientWidth : 0);
  const bytes = images * numbers * (dtype === "float16" ? 2 : 4);
  const folder = await embeddingFolder(flava);
  onNotice?.(
    `${counted(images, "image")}; their embeddings take at most ${formatBytes(bytes)} in ${folder}.`,
  );
}
