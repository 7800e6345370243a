import { describe, expect, it } from "vitest";
import { launchOf, requireAlone, requireJoined } from "./launcher.js";

describe("the launcher of a process", () => {
  it.each([
    [
      "Open MPI",
      {
        OMPI_COMM_WORLD_SIZE: "4",
        OMPI_COMM_WORLD_RANK: "3",
        OMPI_COMM_WORLD_LOCAL_SIZE: "2",
      },
      { library: "openmpi", size: 4, rank: 3, local: 2 },
    ],
    [
      "MPICH",
      { PMI_RANK: "0", PMI_SIZE: "2", MPI_LOCALNRANKS: "2" },
      { library: "mpich", size: 2, rank: 0, local: 2 },
    ],
    [
      "srun with PMIx",
      { PMIX_RANK: "1", SLURM_STEP_NUM_TASKS: "8" },
      { library: "openmpi", size: 8, rank: 1, local: undefined },
    ],
  ] as const)("is recognized: %s", (_, environment, launch) => {
    expect(launchOf(environment)).toMatchObject(launch);
  });

  it("is none for a process that is alone, also within a job", () => {
    expect(launchOf({})).toBeUndefined();
    expect(launchOf({ OMPI_COMM_WORLD_SIZE: "1", SLURM_STEP_NUM_TASKS: "8" })).toBeUndefined();
  });

  it("must have started the processes that were joined", () => {
    const launch = launchOf({ OMPI_COMM_WORLD_SIZE: "4" })!;
    expect(() => requireJoined(launch, 4)).not.toThrow();
    expect(() => requireJoined(launch, 1, "mpich")).toThrow(
      "started 4 processes (OMPI_COMM_WORLD_SIZE), but MPICH has joined 1. Leave out --mpi: the launcher is that of Open MPI.",
    );
    expect(() => requireJoined(launch, 1)).toThrow(
      "Open MPI has joined 1. Start them by the mpirun",
    );
  });

  it("is refused by verbs that run in one process", () => {
    const environment = { PMI_SIZE: "3" };
    expect(() => requireAlone("dedupe", environment)).toThrow(
      /"flava dedupe" .* started 3 of them/,
    );
    expect(() => requireAlone("dedupe", {})).not.toThrow();
  });
});
