/** Whether this process was started together with others, and by what. */
import { cpus, availableParallelism } from "node:os";
import { existsSync } from "node:fs";
import { packagePath } from "../base/package-root.js";

/** MPI libraries for which native/mpi can be built. Intel MPI and Cray MPICH are MPICH with other names. */
export const mpiLibraries = ["openmpi", "mpich"] as const;
/**
 * An MPI library that processes can be joined by.
 * @useDeclaredType
 */
export type MpiLibrary = (typeof mpiLibraries)[number];

/** How this process was started, together with others. */
export interface Launch {
  /** What the launcher said. */
  readonly variable: string;
  /** The MPI library of the launcher. */
  readonly library: MpiLibrary;
  /** Number of processes. */
  readonly size: number;
  /** The number of this process, from 0. */
  readonly rank: number;
  /** Number of processes on this machine; undefined if the launcher does not tell. */
  readonly local: number | undefined;
}

/** Variables of a process, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that launchers set to the number of processes, to that of this one, and to the number of those of the machine; and
 * the library that they work with.
 */
const launchers = [
  {
    size: "OMPI_COMM_WORLD_SIZE",
    rank: "OMPI_COMM_WORLD_RANK",
    local: "OMPI_COMM_WORLD_LOCAL_SIZE",
    library: "openmpi",
  },
  { size: "PMI_SIZE", rank: "PMI_RANK", local: "MPI_LOCALNRANKS", library: "mpich" },
  { size: "PALS_SIZE", rank: "PALS_RANKID", local: "PALS_LOCAL_SIZE", library: "mpich" },
] as const;

/**
 * How an MPI launcher (`mpirun`, `srun`) started this process, by the variables that it sets; undefined if it is alone.
 * @param environment `process.env`
 */
export function launchOf(environment: Environment): Launch | undefined {
  for (const { size, rank, local, library } of launchers) {
    const processes = Number(environment[size] ?? 1);
    if (processes < 2) continue;
    const here = environment[local];
    return {
      ...{ variable: size, library, size: processes, rank: Number(environment[rank] ?? 0) },
      local: here === undefined ? undefined : Number(here),
    };
  }
  // srun with PMIx sets no number of processes that all versions agree on, but Slurm itself does.
  const tasks = Number(environment.SLURM_STEP_NUM_TASKS ?? 1);
  const { PMIX_RANK: rank } = environment;
  if (rank === undefined || tasks < 2) return undefined;
  return {
    ...{ variable: "PMIX_RANK", library: "openmpi", size: tasks },
    rank: Number(rank),
    local: undefined,
  };
}

/**
 * The library of another launcher joins nobody: each process would be the first one of a run of its own, in the same files.
 * @throws Error if other processes were joined than were started
 */
export function requireJoined(
  { size, variable, library }: Launch,
  joined: number,
  by: MpiLibrary = library,
): void {
  if (joined === size) return;
  throw new Error(
    `The launcher started ${size} processes (${variable}), but ${names[by]} has joined ${joined}. ` +
      (by === library
        ? "Start them by the mpirun of the library that flava was built for."
        : `Leave out --mpi: the launcher is that of ${names[library]}.`),
  );
}

const names: Readonly<Record<MpiLibrary, string>> = { openmpi: "Open MPI", mpich: "MPICH" };

/**
 * A command that a launcher starts several times would do the same work as often, and the copies would write over each
 * other's files.
 * @throws Error if this process is not alone
 */
export function requireAlone(verb: string, environment: Environment = process.env): void {
  const launch = launchOf(environment);
  if (launch === undefined) return;
  const { size, variable } = launch;
  throw new Error(
    `"flava ${verb}" runs in one process, but a launcher started ${size} of them (${variable} is ${environment[variable]}). Start ` +
      'it without the launcher: what processes share is the work of "flava pretrain", "finetune", "evaluate", "probe" and "embed".',
  );
}

/**
 * The path of the library that joins processes by MPI.
 * @throws Error if it was not built
 */
export function mpiLibraryPath(library: MpiLibrary): string {
  const path = packagePath("build", "mpi", `${library}.so`);
  if (existsSync(path)) return path;
  const packages = { openmpi: "openmpi-bin libopenmpi-dev", mpich: "mpich libmpich-dev" };
  throw new Error(
    `This process was started together with others by ${names[library]}, which flava was not ` +
      `built for. Install its compiler (Debian: ${packages[library]}; on a cluster, load its module), then run: ` +
      `node "${packagePath("native", "build-mpi.mjs")}"`,
  );
}

/** Compute threads of each process: those of the processors that it is bound to, or its share of the machine's. */
export function threadsOf({ local }: Launch): number {
  const own = availableParallelism();
  const isBound = own < cpus().length;
  return isBound || local === undefined ? own : Math.max(1, Math.floor(own / local));
}
