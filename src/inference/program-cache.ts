import type { Program } from "../backend/program.js";
import { Recent } from "../base/lru-cache.js";

/**
 * Programs by name, made when they are first asked for. Each has a copy of the weights, rearranged for the kernels, so
 * those that were used longest ago are freed where all of them take too much memory.
 */
export class RecentPrograms<P extends Pick<Program<unknown, unknown>, "memory" | "dispose">> {
  readonly #kept: Recent<string, P>;

  /** @param room bytes of rearranged weights to keep; the two programs used last stay in any case */
  constructor(room: number) {
    this.#kept = new Recent(room, (program: P) => program.dispose(), 2);
  }

  get(name: string, make: () => P): P {
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const program = make();
    this.#kept.set(name, program, program.memory.prepared);
    return program;
  }

  dispose(): void {
    this.#kept.clear();
  }
}
