import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunState, StageInText } from "../../report/run-text.js";
import { exists } from "../../base/exists.js";
import { logName, readLog } from "./log.js";
import { RunDirectory } from "./run-directory.js";
import { isTraining } from "./run-lock.js";

/** A run, read from its files. */
export interface WatchedRun {
  /** The stage that was logged to last. */
  readonly stage: StageInText;
  /** That of all stages. */
  readonly state: RunState;
}

/** The state of the run in `directory`, whose last stage has this name. */
export async function stateOfRun(directory: string, lastStage: string): Promise<RunState> {
  if (await isTraining(directory)) return "training";
  return (await exists(join(directory, lastStage, "final"))) ? "finished" : "stopped";
}

/**
 * Reads a run that another process may be making.
 *
 * @param directory of a run, or of one of its stages
 * @throws Error if there is no run
 */
export async function readRun(directory: string): Promise<WatchedRun> {
  const names = await readdir(directory).catch((): string[] => []);
  const own = names.includes(logName);
  const candidates = own ? [directory] : names.map((name) => join(directory, name));
  const logged = await Promise.all(
    candidates.map(async (path) => ({ path, time: await loggedAt(path) })),
  );
  const [latest] = logged.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time);
  const run = latest && new RunDirectory(latest.path);
  const facts = await run?.readFacts();
  if (!run || !facts) {
    throw new Error(
      `There is no run in ${directory}. Name the directory of a run (--out of flava pretrain), or of one of its stages.`,
    );
  }
  const log = await readLog(run);
  const whole = own ? dirname(directory) : directory;
  const state = await stateOfRun(whole, facts.recipe.stages.at(-1)!.name);
  const isDone = (log.at(-1)?.step ?? 0) >= facts.steps && (await exists(run.file("final")));
  const ofStage = isDone ? "finished" : state;
  return {
    stage: { name: facts.stage, ...facts, state: ofStage, log },
    state: own ? ofStage : state,
  };
}

/** When a stage was logged to last, in milliseconds; 0 if it was not. */
async function loggedAt(directory: string): Promise<number> {
  const found = await stat(join(directory, logName)).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}
