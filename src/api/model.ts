import type { Backend } from "../backend/backend.js";
import type { Model } from "../checkpoint/model.js";
import type { Precision } from "../nn/precision.js";

/** A model in memory with all that is needed to use it. */
export interface LoadedModel extends Model {
  readonly backend: Backend;
  readonly precision: Precision;
}
