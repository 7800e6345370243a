import type { Backend } from "../backend/backend.js";
import type { Model } from "../checkpoint/model.js";
import type { Precision } from "../nn/precision.js";

/** A loaded model and how it is run. */
export interface LoadedModel extends Model {
  readonly backend: Backend;
  readonly precision: Precision;
}
