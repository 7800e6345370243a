/** Looks at the files of a task before anything runs: whether it is finished, can run, or what it lacks. */
import { counted, grouped } from "../base/counted.js";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { UnusableSamplesError } from "../data/batch/skipped.js";
import { SourceError } from "../data/formats/source-error.js";
import type { LabeledSource } from "../data/labeled-source.js";
import type { StoredDtype } from "../eval/embedding-store.js";
import type { EvaluatorContext } from "../eval/evaluators/embed-images.js";
import {
  type FoundTask,
  type OpenedTask,
  TaskDataError,
  findTask,
  openTask,
  splitsOf,
} from "../eval/tasks/open-task.js";
import { identityOfTask } from "../eval/tasks/task-identity.js";
import type { LabeledTask, Part, ProtocolName, RetrievalTask, Task } from "../eval/tasks/task.js";
import { type FinetuneTaskOptions, finetuneTask } from "./finetune-task.js";
import { samplesOf } from "./labeled-images.js";
import type { Outcome, TaskScores, TaskWithout } from "./outcome.js";
import { type Measured, probeTask, retrievalTask } from "./run-task.js";
import { textBaselines } from "./task-baselines.js";

/** A task whose files are there. */
export interface ReadyTask extends Opened {
  readonly of: TaskScores["of"];
}

interface Opened {
  readonly task: Task;
  readonly protocol: ProtocolName;
  readonly layout: string;
  /** Sentences on parts that are not the official ones. */
  readonly deviations: readonly string[];
  /** Number of samples that the run embeds or scores; those of several folds count each time. */
  readonly reads: number;
  readonly run: (context: EvaluatorContext) => Promise<Measured>;
}

/** Either the task can run, or its outcome is known: finished earlier, or without what it needs. */
export type PlannedTask = { readonly task: Task } & (
  | { readonly ready: ReadyTask; readonly outcome?: undefined }
  | { readonly outcome: Outcome; readonly ready?: undefined }
);

interface PlanOptions {
  readonly data: string;
  readonly out: string;
  /** Identifies the model and its precision. */
  readonly model: string;
  /** Called with a sentence on a finished task that must be run again. */
  readonly onNotice: (sentence: string) => void;
  readonly protocol?: ProtocolName;
  readonly incomplete?: boolean;
  /** How embeddings are kept; default: "float32". */
  readonly dtype?: StoredDtype;
  /** Whether baselines stand beside the model. */
  readonly baselines?: boolean;
  /** How to fine-tune; without it, tasks that need it are not run. */
  readonly finetuning?: FinetuneTaskOptions;
}

/** The file with the scores of a finished task. */
export const scoresFile = (out: string, { name }: Task): string =>
  join(out, "tasks", `${name}.json`);

/** Looks at the files of a task; what is wrong with them is its outcome. */
export async function planTask(task: Task, options: PlanOptions): Promise<PlannedTask> {
  const protocol = protocolOf(task, options.protocol);
  const found = await findTask(task, options.data, protocol);
  try {
    return await planFound(found, protocol, options);
  } catch (error) {
    if (!(error instanceof TaskDataError)) return without(task, "failed", failureOf(task, error));
    const reason = error.message.replace(`${task.title}: `, "");
    return without(task, found.folder === undefined ? "missing" : "incomplete", reason);
  }
}

async function planFound(
  found: FoundTask,
  protocol: ProtocolName,
  options: PlanOptions,
): Promise<PlannedTask> {
  const { task } = found;
  const data = await identityOfTask(found);
  const { dtype = "float32", incomplete = false, baselines = false } = options;
  const of = {
    model: options.model,
    ...(data !== undefined && { data }),
    ...(task.kind !== "fine-tuning" && dtype !== "float32" && { embeddings: dtype }),
  };
  const kept = await finishedScores(task, protocol, options.out);
  const finished = kept?.partial && !incomplete ? undefined : kept; // such scores have to be accepted
  const change = finished && changeOf(finished, of);
  if (finished && change === undefined) return { task, outcome: { task, scores: finished } };
  const isReady = found.missing.length === 0;
  if (isReady && task.kind === "fine-tuning" && !options.finetuning)
    return without(task, "not run", "It needs fine-tuning, which takes long: add --finetune.");
  const { data: directory } = options;
  const opening = { protocol, incomplete, baselines };
  const ready =
    task.kind === "zero-shot retrieval"
      ? await openRetrieval(task, directory, opening)
      : await openLabeled(task, directory, opening, options.finetuning);
  if (change !== undefined) {
    options.onNotice(`${task.title}: ${change} since it was scored, so it runs again.`);
    if (options.finetuning)
      await rm(join(options.finetuning.runs, task.name), { recursive: true, force: true });
  }
  return { task, ready: { ...ready, of } };
}

