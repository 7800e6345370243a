/** A thread of the WebAssembly backend in Node; started by `Workers`. */
import { parentPort, workerData } from "node:worker_threads";
import { type Section, WasmInstance } from "./instance.js";
import type { WorkerStart } from "./workers.js";

const { module, memory, thread, stack, abort } = workerData as WorkerStart;
const instance = new WasmInstance(module, memory, stack);
if (thread > 0) instance.join(thread);
parentPort?.on("message", (section: Section) => {
  const flag = new Int32Array(memory.buffer, abort, 1);
  parentPort?.postMessage(instance.execute(section, () => Atomics.load(flag, 0) !== 0));
});
