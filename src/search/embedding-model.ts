import type { Embedder } from "../inference/embedder.js";
import type { Precision } from "../nn/precision.js";
import type { FingerprintedModel } from "./model-fingerprint.js";

/** An embedding model, such as a loaded `Flava`. */
export interface EmbeddingModel {
  /** Embeds images and texts. */
  readonly embedder: Embedder;
  /** What tells its embeddings from those of other models. */
  readonly model: FingerprintedModel & {
    /** The path it was loaded from. */
    readonly path: string;
    readonly precision: Precision;
  };
}
