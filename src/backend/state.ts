import { type Mapped, leavesOf } from "../base/tree.js";
import type { Range } from "../graph/ops/block-ranges.js";
import { TensorSpec, bytesPerElement, requireLeaves, spec } from "../graph/tensor.js";
import { requireMemory } from "./available-memory.js";
import { type Backend, type Matrices, type Memory, type OpenFile, allocateAll } from "./backend.js";
import type { Communicator } from "./communicator.js";
import { LentRanges } from "./lent-ranges.js";
import { PreparedTensors } from "./prepared.js";
import { setTransposed } from "./transposed.js";
import { type Values, checkValues } from "./values.js";

/**
 * Tensors that persist between runs: parameters, moments, counters. Programs on the same state share its memory. Memory
 * is allocated on first use, filled with zeros, except for tensors that were mapped from a file before.
 *
 * A tensor may be divided among the processes of the backend, each of which has a range of its numbers (`rangeOf`). It is still
 * written whole, of which each process keeps its range, and programs read it whole. Then all processes run the same programs in the
 * same order.
 */
export class State<S = unknown> {
  /**
   * Counts the writes from outside, so that programs know when prepared weights are out of date.
   * @internal
   */
  version = 0;
  /**
   * What programs compute from the state alone.
   * @internal
   */
  readonly prepared: PreparedTensors;
  readonly #specs: ReadonlyMap<string, TensorSpec>;
  readonly #memory = new Map<string, Memory>();
  /** Runs in progress, and how many of them update the state. */
  #runs = 0;
  #updates = 0;
  /** While this process reads what others have. */
  #lent: LentRanges | undefined;

  /** @param ranges what this process has of divided tensors, by path; all processes give the same paths in the same order */
  constructor(
    /** The backend that has the memory. */
    readonly backend: Backend,
    /** Shapes and dtypes, as they were given: a tree of `TensorSpec`. */
    readonly specs: S,
    /** What this process has of divided tensors, by path; empty if none are divided. */
    readonly ranges: ReadonlyMap<string, Range> = new Map(),
  ) {
    requireLeaves("state", specs, TensorSpec, "spec(shape)");
    this.prepared = new PreparedTensors(backend);
    this.#specs = new Map(leavesOf<TensorSpec>(specs));
  }

