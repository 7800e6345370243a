import type { TensorSpec } from "../graph/tensor.js";
import { type Backend, type Memory, allocateAll } from "./backend.js";

interface Entry {
  readonly memory: Memory;
  /** Loaded programs that read it. */
  users: number;
  /** Version of the state from which it was computed. */
  version: number;
}

/** What programs compute from the state alone, such as packed weights; kept once for all programs on the state. */
export class PreparedTensors {
  readonly #entries = new Map<string, Entry>();

  constructor(readonly backend: Backend) {}

  /** Bytes of those of `tensors`, by origin, that are not there yet. */
  lackingBytes(tensors: ReadonlyMap<string, TensorSpec>): number {
    return this.#lacking(tensors).reduce((sum, [, { bytes }]) => sum + bytes, 0);
  }

  /** Keeps `tensors` until they are released as often as they were taken. */
  take(tensors: ReadonlyMap<string, TensorSpec>): void {
    const lacking = this.#lacking(tensors);
    const specs = lacking.map(([, spec]) => spec);
    const memories = allocateAll(this.backend, specs);
    for (const [index, [origin]] of lacking.entries()) {
      this.#entries.set(origin, { memory: memories[index]!, users: 0, version: -1 });
    }
    for (const origin of tensors.keys()) this.#entries.get(origin)!.users++;
  }

  release(origins: Iterable<string>): void {
    for (const origin of origins) {
      const entry = this.#entries.get(origin);
      if (!entry || --entry.users > 0) continue;
      entry.memory.free();
      this.#entries.delete(origin);
    }
  }

  memory(origin: string): Memory {
    const entry = this.#entries.get(origin);
    if (entry) return entry.memory;
    throw new Error(`Nothing was prepared as ${origin}.`);
  }

  /** Whether it was computed from this version of the state. */
  isOf(version: number, origin: string): boolean {
    return this.#entries.get(origin)?.version === version;
  }

  /** Notes that all were computed from this version of the state. */
  mark(version: number, origins: Iterable<string>): void {
    for (const origin of origins) {
      const entry = this.#entries.get(origin);
      if (entry) entry.version = version;
    }
  }

  #lacking(tensors: ReadonlyMap<string, TensorSpec>): [string, TensorSpec][] {
    return [...tensors].filter(([origin]) => !this.#entries.has(origin));
  }
}
