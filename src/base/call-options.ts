/** The option of all calls that can be stopped, as part of their last argument. */
export interface Abortable {
  /** Stops the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of calls that may take long, as part of their last argument. */
export interface CallOptions extends Abortable {
  /** Called with the number of finished items and the total: inputs, or tensors of a model that is loaded or saved. */
  readonly onProgress?: (done: number, total: number) => void;
}
