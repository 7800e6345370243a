import type { SampleSource } from "./source.js";

/** Counts the samples of sources while they are read, so that reading need not wait for it. */
export class BackgroundCount {
  readonly #stop = new AbortController();
  #total: number | undefined;

  constructor(sources: readonly SampleSource[]) {
    void Promise.all(sources.map((source) => source.count(this.#stop))).then((counts) => {
      const known = counts.filter((count) => count !== undefined);
      if (known.length < counts.length) return;
      this.#total = known.reduce((sum, count) => sum + count, 0);
    });
  }

  /** Samples of all sources together; undefined as long as, or if, that is unknown. */
  get total(): number | undefined {
    return this.#total;
  }

  stop(): void {
    this.#stop.abort();
  }
}
