/** The small interface between programs and what runs them. Private: users see `openBackend`, `State` and `compile`. */
import type { PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import type { TensorSpec } from "../graph/tensor.js";
import type { Values } from "./values.js";

/** Memory of one tensor that lives on between runs. */
export interface Memory {
  /** Sets the elements from `start` on. */
  write(values: Values, start: number): void;
  read(): Values;
  free(): void;
}

/** A plan made ready to run. */
export interface Executable {
  /**
   * Runs the instructions [first, last) after copying `inputs` to their places. Rejects with the signal's reason when
   * it is aborted, and with a `KernelError` when an instruction fails.
   */
  run(
    first: number,
    last: number,
    inputs: ReadonlyMap<string, Values>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Runs all but the updates of state and gives the first instruction with a non-finite result, if there is one. */
  inspect(inputs: ReadonlyMap<string, Values>): Promise<number | undefined>;
  /** The present values of a tensor of the plan. */
  read(tensor: PlacedTensor): Values;
  write(tensor: PlacedTensor, values: Values): void;
  dispose(): void;
}

export interface Backend {
  readonly name: "native" | "reference";
  /** Instructions of the processor that are used, such as "avx512bf16". */
  readonly level: string;
  readonly threads: number;
  /** Whether constant weights are worth rearranging for the kernels. */
  readonly packsWeights: boolean;
  /** Memory for one tensor, zero at first; throws an `OutOfMemoryError` before anything is allocated. */
  allocate(spec: TensorSpec): Memory;
  load(plan: Plan, memoryOf: (path: string) => Memory): Executable;
  /** Frees all memory. */
  dispose(): void;
}

/** An instruction failed; `message` says why. */
export class KernelError extends Error {
  override readonly name = "KernelError";

  constructor(
    readonly instruction: number,
    message: string,
  ) {
    super(message);
  }
}
