import type { ServedModel } from "../served-model.js";

/** What an operation knows of its call besides the body. */
export interface Call {
  /** The model of that name, or the first one.
   * @throws ApiError 404 if there is no such model
   */
  readonly model: (name: string | undefined) => ServedModel;
  /** Aborted when the client has gone, or its time is up. */
  readonly signal: AbortSignal;
}
