/** The internal interface between programs and backends. Users see `openBackend`, `State` and `compile`. */
import type { MemoryLayout } from "../graph/arena.js";
import type { PersistentPlace, PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import type { TensorSpec } from "../graph/tensor.js";
import type { Communicator } from "./communicator.js";
import type { Values } from "./values.js";

/** Elements that form consecutive row-major matrices. */
export interface Matrices {
  readonly rows: number;
  readonly columns: number;
}

/** Memory of one tensor that persists between runs. */
export interface Memory {
  /** Sets the elements from `start` on. */
  write(values: Values, start: number): void;
  /** Sets the elements from `start` on to `matrices`, each transposed; float32 only. */
  writeTransposed(values: Float32Array, start: number, matrices: Matrices): void;
  read(): Promise<Values>;
  free(): void;
}

/** A file that is open for reading, to be memory-mapped. */
export interface OpenFile {
  readonly descriptor: number;
  readonly bytes: number;
}

/** A tensor stored in a file exactly as in memory: little-endian, row-major, from byte `offset` on. */
export interface TensorInFile {
  readonly spec: TensorSpec;
  /** A multiple of the bytes of an element. */
  readonly offset: number;
}

/** A plan ready to run. */
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
  /**
   * Runs the instructions [0, last), but for updates of state, and returns the first with a non-finite result, if any.
   * There must be no collective operation among them.
   */
  inspect(last: number, inputs: ReadonlyMap<string, Values>): Promise<number | undefined>;
  /** The current values of a tensor of the plan. */
  read(tensor: PlacedTensor): Promise<Values>;
  write(tensor: PlacedTensor, values: Values): void;
  dispose(): void;
}

/**
 * What runs programs, and the memory that they share: made by `openBackend` or `requestBackend`, freed by `dispose`.
 */
export interface Backend {
  /** Which kind it is: compiled kernels, the same in WebAssembly, a GPU, or plain TypeScript. */
  readonly name: "native" | "wasm" | "webgpu" | "reference";
  /** The processor instructions in use, such as "avx512bf16", or the name of the device. */
  readonly level: string;
  /** Threads that compute. */
  readonly threads: number;
  /** The processes with which programs exchange values; undefined if there is only this one. */
  readonly communicator?: Communicator | undefined;
  /** Bytes of the arena that all programs share: what the largest program loaded so far needs. */
  arenaBytes(): number;
  /**
   * Whether constant weights are packed for the kernels.
   * @internal
   */
  readonly packsWeights: boolean;
  /**
   * How programs place their tensors; default: as processors read them best.
   * @internal
   */
  readonly memory?: MemoryLayout;
  /**
   * Memory for one tensor, filled with zeros; throws an `OutOfMemoryError` before anything is allocated.
   * @internal
   */
  allocate(spec: TensorSpec): Memory;
  /**
   * The same for many tensors, which lie side by side: large pages of memory then hold small tensors, too.
   * @internal
   */
  allocateTogether?(specs: readonly TensorSpec[]): Memory[];
  /**
   * Maps the memory of `tensors` from a file: pages are read on first access and copied on first write, so the file
   * never changes. Returns undefined if files cannot be mapped; throws if the file is shorter than stated or than the
   * tensors need.
   *
   * The file may be closed, renamed or replaced afterwards. If it is truncated, accessing the missing pages ends this
   * process with SIGBUS, as with every mapping.
   * @internal
   */
  map?(file: OpenFile, tensors: readonly TensorInFile[]): Memory[] | undefined;
  /**
   * Makes a plan ready to run.
   * @internal
   */
  load(plan: Plan, memoryOf: (place: PersistentPlace) => Memory): Executable;
  /** Frees all memory, that of every state and program on this backend included. Neither can be used afterwards. */
  dispose(): void;
}

/** Memory for many tensors, side by side where the backend can. */
export function allocateAll(backend: Backend, specs: readonly TensorSpec[]): Memory[] {
  return backend.allocateTogether?.(specs) ?? specs.map((spec) => backend.allocate(spec));
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
