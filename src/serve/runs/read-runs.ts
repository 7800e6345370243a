/** Training runs below a directory, read from the files that `flava pretrain` and `flava finetune` write. */
import { readFile, stat } from "node:fs/promises";
import { basename, join, posix, resolve } from "node:path";
import { logName, readLog } from "../../train/run/log.js";
import {
  RunDirectory,
  type RunFacts,
  factsName,
  reconstructionsName,
} from "../../train/run/run-directory.js";
import { stateOfRun } from "../../train/run/watched-run.js";
import type { LogEntry, RunResponse, RunStage, RunSummary } from "../schemas/runs.js";
import { directoriesWith } from "./find-files.js";

/** A run that was found: its directory has one directory for each stage that has started. */
interface FoundRun {
  readonly name: string;
  readonly path: string;
  /** Names of the stages that have started. */
  readonly started: readonly string[];
}

/** Reads the runs below a directory. Names are only compared with those found there, so no other file can be asked for. */
export class Runs {
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** All runs whose facts can be read, the one that was logged to last first. */
  async list(): Promise<RunSummary[]> {
    const runs = await this.#find();
    const summaries = await Promise.all(
      runs.map(async (run) => {
        const facts = await factsOf(run);
        return facts && summaryOf(run, facts);
      }),
    );
    return summaries
      .flatMap((summary) => summary ?? [])
      .sort((a, b) => b.loggedAt.localeCompare(a.loggedAt));
  }

  /** A run with its stages; undefined if there is no run of this name. */
  async read(name: string): Promise<RunResponse | undefined> {
    const run = await this.#named(name);
    const facts = run && (await factsOf(run));
    if (!facts) return undefined;
    const { recipe, version, level } = facts;
    const stages = await Promise.all(
      recipe.stages.map(async (stage) => {
        const steps = "steps" in stage && typeof stage.steps === "number" ? stage.steps : null;
        return run.started.includes(stage.name)
          ? startedStage(run, stage.name)
          : { name: stage.name, steps, step: null, losses: {}, accuracies: {}, drawnAt: null };
      }),
    );
    return { ...(await summaryOf(run, facts)), stages, version, level };
  }

  /** The lines of a stage's log from a step on; undefined if there is no such stage. */
  async log(name: string, stage: string, from: number): Promise<LogEntry[] | undefined> {
    const directory = await this.#stage(name, stage);
    if (!directory) return undefined;
    const entries = await readLog(directory);
    return entries.filter(({ step }) => step >= from);
  }

  /** A PNG of images above their reconstructions; undefined if there is none. */
  async reconstructions(name: string, stage: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const directory = await this.#stage(name, stage);
    return directory && readFile(directory.file(reconstructionsName)).catch(() => undefined);
  }

  async #stage(name: string, stage: string): Promise<RunDirectory | undefined> {
    const run = await this.#named(name);
    return run?.started.includes(stage) ? stageDirectory(run, stage) : undefined;
  }

  async #named(name: string): Promise<FoundRun | undefined> {
    return (await this.#find()).find((run) => run.name === name);
  }

  async #find(): Promise<FoundRun[]> {
    const stages = await directoriesWith(factsName, this.#root);
    const names = new Map<string, string[]>();
    for (const path of stages) {
      if (path === ".") continue; // the root is a stage itself: its run is outside
      const run = posix.dirname(path);
      names.set(run, [...(names.get(run) ?? []), posix.basename(path)]);
    }
    return [...names].map(([path, started]) => ({
      name: path === "." ? basename(this.#root) : path,
      path: join(this.#root, path),
      started,
    }));
  }
}

const stageDirectory = (run: FoundRun, stage: string): RunDirectory =>
  new RunDirectory(join(run.path, stage));

/** The facts of the first stage that has started, of which those of the recipe hold for all. */
const factsOf = (run: FoundRun): Promise<RunFacts | undefined> =>
  stageDirectory(run, run.started[0]!)
    .readFacts()
    .catch(() => undefined); // damaged, or half written at this moment

async function summaryOf(run: FoundRun, facts: RunFacts): Promise<RunSummary> {
  const stages = run.started.map((name) => stageDirectory(run, name));
  const times = await Promise.all(stages.map((stage) => changedAt(stage.file(logName))));
  const last = facts.recipe.stages.at(-1)!.name;
  const state = await stateOfRun(run.path, last);
  const loggedAt = new Date(Math.max(...times.map((time) => time ?? 0))).toISOString();
  return { name: run.name, loggedAt, state };
}

async function startedStage(run: FoundRun, name: string): Promise<RunStage> {
  const directory = stageDirectory(run, name);
  const facts = await directory.readFacts();
  const log = await readLog(directory);
  const drawn = await changedAt(directory.file(reconstructionsName));
  return {
    name,
    steps: facts?.steps ?? null,
    step: log.at(-1)?.step ?? 0,
    losses: facts?.losses ?? {},
    accuracies: facts?.accuracies ?? {},
    drawnAt: drawn === undefined ? null : new Date(drawn).toISOString(),
  };
}

/** When a file was last changed, in milliseconds since 1970; undefined if there is none. */
async function changedAt(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
