import type { Section, Stop, WasmInstance } from "./instance.js";

/** Executes programs, one at a time. */
export interface Executor {
  /** Stops between two instructions when the signal is aborted. */
  run(section: Section, signal?: AbortSignal): Promise<Stop>;
  dispose(): void;
}

/** Milliseconds after which this thread turns to other tasks. */
const turn = 10;

/** Executes in this thread, where workers cannot be had. Other tasks of the thread have their turn between instructions. */
export function executorHere(instance: WasmInstance): Executor {
  return {
    run: async (section, signal) => {
      for (let { word } = section; ;) {
        const start = performance.now();
        const stop = instance.execute({ ...section, word }, () => performance.now() - start > turn);
        if (stop.error !== undefined || stop.word === section.end) return stop;
        await new Promise((resume) => setTimeout(resume));
        if (signal?.aborted) return stop;
        word = stop.word;
      }
    },
    dispose() {
      // It holds nothing.
    },
  };
}
