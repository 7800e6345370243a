import type { Tensor } from "../graph/tensor.js";
import type { FlavaForPretraining } from "../model/flava.js";
import type { TracedModel } from "../model/traced-model.js";

/**
 * How the embeddings that the rows of the contrastive loss are compared with take part in the gradient (flava.md 3.2).
 * "local" means those of the same shard of the batch.
 */
export type GatherMode = "global" | "local" | "none";

/** A model while its losses are traced. */
export interface PretrainingModel extends TracedModel<FlavaForPretraining<Tensor>> {
  /** Default: "global", the paper's choice. */
  readonly gather?: GatherMode;
}
