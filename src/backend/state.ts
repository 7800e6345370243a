import { type Mapped, leavesOf } from "../base/tree.js";
import { TensorSpec } from "../graph/tensor.js";
import { requireMemory } from "./available-memory.js";
import type { Backend, Memory } from "./backend.js";
import { type Values, checkValues } from "./values.js";

/**
 * Tensors that live on between runs: parameters, moments, counters. Programs on the same state share its memory. Nothing
 * is allocated before the first use.
 */
export class State<S = unknown> {
  /** Counts the writes from outside, so that programs know when prepared weights are out of date. */
  version = 0;
  readonly #specs: ReadonlyMap<string, TensorSpec>;
  readonly #memory = new Map<string, Memory>();

  constructor(
    readonly backend: Backend,
    readonly specs: S,
  ) {
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
    this.memory(path).write(values, 0);
    this.version++;
  }

  /** Sets the elements of the tensor at `path` from `start` on. */
  writePart(path: string, start: number, values: Values): void {
    const { dtype, size } = this.spec(path);
    checkValues(`A part of ${path}`, new TensorSpec([values.length], dtype), values);
    if (start < 0 || start + values.length > size) {
      throw new RangeError(
        `${path} has ${size} elements; ${values.length} from ${start} on do not fit.`,
      );
    }
    this.memory(path).write(values, start);
    this.version++;
  }

  /** A copy of the tensor at `path`; bfloat16 comes as a `Float32Array`. */
  read(path: string): Values {
    this.spec(path);
    return this.memory(path).read();
  }

  /** Sets many tensors at once: a tree of values of the same form, or a part of it. */
  writeAll(values: Mapped<S, TensorSpec, Values>): void {
    for (const [path, leaf] of leavesOf<Values>(values)) this.write(path, leaf);
  }

  /** The memory of the tensor at `path`; all tensors are allocated together at the first call. */
  memory(path: string): Memory {
    if (this.#memory.size === 0) this.#allocate();
    const memory = this.#memory.get(path);
    if (!memory) throw new Error(`The state has no tensor "${path}".`);
    return memory;
  }

  /** Frees the memory; a later use allocates it anew, zeroed. */
  dispose(): void {
    for (const memory of this.#memory.values()) memory.free();
    this.#memory.clear();
  }

  #allocate(): void {
    const total = [...this.#specs.values()].reduce((sum, spec) => sum + spec.bytes, 0);
    requireMemory(total, "The state of this model");
    for (const [path, spec] of this.#specs) this.#memory.set(path, this.backend.allocate(spec));
  }

  #summary(): string {
    const paths = this.paths;
    return paths.length <= 8
      ? paths.join(", ")
      : `${paths.slice(0, 8).join(", ")} and ${paths.length - 8} more`;
  }
}
