import type { Scalars } from "../stages/stage.js";

interface StepFacts {
  readonly samples: number;
  /** Milliseconds spent waiting for the batch. */
  readonly waited: number;
  /** Milliseconds of the step itself. */
  readonly run: number;
}

/** Means of what steps report between two log lines. */
export class Averages {
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #samples = 0;
  #steps = 0;
  #waited = 0;
  #run = 0;
  #since = performance.now();
  #processor = process.cpuUsage();

  add(scalars: Scalars, { samples, waited, run }: StepFacts): void {
    for (const [name, value] of Object.entries(scalars)) {
      const entry = this.#sums.get(name) ?? { sum: 0, count: 0 };
      this.#sums.set(name, { sum: entry.sum + value, count: entry.count + 1 });
    }
    this.#steps++;
    this.#samples += samples;
    this.#waited += waited;
    this.#run += run;
  }

  /** Samples since the last call of `take`. */
  get samples(): number {
    return this.#samples;
  }

  /** The means since the last call, with speed, waiting time, and processor and memory use. */
  take(): Scalars {
    const now = performance.now();
    const elapsed = now - this.#since;
    const { user, system } = process.cpuUsage(this.#processor);
    const steps = Math.max(1, this.#steps);
    const means = [...this.#sums].map(([name, { sum, count }]) => [name, sum / count] as const);
    const scalars = {
      ...Object.fromEntries(means),
      "samples/s": (this.#samples / elapsed) * 1000,
      "step ms": elapsed / steps,
      "waiting ms": this.#waited / steps,
      "program ms": this.#run / steps,
      "processor cores": (user + system) / 1000 / elapsed,
      "memory MiB": process.memoryUsage.rss() / 2 ** 20,
    };
    this.#sums.clear();
    [this.#samples, this.#steps, this.#waited, this.#run] = [0, 0, 0, 0];
    this.#since = now;
    this.#processor = process.cpuUsage();
    return scalars;
  }
}
