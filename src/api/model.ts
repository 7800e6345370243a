import type { Backend } from "../backend/backend.js";
import type { Model } from "../checkpoint/model.js";
import type { Precision } from "../nn/precision.js";

/** A loaded model and how it is run. */
export interface LoadedModel extends Model {
  /** What computes; `Flava.close` disposes it. */
  readonly backend: Backend;
  /** Precision of matrix products. */
  readonly precision: Precision;
}