  /** The paths of all tensors, such as "parameters/blocks/0/norm1/gain". */
  get paths(): string[] {
    return [...this.#specs.keys()];
  }

  /** Bytes that this process has by the first step of the path, such as "parameters" and "moments". */
  get bytes(): Record<string, number> {
    const bytes: Record<string, number> = {};
    for (const path of this.paths) {
      const part = path.split("/")[0] ?? path;
      bytes[part] = (bytes[part] ?? 0) + this.held(path).bytes;
    }
    return bytes;
  }

  /**
   * The shape and dtype of the tensor at `path`.
   * @throws Error if there is no such tensor
   */
  spec(path: string): TensorSpec {
    const found = this.#specs.get(path);
    if (found) return found;
    throw new Error(`The state has no tensor "${path}". Its tensors: ${this.#summary()}.`);
  }

  /** What this process has of the tensor at `path`: all of it, or a range, float32 [n]. */
  held(path: string): TensorSpec {
    const range = this.ranges.get(path);
    return range ? spec([range.end - range.begin]) : this.spec(path);
  }

  /** Whether tensors of this part, such as "parameters", are divided. */
  divides(part: string): boolean {
    return [...this.ranges.keys()].some((path) => path.startsWith(`${part}/`));
  }

  /**
   * The processes among which work on the parameters may be dealt; undefined if they all do it, gathering what is divided.
   * @internal
   */
  get dealtAmong(): Communicator | undefined {
    return this.divides("parameters") ? undefined : this.backend.communicator;
  }

  /** Sets the tensor at `path`; float32 and bfloat16 take a `Float32Array`. */
  write(path: string, values: Values): void {
    checkValues(path, this.spec(path), values);
    this.#requireNoRun(path);
    const range = this.ranges.get(path);
    this.memory(path).write(range ? values.slice(range.begin, range.end) : values, 0);
    this.version++;
  }

  /**
   * Sets the elements of the tensor at `path` from `start` on; with `transposed`, the values are matrices to transpose.
   * @internal
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
    if (transposed) requireMatrices(path, values, transposed);
    const range = this.ranges.get(path);
    if (range) this.#writeRange(path, range, start, values, transposed);
    else if (transposed)
      this.memory(path).writeTransposed(values as Float32Array, start, transposed);
    else this.memory(path).write(values, start);
    this.version++;
  }

  /**
   * A copy of the tensor at `path`, as it is now; bfloat16 comes as a `Float32Array`. What others have a part of is read within
   * `readTogether`.
   */
  async read(path: string): Promise<Values> {
    this.spec(path);
    this.#requireNoUpdate(path);
    if (!this.ranges.has(path)) return this.memory(path).read();
    if (this.#lent) return this.#lent.read(path);
    throw new Error(`Other processes have parts of "${path}": read it in \`readTogether\`.`);
  }

  /**
   * Lets one process read whole tensors, of which others have a part. All processes call it.
   *
   * @param read on one process: reads tensors, in any order; on all others it is undefined
   */
  async readTogether(read: (() => Promise<void>) | undefined): Promise<void> {
    if (this.ranges.size === 0) return read?.();
    const sizes = new Map([...this.ranges.keys()].map((path) => [path, this.spec(path).size]));
    const ownOf = async (path: string): Promise<Float32Array> =>
      (await this.memory(path).read()) as Float32Array;
    const lent = new LentRanges(this.backend.communicator!, sizes, ownOf);
    if (!read) return lent.give();
    this.#lent = lent;
    try {
      await read();
    } finally {
      this.#lent = undefined;
      await lent.end();
    }
  }

  /** Sets many tensors at once: a tree of values of the same structure, or a part of it. */
  writeAll(values: Mapped<S, TensorSpec, Values>): void {
    for (const [path, leaf] of leavesOf<Values>(values)) this.write(path, leaf);
  }

  /**
   * Whether the tensor at `path` has memory; all do after the first use of any.
   * @internal
   */
  hasMemory(path: string): boolean {
    return this.#memory.has(path);
  }

  /**
   * Maps tensors that have no memory yet from a file. `offsets` holds, by path, the byte at which their elements begin.
   * Data is read on first use and never written to the file; see `Backend.map`. Returns false, doing nothing, if the
   * backend cannot map it.
   * @internal
   */
  map(file: OpenFile, offsets: ReadonlyMap<string, number>): boolean {
    const tensors = [...offsets].map(([path, offset]) => {
      const { begin } = this.ranges.get(path) ?? { begin: 0 };
      return {
        spec: this.held(path),
        offset: offset + begin * bytesPerElement[this.spec(path).dtype],
      };
    });
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

  /**
   * The memory of the tensor at `path`; the first call allocates all tensors.
   * @internal
   */
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
   * @internal
   */
  allocate(): void {
    if (this.#memory.size === this.#specs.size) return;
    const lacking = this.paths.filter((path) => !this.hasMemory(path));
    if (lacking.length === 0) return;
    const specs = lacking.map((path) => this.held(path));
    const total = specs.reduce((sum, { bytes }) => sum + bytes, 0);
    requireMemory(total, "The state of this model");
    const memories = allocateAll(this.backend, specs);
    for (const [index, path] of lacking.entries()) this.#memory.set(path, memories[index]!);
  }

  /**
   * Performs a run of a program, during which writing is refused and, if the program updates the state, reading.
   * @internal
   */
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

  /** Writes what this process has of numbers that begin at `start` of a divided tensor. */
  #writeRange(
    path: string,
    range: Range,
    start: number,
    values: Values,
    transposed: Matrices | undefined,
  ): void {
    const [begin, end] = [Math.max(start, range.begin), Math.min(start + values.length, range.end)];
    if (begin >= end) return;
    let ordered = values;
    if (transposed) {
      ordered = new Float32Array(values.length);
      setTransposed(ordered, 0, values as Float32Array, transposed);
    }
    this.memory(path).write(ordered.slice(begin - start, end - start), begin - range.begin);
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

function requireMatrices(path: string, values: Values, { rows, columns }: Matrices): void {
  if (values instanceof Float32Array && values.length % (rows * columns) === 0) return;
  throw new RangeError(
    `${path} takes whole matrices of ${rows} x ${columns} float32 numbers, not ${values.length} numbers ` +
      `in a ${values.constructor.name}.`,
  );
}
