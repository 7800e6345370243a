import { describe, expect, it } from "vitest";
import { launchOf, requireAlone } from "./launcher.js";

describe("the launcher of a process", () => {
  it.each([
    ["Open MPI", { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_LOCAL_SIZE: "2" }, "openmpi", 4, 2],
    ["MPICH", { PMI_RANK: "0", PMI_SIZE: "2", MPI_LOCALNRANKS: "2" }, "mpich", 2, 2],
    ["srun with PMIx", { PMIX_RANK: "1", SLURM_STEP_NUM_TASKS: "8" }, "openmpi", 8, undefined],
  ] as const)("is recognized: %s", (_, environment, library, size, local) => {
    expect(launchOf(environment)).toMatchObject({ library, size, local });
  });

  it("is none for a process that is alone, also within a job", () => {
    expect(launchOf({})).toBeUndefined();
    expect(launchOf({ OMPI_COMM_WORLD_SIZE: "1", SLURM_STEP_NUM_TASKS: "8" })).toBeUndefined();
  });

  it("is refused by verbs that run in one process", () => {
    const environment = { PMI_SIZE: "3" };
    expect(() => requireAlone("embed", environment)).toThrow(/"flava embed" .* started 3 of them/);
    expect(() => requireAlone("embed", {})).not.toThrow();
  });
});
