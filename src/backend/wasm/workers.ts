/** Executes in worker threads of Node, so that the main thread stays free. */
import { Worker } from "node:worker_threads";
import { packageRequire } from "../../base/package-root.js";
import type { Executor } from "./executor.js";
import type { Section, Stop, WasmInstance } from "./instance.js";
import type { Module, SharedMemory } from "./webassembly.js";

/** What a worker begins with. */
export interface WorkerStart {
  readonly module: Module;
  readonly memory: SharedMemory;
  readonly thread: number;
  readonly stack: number;
  /** Address of a number that is not zero when the run should stop. */
  readonly abort: number;
}

/** Thread 0 gets the sections and executes them; the others take part in its kernels. */
export class Workers implements Executor {
  readonly #workers: readonly Worker[];
  readonly #abort: Int32Array;
  #closed = false;
  /** Settles the run in progress. */
  #settle: { resolve: (stop: Stop) => void; reject: (error: Error) => void } | undefined;

  constructor(module: Module, instance: WasmInstance, threads: number) {
    const { memory } = instance;
    const abort = reserve(instance.allocate(4));
    this.#abort = new Int32Array(memory.buffer, abort, 1);
    const file = packageRequire().resolve("#wasm-worker");
    this.#workers = Array.from({ length: threads }, (_, thread) => {
      const stack = reserve(instance.stack());
      const workerData: WorkerStart = { module, memory, thread, stack, abort };
      const worker = new Worker(file, { workerData });
      worker.on("message", (stop: Stop) => this.#settle?.resolve(stop));
      worker.on("error", (error) => this.#fail(error));
      worker.unref(); // an idle backend lets the process end
      return worker;
    });
  }

  async run(section: Section, signal?: AbortSignal): Promise<Stop> {
    if (this.#closed) throw new Error("The backend is closed.");
    const stop = (): void => void Atomics.store(this.#abort, 0, 1);
    Atomics.store(this.#abort, 0, 0);
    signal?.addEventListener("abort", stop, { once: true });
    const driver = this.#workers[0]!;
    driver.ref();
    try {
      return await new Promise<Stop>((resolve, reject) => {
        this.#settle = { resolve, reject };
        driver.postMessage(section);
      });
    } finally {
      this.#settle = undefined;
      driver.unref();
      signal?.removeEventListener("abort", stop);
    }
  }

  dispose(): void {
    this.#fail(new Error("The backend was closed during a run."));
  }

  /** Ends all threads: without one of them, the others would wait for it. */
  #fail(error: Error): void {
    this.#closed = true;
    for (const worker of this.#workers) void worker.terminate();
    this.#settle?.reject(error);
  }
}

function reserve(address: number | undefined): number {
  if (address !== undefined) return address;
  throw new Error("The memory of the WebAssembly backend does not suffice for its threads.");
}
