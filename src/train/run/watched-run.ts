import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StageInText } from "../../report/run-text.js";
import { exists } from "../../base/exists.js";
import { logName, readLog } from "./log.js";
import { RunDirectory } from "./run-directory.js";

/** The state of a run, read from its files. */
export interface WatchedRun {
  /** The stage that was logged to last. */
  readonly stage: StageInText;
  /** Whether the last stage of the recipe has written its model. */
  readonly isFinished: boolean;
}

/**
 * Reads the state of a run that another process may be making.
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
  const { stages } = facts.recipe;
  const last = own ? facts.stage : stages.at(-1)!.name;
  const finished = join(own ? dirname(directory) : directory, last, "final");
  return {
    stage: { name: facts.stage, ...facts, log: await readLog(run) },
    isFinished: await exists(finished),
  };
}

/** When a stage was logged to last, in milliseconds; 0 if it was not. */
async function loggedAt(directory: string): Promise<number> {
  const found = await stat(join(directory, logName)).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}
