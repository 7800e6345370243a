/** Shapes or data types that do not fit an operation; raised while a function is traced. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** More memory is needed than there is; raised before anything is allocated. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
}

/** A loss or gradient became infinite or not a number. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";

  /**
   * @param run how many runs of the program had begun, this one included
   * @param operation the first operation with a non-finite result and where in the model it stands
   */
  constructor(
    readonly run: number,
    readonly operation: string,
  ) {
    super(
      `Run ${run} gave a value that is infinite or not a number; the first operation to produce one is ` +
        `${operation}. Lower the learning rate, clip the gradient, or look at the inputs of this run.`,
    );
  }
}
