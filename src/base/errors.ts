/** Shapes or data types that an operation does not accept; thrown while a function is traced. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** More memory is needed than available; thrown before anything is allocated. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
}

/** A loss or gradient became infinite or NaN. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";

  /**
   * @param run number of runs of the program so far, including this one
   * @param operation the first operation with a non-finite result, and its place in the model
   */
  constructor(
    /** Number of runs of the program so far, including this one. */
    readonly run: number,
    /** The first operation with a non-finite result, and its place in the model. */
    readonly operation: string,
  ) {
    super(
      `Run ${run} produced an infinite value or NaN, first in ` +
        `${operation}. Lower the learning rate, clip the gradient, or check the inputs of this run.`,
    );
  }
}
