import { type Mapped, leavesOf } from "../base/tree.js";
import { TensorSpec } from "../graph/tensor.js";
import { requireMemory } from "./available-memory.js";
import type { Backend, Matrices, Memory, OpenFile } from "./backend.js";
import { PreparedTensors } from "./prepared.js";
import { type Values, checkValues } from "./values.js";

/**
 * Tensors that persist between runs: parameters, moments, counters. Programs on the same state share its memory. Memory
 * is allocated on first use, except for tensors that were mapped from a file before.
 */
export class State<S = unknown> {
  /** Counts the writes from outside, so that programs know when prepared weights are out of date. */
  version = 0;
  /** What programs compute from the state alone. */
  readonly prepared: PreparedTensors;
  readonly #specs: ReadonlyMap<string, TensorSpec>;
  readonly #memory = new Map<string, Memory>();
  /** Runs in progress, and how many of them update the state. */
  #runs = 0;
  #updates = 0;

  constructor(
    readonly backend: Backend,
    readonly specs: S,
  ) {
    this.prepared = new PreparedTensors(backend);
    this.#specs = new Map(leavesOf<TensorSpec>(specs));
  }

  /** The paths of all tensors, such as "parameters/blocks/0/norm1/gain". */
  get paths(): string[] {
    return [...this.#specs.keys()];
  }

  /** Bytes by the first step of the path, such as "parameters" and "moments". */
  get bytes(): Record<string, number> {
    const bytes: Record<string, number> = {};
    for (const [path, spec] of this.#specs) {
      const part = path.split("/")[0] ?? path;
      bytes[part] = (bytes[part] ?? 0) + spec.bytes;
    }
    return bytes;
  }

  spec(path: string): TensorSpec {
    const spec = this.#specs.get(path);
    if (spec) return spec;
    throw new Error(`The state has no tensor "${path}". Its tensors: ${this.#summary()}.`);
  }

  /** Sets the tensor at `path`; float32 and bfloat16 take a `Float32Array`. */
  write(path: string, values: Values): void {
    checkValues(path, this.spec(path), values);
    this.#requireNoRun(path);
    this.memory(path).write(values, 0);
    this.version++;
  }

  /**
   * Sets the elements of the tensor at `path` from `start` on; with `transposed`, the values are matrices to transpose.
   */
  writePart(path: string, start: number, values: Values, transposed?: Matrices): void {
    const { dtype, size } = this.spec(path);
    checkValues(`A part of ${path}`, new TensorSpec([values.length], dtype), values);
    if (start < 0 || start + values.length > size) {
      throw new RangeError(
        `${path} has ${size} elements; ${values.length} from ${start} on do not fit.`,
      );
    }
    this.#requireNoRun(path);
    if (transposed) writeTransposed(path, this.memory(path), start, values, transposed);
    else this.memory(path).write(values, start);
    this.version++;
  }

  /** A copy of the tensor at `path`, as it is now; bfloat16 comes as a `Float32Array`. */
  async read(path: string): Promise<Values> {
    this.spec(path);
    this.#requireNoUpdate(path);
    return this.memory(path).read();
  }

  /** Sets many tensors at once: a tree of values of the same structure, or a part of it. */
  writeAll(values: Mapped<S, TensorSpec, Values>): void {
    for (const [path, leaf] of leavesOf<Values>(values)) this.write(path, leaf);
  }

  /** Whether the tensor at `path` has memory; all do after the first use of any. */
  hasMemory(path: string): boolean {
    return this.#memory.has(path);
  }

  /**
   * Maps tensors that have no memory yet from a file. `offsets` holds, by path, the byte at which their elements begin.
   * Data is read on first use and never written to the file; see `Backend.map`. Returns false, doing nothing, if the
   * backend cannot map it.
   */
  map(file: OpenFile, offsets: ReadonlyMap<string, number>): boolean {
    const tensors = [...offsets].map(([path, offset]) => ({ spec: this.spec(path), offset }));
    const taken = [...offsets.keys()].find((path) => this.hasMemory(path));
    if (taken !== undefined) {
      throw new Error(
        `${taken} has memory, which programs may hold: write to it, or map it before.`,
      );
    }
    const memories = this.backend.map?.(file, tensors);
    if (!memories) return false;
    for (const [index, path] of [...offsets.keys()].entries()) {
      this.#memory.set(path, memories[index]!);
    }
    this.version++;
    return true;
  }

  /** The memory of the tensor at `path`; the first call allocates all tensors. */
  memory(path: string): Memory {
    this.allocate();
    const memory = this.#memory.get(path);
    if (!memory) throw new Error(`The state has no tensor "${path}".`);
    return memory;
  }

  /** Frees the memory; a later use allocates it again, filled with zeros. */
  dispose(): void {
    for (const memory of this.#memory.values()) memory.free();
    this.#memory.clear();
  }

  /**
   * Allocates all tensors that have no memory. Pages of a mapped file do not count, because the system can evict them
   * until they are written.
   */
  allocate(): void {
    if (this.#memory.size === this.#specs.size) return;
    const lacking = [...this.#specs].filter(([path]) => !this.hasMemory(path));
    if (lacking.length === 0) return;
    const total = lacking.reduce((sum, [, spec]) => sum + spec.bytes, 0);
    requireMemory(total, "The state of this model");
    const { backend } = this;
    const specs = lacking.map(([, spec]) => spec);
    const memories =
      backend.allocateTogether?.(specs) ?? specs.map((spec) => backend.allocate(spec));
    for (const [index, [path]] of lacking.entries()) this.#memory.set(path, memories[index]!);
  }

  /** Performs a run of a program, during which writing is refused and, if the program updates the state, reading. */
  async during<T>(updates: boolean, run: () => Promise<T>): Promise<T> {
    this.#runs++;
    this.#updates += Number(updates);
    try {
      return await run();
    } finally {
      this.#runs--;
      this.#updates -= Number(updates);
    }
  }

  #requireNoRun(path: string): void {
    if (this.#runs === 0) return;
    throw new Error(`"${path}" cannot be written while a program runs on it: await the run first.`);
  }

  #requireNoUpdate(path: string): void {
    if (this.#updates === 0) return;
    throw new Error(
      `"${path}" cannot be read while a program that updates its state runs: await the run first.`,
    );
  }

  #summary(): string {
    const paths = this.paths;
    return paths.length <= 8
      ? paths.join(", ")
      : `${paths.slice(0, 8).join(", ")} and ${paths.length - 8} more`;
  }
}

function writeTransposed(
  path: string,
  memory: Memory,
  start: number,
  values: Values,
  matrices: Matrices,
): void {
  const { rows, columns } = matrices;
  if (!(values instanceof Float32Array) || values.length % (rows * columns) !== 0) {
    throw new RangeError(
      `${path} takes whole matrices of ${rows} x ${columns} float32 numbers, not ${values.length} numbers ` +
        `in a ${values.constructor.name}.`,
    );
  }
  memory.writeTransposed(values, start, matrices);
}
