import type { Program } from "../backend/program.js";
import { LruCache } from "../base/lru-cache.js";

/**
 * Compiled programs by name. Each holds a copy of the weights, packed for the kernels; the least recently used programs
 * are freed when these copies exceed the cache's capacity.
 */
export class ProgramCache<P extends Pick<Program<unknown, unknown>, "memory" | "dispose">> {
  readonly #programs: LruCache<string, P>;

  /** @param capacity bytes of packed weights; the two most recently used programs are kept even beyond it */
  constructor(capacity: number) {
    this.#programs = new LruCache(capacity, (program: P) => program.dispose(), 2);
  }

  /** The program called `name`, compiled by `compile` if it is not in the cache. */
  get(name: string, compile: () => P): P {
    const cached = this.#programs.get(name);
    if (cached) return cached;
    const program = compile();
    this.#programs.set(name, program, program.memory.prepared);
    return program;
  }

  dispose(): void {
    this.#programs.clear();
  }
}
