/** Folders that the processes of a run use together: the first one writes, the others read. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Communicator } from "../backend/communicator.js";
import { withLock } from "../base/lock.js";
import { gatherJson, isFirst } from "./agreement.js";

const lockName = "lock";

/**
 * Does `work` on all processes while no other run can use `folder`, which is created if necessary.
 *
 * @param instead what to do if another run uses it, for the message; default: choose another location
 * @throws LockError if another run uses it; Error on all processes if one of them does not see what the first one writes
 */
export async function withSharedFolder<Result>(
  processes: Communicator | undefined,
  folder: string,
  work: () => Promise<Result>,
  instead?: string,
): Promise<Result> {
  const workOfAll = async (): Promise<Result> => {
    await requireShared(processes, folder);
    return work();
  };
  if (!isFirst(processes)) return workOfAll();
  await mkdir(folder, { recursive: true });
  return withLock(join(folder, lockName), folder, workOfAll, instead);
}

/** The first process has a lock in the folder. */
async function requireShared(processes: Communicator | undefined, folder: string): Promise<void> {
  if (!processes) return;
  await gatherJson(processes, "locked");
  const seen = await readFile(join(folder, lockName), "utf8").catch(() => "");
  const all = await gatherJson(processes, seen);
  const rank = all.findIndex((each) => each !== all[0]);
  if (rank < 0) return;
  const { hosts } = processes;
  throw new Error(
    `Process ${rank} on ${hosts[rank]} does not see what process 0 on ${hosts[0]} writes to ${folder}. This folder must be on a ` +
      "file system that all machines of the run share: choose another --out, or another cache by FLAVA_CACHE.",
  );
}
