/** Executes in workers, so that the program's own thread stays free; the same in Node and in browsers. */
import type { Executor } from "./executor.js";
import type { Section, Stop, WasmInstance } from "./instance.js";
import type { Module } from "./webassembly.js";
import type { WorkerMessage } from "./kernel-thread.js";

/** A worker of Node or of a browser, which answers messages as `answering` does. */
export interface KernelWorker {
  send(message: WorkerMessage): void;
  /** Called once, before anything is sent. */
  listen(onStop: (stop: Stop) => void, onFault: (error: Error) => void): void;
  /** Whether the process must wait for it. */
  hold(isBusy: boolean): void;
  end(): void;
}

/** Thread 0 gets the sections and executes them; the others take part in its kernels. */
export class Workers implements Executor {
  readonly #workers: readonly KernelWorker[];
  readonly #abort: Int32Array;
  /** Why nothing can be executed any more. */
  #fault: Error | undefined;
  /** Settles the run in progress. */
  #settle: { resolve: (stop: Stop) => void; reject: (error: Error) => void } | undefined;

  /** @param workers one for each thread of `instance` */
  constructor(module: Module, instance: WasmInstance, workers: readonly KernelWorker[]) {
    const { memory } = instance;
    const abort = reserve(instance.allocate(4));
    this.#abort = new Int32Array(memory.buffer, abort, 1);
    this.#workers = workers;
    for (const [thread, worker] of workers.entries()) {
      const stack = reserve(instance.stack());
      worker.listen(
        (stop) => this.#settle?.resolve(stop),
        (error) => this.#fail(error),
      );
      worker.send({ kind: "start", module, memory, thread, stack, abort });
    }
  }

  async run(section: Section, signal?: AbortSignal): Promise<Stop> {
    if (this.#fault) throw this.#fault;
    const stop = (): void => void Atomics.store(this.#abort, 0, 1);
    Atomics.store(this.#abort, 0, 0);
    signal?.addEventListener("abort", stop, { once: true });
    const driver = this.#workers[0]!;
    driver.hold(true);
    try {
      return await new Promise<Stop>((resolve, reject) => {
        this.#settle = { resolve, reject };
        driver.send({ kind: "execute", section });
      });
    } finally {
      this.#settle = undefined;
      driver.hold(false);
      signal?.removeEventListener("abort", stop);
    }
  }

  dispose(): void {
    this.#fail(new Error("The backend is closed."));
  }

  /** Ends all threads: without one of them, the others would wait for it. */
  #fail(error: Error): void {
    this.#fault ??= error;
    for (const worker of this.#workers) worker.end();
    this.#settle?.reject(this.#fault);
  }
}

function reserve(address: number | undefined): number {
  if (address !== undefined) return address;
  throw new Error("The memory of the WebAssembly backend does not suffice for its threads.");
}
