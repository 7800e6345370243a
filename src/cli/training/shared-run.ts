/** Runs that several processes share: started by mpirun or srun, each of them runs the same command. */
import { Option } from "commander";
import { LostProcessError } from "../../backend/communicator.js";
import { type NativeCommunicator, joinMpi } from "../../backend/native-communicator.js";
import {
  type MpiLibrary,
  launchOf,
  mpiLibraries,
  mpiLibraryPath,
  requireJoined,
  threadsOf,
} from "../../parallel/launcher.js";
import { lostExitCode } from "./restarts.js";
import { wholeNumberFrom } from "../whole-number.js";

export interface SharedRunFlags {
  readonly timeout: number;
  readonly mpi?: MpiLibrary;
}

export const timeoutOption = (): Option =>
  new Option("--timeout <seconds>", "how long another process of the run may be silent")
    .argParser(wholeNumberFrom(1))
    .default(600);

export const mpiOption = (): Option =>
  new Option(
    "--mpi <library>",
    "join other processes by this MPI; default: the launcher's",
  ).choices(mpiLibraries);

/** What a run is given: the processes that were started together with this one, and the compute threads of each. */
export interface JoinedRun {
  readonly processes?: NativeCommunicator;
  readonly threads?: number;
  /** Prints a line, on the first of the processes only. */
  readonly write: (line: string) => void;
}

/**
 * Does `work` together with the processes that were started with this one. If it fails in one of them, all are ended.
 * @param write prints a line
 * @throws Error if the processes cannot be joined
 */
export async function sharedRun<Result>(
  { timeout, mpi }: SharedRunFlags,
  work: (joined: JoinedRun) => Promise<Result>,
  write: (line: string) => void,
): Promise<Result> {
  const launch = launchOf(process.env);
  const library = mpi ?? launch?.library;
  if (library === undefined) return work({ write });
  const processes = joinMpi(mpiLibraryPath(library), timeout);
  try {
    if (launch) requireJoined(launch, processes.size, library);
    const result = await work({
      processes,
      ...(launch && { threads: threadsOf(launch) }),
      write: processes.rank === 0 ? write : () => undefined,
    });
    processes.leave();
    return result;
  } catch (error) {
    const { rank, hosts } = processes;
    const message = error instanceof Error ? error.message : String(error);
    console.error(`flava: process ${rank} on ${hosts[rank]}: ${message}`);
    const isLost = [error, (error as Error).cause].some((each) => each instanceof LostProcessError);
    processes.abort(isLost ? lostExitCode : 1);
    throw error;
  }
}
