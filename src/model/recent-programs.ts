import type { Program } from "../backend/program.js";

/**
 * Programs by name, made when they are first asked for. Each has a copy of the weights, rearranged for the kernels, so
 * those that were used longest ago are freed where all of them take too much memory.
 */
export class RecentPrograms<P extends Pick<Program<unknown, unknown>, "memory" | "dispose">> {
  /** In the order of their last use. */
  readonly #kept = new Map<string, P>();

  /** @param room bytes of rearranged weights to keep; the two programs used last stay in any case */
  constructor(readonly room: number) {}

  get(name: string, make: () => P): P {
    const program = this.#kept.get(name) ?? make();
    this.#kept.delete(name);
    this.#kept.set(name, program);
    for (const [oldest, unused] of this.#kept) {
      if (this.#kept.size <= 2 || this.#bytes <= this.room) break;
      unused.dispose();
      this.#kept.delete(oldest);
    }
    return program;
  }

  dispose(): void {
    for (const program of this.#kept.values()) program.dispose();
    this.#kept.clear();
  }

  get #bytes(): number {
    return [...this.#kept.values()].reduce((sum, { memory }) => sum + memory.prepared, 0);
  }
}
