/** Trains and evaluates the models of the paper's comparisons, with several seeds; what is finished is kept. */
import { counted } from "../../base/counted.js";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { load } from "../../api/load.js";
import { type Ablation, ablations } from "../../configs/ablations/ablations.js";
import type { Recipe } from "../../configs/recipe.js";
import { findTask } from "../../eval/tasks/open-task.js";
import type { Task } from "../../eval/tasks/task.js";
import { dryRun } from "../../train/dry-run.js";
import { type PretrainOptions, pretrain } from "../../train/pretrain.js";
import { timeRange } from "../../train/run/speed.js";
import type { Outcome } from "../outcome.js";
import { type SuiteOptions, runSuite } from "../run-suite.js";
import { rowsOf } from "../rows.js";
import type { MeasuredModel } from "./averages.js";
import { type AblationReport, reportOf } from "./report.js";
import { writeReports } from "./write-reports.js";

/** What is trained, and what it is evaluated on. */
export interface AblationOptions
  extends
    Pick<PretrainOptions, "backend" | "workers" | "log" | "signal" | "onProgress" | "onIndexed">,
    Pick<SuiteOptions, "finetune"> {
  /** As `ablationRecipe` makes it; its seed is replaced. */
  readonly recipe: Recipe;
  /** Every model is trained with each of them. */
  readonly seeds: readonly number[];
  /** The models to train, by their stages; default: all. */
  readonly only?: readonly string[];
  /** Has a directory for each seed, and the report. */
  readonly directory: string;
  /** The tasks that models are evaluated on. */
  readonly tasks: readonly Task[];
  /** The data directory of the tasks. */
  readonly data: string;
}

/** The models to compare, of which `only` names some. */
function chosen({ only }: Pick<AblationOptions, "only">): readonly Ablation[] {
  return only ? ablations.filter(({ stage }) => only.includes(stage)) : ablations;
}

const seedDirectory = (directory: string, seed: number): string => join(directory, `seed-${seed}`);

/**
 * Logs how long training would take, and checks data, memory and disk space. Nothing is trained.
 * @throws Error if a model could not be trained
 */
export async function planAblations(options: AblationOptions): Promise<number> {
  const { recipe, seeds, only, directory, log } = options;
  const tasks = await runnableTasks(options);
  const silently = { ...options, directory: seedDirectory(directory, 0), log: () => undefined };
  let seconds = 0;
  for (const { name, steps } of recipe.stages) {
    if (only && !only.includes(name)) continue;
    const own = await dryRun({ ...silently, only: [name] });
    const count = counted(steps, "step");
    log(`${name.padEnd(20)}${count.padStart(14)}  roughly ${timeRange(own)}`);
    seconds += own;
  }
  log(
    `Training takes roughly ${timeRange(seconds)} for each seed, ${timeRange(seeds.length * seconds)} for ` +
      `${seeds.length}, on an idle machine; after it each model is evaluated on ${counted(tasks.length, "task")}.`,
  );
  return seeds.length * seconds;
}

/**
 * Trains all models with each seed, evaluates them, and writes report.html, report.md and report.json to `directory` after each
 * seed. The same call continues what was interrupted.
 *
 * @returns the comparison; undefined if it was stopped
 * @throws ChangedRunError if the directory was made with other settings
 */
export async function runAblations(options: AblationOptions): Promise<AblationReport | undefined> {
  const { recipe, seeds, directory, log, signal } = options;
  await runnableTasks(options);
  const measured: MeasuredModel[] = [];
  await mkdir(directory, { recursive: true });
  for (const seed of seeds) {
    const own = seedDirectory(directory, seed);
    log(`Seed ${seed}: ${own}`);
    if (
      (await pretrain({ ...options, recipe: { ...recipe, seed }, directory: own })) === "stopped"
    ) {
      return undefined;
    }
    for (const ablation of chosen(options)) {
      signal?.throwIfAborted();
      measured.push(await measure(ablation, seed, options));
    }
    await writeReports(directory, reportOf(measured));
  }
  return reportOf(measured);
}

/**
 * The tasks whose files are there, and which need no fine-tuning unless it was asked for.
 * @throws Error if there are none, before hours of training
 */
async function runnableTasks({ tasks, data, finetune = false }: AblationOptions): Promise<Task[]> {
  const found: Task[] = [];
  for (const task of tasks) {
    if (task.kind === "fine-tuning" && !finetune) continue;
    const { folder, missing } = await findTask(task, data);
    if (folder !== undefined && missing.length === 0) found.push(task);
  }
  if (found.length > 0) return found;
  throw new Error(
    `${data} has the files of no task that could be run${finetune ? "" : " without fine-tuning"}. Name another directory ` +
      "(--data), or run flava data build.",
  );
}

/** Evaluates a trained model. */
async function measure(
  ablation: Ablation,
  seed: number,
  { directory, backend, tasks, data, finetune, log, signal }: AblationOptions,
): Promise<MeasuredModel> {
  const { stage, family } = ablation;
  const run = join(seedDirectory(directory, seed), stage);
  const own = tasks.filter((task) => family === undefined || task.family === family);
  log(`Evaluating "${stage}" of seed ${seed} on ${counted(own.length, "task")}.`);
  const { threads } = backend;
  await using flava = await load(join(run, "final"), { backend: { threads } });
  const { outcomes } = await runSuite("ablations", own, flava, {
    ...{ data, out: join(run, "tasks") },
    ...(finetune && { finetune }),
    ...(signal && { signal }),
    onOutcome: (outcome: Outcome) => {
      if ("without" in outcome && outcome.without.status === "failed") log(outcome.without.reason);
    },
  });
  return { ablation, seed, rows: rowsOf(outcomes) };
}
