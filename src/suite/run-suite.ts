/** Runs the tasks of a suite one after another; what is finished is kept, and skipped by the next run. */
import { counted } from "../base/counted.js";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../backend/available-memory.js";
import { LostProcessError } from "../backend/communicator.js";
import { secondsInPrograms } from "../backend/program.js";
import { keyOf } from "../base/random.js";
import { packageVersion } from "../base/package-root.js";
import { replaceFile } from "../base/replace-file.js";
import type { DecodeOptions } from "../data/image/decode.js";
import type { StoredDtype } from "../eval/embedding-store.js";
import { gradientWidth } from "../eval/baselines/gradient-histogram.js";
import type { EmbeddingStores, EvaluatorContext } from "../eval/evaluators/embed-images.js";
import type { ProtocolName, Task } from "../eval/tasks/task.js";
import { allOrNone, isFirst, requireSame } from "../parallel/agreement.js";
import { withSharedFolder } from "../parallel/shared-folder.js";
import type { EmbeddingModel } from "../search/embedding-model.js";
import { modelFingerprint } from "../search/model-fingerprint.js";
import { embeddingFolder, withEmbeddings } from "./embedding-cache.js";
import type { Outcome, SuiteModel, SuiteReport, TaskScores } from "./outcome.js";
import { type PlannedTask, type ReadyTask, failureOf, planTask, scoresFile } from "./plan-task.js";
import { writeReports } from "./write-reports.js";

/** Where data are, what is run, and what is told meanwhile. */
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
  /** How images are decoded. */
  readonly decode?: DecodeOptions;
  /** Stops the suite, which rejects with the signal's reason; the same call continues it. */
  readonly signal?: AbortSignal;
  /** Called with sentences on what will be done, before it starts. */
  readonly onNotice?: (sentence: string) => void;
  /** Called with the task being run, the number of samples done, and that of all samples of this run. */
  readonly onProgress?: (task: string, done: number, total: number) => void;
  /** Called with the task being run, the number of finished fits of its probe or baseline, and how many there will be at most. */
  readonly onFits?: (task: string, fits: number, most: number) => void;
  /** Called with each task that was scored in this run, or could not be. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/**
 * Scores a model on all tasks whose files are in a directory, and writes report.html, report.md and report.json to
 * `options.out` after each. The processes of a run share the embedding, and all get all outcomes; the first one writes.
 *
 * @param name of the suite, such as "flava35"
 * @returns the outcomes of all tasks; an error in one task does not stop the others
 * @throws Error if the directory holds results of another suite, or another run writes to it
 */
export async function runSuite(
  name: string,
  tasks: readonly Task[],
  flava: EmbeddingModel,
  options: SuiteOptions,
): Promise<SuiteReport> {
  const { path, precision } = flava.model;
  const { communicator: processes } = flava.embedder.backend;
  if (processes && options.finetune) throw new Error(finetunesAlone(name));
  const model = { path, precision, fingerprint: await modelFingerprint(flava.model) };
  return withSharedFolder(processes, options.out, async () => {
    const isWriter = isFirst(processes);
    if (isWriter) await takeDirectory(options.out, name, model);
    const planned = await planTasks(tasks, model, flava, options);
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
          if (isWriter) await writeReports(options.out, report());
        }
      });
    }
    if (isWriter) await writeReports(options.out, report());
    return report();
  });
}

const finetunesAlone = (suite: string): string =>
  `--finetune runs in one process, as a batch that several share gives other weights. Start "flava evaluate --suite ${suite} ` +
  '--finetune" without the launcher; in the same --out it keeps what several processes have scored.';

/** Looks at the files of all tasks, which must be the same for all processes. */
async function planTasks(
  tasks: readonly Task[],
  model: SuiteModel,
  flava: EmbeddingModel,
  options: SuiteOptions,
): Promise<PlannedTask[]> {
  const { fingerprint, precision } = model;
  const { communicator: processes, level } = flava.embedder.backend;
  const onNotice = options.onNotice ?? (() => undefined);
  const finetuning = { model: flava.model, runs: join(options.out, "finetuning"), onNotice };
  const planning = {
    ...options,
    model: `${fingerprint} ${precision}`,
    onNotice,
    ...(options.finetune && { finetuning }),
  };
  const planned: PlannedTask[] = [];
  for (const task of tasks) planned.push(await planTask(task, planning));
  await requireSame(processes, {
    ...{ version: packageVersion(), level, model: { fingerprint, precision } },
    tasks: planned.map(({ task, ready }) => [task.name, ready?.protocol, ready?.of.data]),
  });
  return planned;
}

async function* runTasks(
  ready: readonly ReadyTask[],
  { embedder }: EmbeddingModel,
  stores: EmbeddingStores,
  options: SuiteOptions,
): AsyncGenerator<Outcome> {
  const { decode, signal, onNotice, onProgress, onFits, out } = options;
  const { communicator: processes } = embedder.backend;
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
        onProgress: (fits, most) => onFits?.(task.title, fits, most),
      },
    };
    const start = performance.now();
    const inPrograms = secondsInPrograms(embedder.backend);
    try {
      const { unusable, ...measured } = await allOrNone(processes, () => own.run(context));
      const seconds = tenths((performance.now() - start) / 1000);
      const { protocol, layout, of, deviations } = own;
      const scores: TaskScores = {
        ...{ task: task.name, protocol, layout, of, ...measured, seconds },
        secondsInPrograms: tenths(secondsInPrograms(embedder.backend) - inPrograms),
        partial: deviations.length > 0 || unusable > 0,
        notes: [...deviations, ...measured.notes],
      };
      if (isFirst(processes))
        await replaceFile(scoresFile(out, task), `${JSON.stringify(scores, undefined, 2)}\n`);
      yield { task, scores };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LostProcessError) throw error;
      yield { task, without: { status: "failed", reason: failureOf(task, error) } };
    }
    finished += own.reads;
  }
}

const tenths = (seconds: number): number => Math.round(10 * seconds) / 10;

/**
 * Remembers whose results a directory holds; those of another model are replaced task by task.
 * @throws Error if they are of another suite
 */
async function takeDirectory(out: string, suite: string, model: SuiteModel): Promise<void> {
  await mkdir(join(out, "tasks"), { recursive: true });
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
