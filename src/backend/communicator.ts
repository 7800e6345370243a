import type { World } from "../graph/ops/collective.js";
import type { Gather } from "../graph/tensor.js";

/** What a backend needs to exchange values with the other processes of a run. */
export interface Communicator extends World {
  readonly gather: Gather;
}
