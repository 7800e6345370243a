import type { World } from "../graph/world.js";
import type { Gather } from "../graph/tensor.js";

/** The other processes of a run, as a backend and training see them. */
export interface Communicator extends World {
  /**
   * The values of all processes.
   * @internal
   */
  readonly gather: Gather;
  /** The name of each process's machine, in the order of ranks. */
  readonly hosts: readonly string[];
}

/** Another process of the run does not answer, so that the run must end. */
export class LostProcessError extends Error {
  override readonly name = "LostProcessError";
}
