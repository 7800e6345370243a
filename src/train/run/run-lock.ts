/** Ensures that only one process at a time works in the directory of a run. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isLocked, withLock } from "../../base/lock.js";

const lockName = "lock";

/**
 * Does `work` while no other process can train in `directory`, which is created if necessary.
 * @throws LockError if another process is training in it
 */
export async function withRunLock<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(directory, { recursive: true });
  return withLock(join(directory, lockName), directory, work);
}

/**
 * Deletes all stages of the run in `directory`, and its report.
 * @throws LockError if a process is training in it; nothing is deleted then
 */
export async function clearRun(directory: string): Promise<void> {
  await withRunLock(directory, async () => {
    const names = await readdir(directory);
    const outcomes = names.filter((name) => !name.startsWith(lockName));
    for (const name of outcomes) await rm(join(directory, name), { recursive: true });
  });
}

/** Whether a process may be training in `directory`. */
export const isTraining = (directory: string): Promise<boolean> =>
  isLocked(join(directory, lockName));
