import type { Program } from "../backend/program.js";
import { LruCache } from "../base/lru-cache.js";

/** Programs that are kept: each takes a megabyte or two, as they share the memory of their weights and results. */
const keptPrograms = 64;

/** Compiled programs by name; the least recently used ones are freed when there are many. */
export class ProgramCache<P extends Pick<Program<unknown, unknown>, "dispose">> {
  readonly #programs: LruCache<string, P>;

  constructor(capacity = keptPrograms) {
    this.#programs = new LruCache(capacity, (program: P) => program.dispose());
  }

  /** The program called `name`, compiled by `compile` if it is not in the cache. */
  get(name: string, compile: () => P): P {
    const cached = this.#programs.get(name);
    if (cached) return cached;
    const program = compile();
    this.#programs.set(name, program);
    return program;
  }

  dispose(): void {
    this.#programs.clear();
  }
}