/** What is wrong with a task, and what to do if it is its files. */
export function failureOf({ origin }: Task, error: unknown): string {
  if (error instanceof UnusableSamplesError)
    return `${error.message} The files come from ${origin}; --incomplete scores the others without them.`;
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SourceError)) return reason;
  return `${reason.replace(/\.?$/, ".")} Get the files anew; they come from ${origin}.`;
}

const without = (task: Task, status: TaskWithout["status"], reason: string): PlannedTask => ({
  task,
  outcome: { task, without: { status, reason } },
});

interface Opening {
  readonly protocol: ProtocolName;
  readonly incomplete: boolean;
  readonly baselines: boolean;
}

async function openLabeled(
  task: LabeledTask,
  data: string,
  opening: Opening,
  finetuning: FinetuneTaskOptions | undefined,
): Promise<Opened> {
  const opened = await openTask(task, data, opening);
  const { layout, train, validation, test } = opened;
  const perFold = samplesOf(validation) + samplesOf(test);
  const reads = train.reduce((sum, parts) => sum + samplesOf(parts) + perFold, 0);
  const { protocol } = opening;
  const deviations = deviationsOf(task, protocol, opened);
  const isProbe = task.kind === "linear probe" || !finetuning;
  const run = async (context: EvaluatorContext): Promise<Measured> => {
    if (isProbe) return probeTask(task, opened, context);
    const measured = await finetuneTask(task, opened, finetuning, context);
    const baselines = opening.baselines && (await textBaselines(task, opened, context));
    return { ...measured, ...(baselines && { baselines }) };
  };
  return { task, protocol, layout, deviations, reads: isProbe ? reads : samplesOf(test), run };
}

async function openRetrieval(task: RetrievalTask, data: string, opening: Opening): Promise<Opened> {
  const opened = await openTask(task, data, opening);
  const counts = await Promise.all(opened.test.map((source) => source.count()));
  const reads = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const { layout } = opened;
  const { protocol } = opening;
  const run = (context: EvaluatorContext) =>
    retrievalTask(task, opened, context, opening.baselines);
  const official = task.layouts.find((each) => each.name === layout)?.parts;
  const expected = splitsOf(task, protocol).test.map((part) => official?.[part]?.samples);
  const deviations = counts.flatMap((count, index) => deviation("test", count, expected[index]));
  return { task, protocol, layout, deviations, reads, run };
}

/** What has changed since a task was scored, if anything. Files that were removed do not matter. */
function changeOf({ of: before }: TaskScores, now: TaskScores["of"]): string | undefined {
  if (before.model !== now.model) return "the model has changed";
  if (before.embeddings !== now.embeddings) return "the precision of kept embeddings has changed";
  return now.data === undefined || before.data === now.data ? undefined : "its files have changed";
}

/** Compares the number of samples of each part with the official one, where that is known. */
function deviationsOf(
  task: LabeledTask,
  protocol: ProtocolName,
  { layout: name, train, validation, test }: OpenedTask<LabeledSource>,
): string[] {
  const splits = splitsOf(task, protocol);
  const layout = task.layouts.find((each) => each.name === name);
  const names = [splits.train.flat(), splits.validation ?? [], splits.test].flat();
  const official = new Map(names.map((part) => [part, layout?.parts[part]?.samples] as const));
  const opened = [
    ...splits.train.flat().map((part, index) => [part, train.flat()[index]] as const),
    ...validation.map((source, index) => [splits.validation?.[index] ?? "", source] as const),
    ...splits.test.map((part, index) => [part, test[index]] as const),
  ];
  return opened.flatMap(([part, source]) => {
    return deviation(part, source?.samples, official.get(part));
  });
}

function deviation(
  part: string,
  found: number | undefined,
  expected: Part<unknown>["samples"] = [],
): string[] {
  const official = [expected].flat();
  const most = official.at(-1);
  if (found === undefined || most === undefined || official.includes(found)) return [];
  return [`Not the official data: ${part} has ${grouped(found)} of ${counted(most, "sample")}.`];
}

/** The wanted protocol if the task has it, else its first one. */
function protocolOf({ protocols }: Task, wanted: ProtocolName | undefined): ProtocolName {
  const own = Object.keys(protocols) as ProtocolName[];
  return wanted !== undefined && own.includes(wanted) ? wanted : own[0]!;
}

async function finishedScores(
  task: Task,
  protocol: ProtocolName,
  out: string,
): Promise<TaskScores | undefined> {
  const text = await readFile(scoresFile(out, task), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const scores = JSON.parse(text) as TaskScores; // written at once, so never in part
  return scores.protocol === protocol && "of" in scores ? scores : undefined;
}
