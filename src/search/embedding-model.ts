import type { Embedder } from "../inference/embedder.js";
import type { Precision } from "../nn/precision.js";
import type { FingerprintedModel } from "./model-fingerprint.js";

/** An embedding model, such as a loaded `Flava`. */
export interface EmbeddingModel {
  readonly embedder: Embedder;
  readonly model: FingerprintedModel & {
    /** The path it was loaded from. */
    readonly path: string;
    readonly precision: Precision;
  };
}
