import type { ProgramMemory } from "../../backend/program.js";
import type { InputValues } from "./loss.js";

/** What a step found. */
export interface StepResults {
  /** The minimized value. */
  readonly total: number;
  /** What else the loss reports, by name. */
  readonly scalars: Readonly<Record<string, number>>;
  /** The learning rate of this step. */
  readonly learningRate: number;
  /** Euclidean norm of the change of all parameters. */
  readonly updateNorm: number;
  /** Euclidean norm of all gradients before clipping; only if they are clipped. */
  readonly gradientNorm?: number;
}

/** An optimizer step for batches of one shape. */
export interface CompiledStep<I> {
  /** Bytes that it needs. */
  readonly memory: ProgramMemory;
  /** Multiplications and additions of a step. */
  readonly flops: number;
  /**
   * Runs a step on one batch.
   * @throws NonFiniteError if the loss or a clipped gradient is not finite. With clipping or micro-batches, parameters
   * are then unchanged, and the next step is not affected
   */
  run(inputs: InputValues<I>): Promise<StepResults>;
  /** Frees the programs; the state stays. */
  dispose(): void;
}
