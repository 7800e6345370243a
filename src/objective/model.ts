import type { World } from "../graph/ops/collective.js";
import type { Tensor } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import type { FlavaForPretraining } from "../model/flava.js";
import type { Interpolation } from "../model/position-interpolation.js";
import type { Precision } from "../nn/precision.js";
import type { StackOptions } from "../nn/stack.js";

/** How gathered embeddings of other processes take part in the gradient (flava.md 3.2). */
export type GatherMode = "global" | "local" | "none";

/** A model while its losses are traced. */
export interface TracedModel {
  readonly config: FlavaConfig;
  readonly parameters: FlavaForPretraining<Tensor>;
  readonly precision: Precision;
  /** Computes the inner values of blocks anew in the backward pass. */
  readonly recompute?: boolean;
  readonly interpolation?: Interpolation;
  /** The processes of the run; default: one. */
  readonly world?: World;
  /** Default: "global", the paper's choice. */
  readonly gather?: GatherMode;
}

/** What the stack of one encoder needs to know. */
export function stackOptions(
  { config, precision, recompute = false }: TracedModel,
  encoder: "image" | "text" | "multimodal",
): StackOptions {
  return { heads: config[encoder].heads, epsilon: config.epsilon, precision, recompute };
}
