import type { World } from "../graph/ops/collective.js";
import type { Tensor } from "../graph/tensor.js";
import type { FlavaForPretraining } from "../model/flava.js";
import type { TracedModel } from "../model/traced-model.js";

/** How embeddings gathered from other processes take part in the gradient (flava.md 3.2). */
export type GatherMode = "global" | "local" | "none";

/** A model while its losses are traced. */
export interface PretrainingModel extends TracedModel<FlavaForPretraining<Tensor>> {
  /** The processes of the run; default: one. */
  readonly world?: World;
  /** Default: "global", the paper's choice. */
  readonly gather?: GatherMode;
}
