/** The WebAssembly backend in Node. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { packagePath, packageRequire } from "../../base/package-root.js";
import type { Backend } from "../backend.js";
import { type ThreadOptions, threadsFrom } from "../threads.js";
import { maxThreads, wasmBackend } from "./backend.js";
import type { WasmInstance } from "./instance.js";
import { Module } from "./webassembly.js";
import { type KernelWorker, Workers } from "./workers.js";

/** Compiled once in a process; the backends share it. */
let compiled: Module | undefined;

function compiledModule(): Module {
  return (compiled ??= new Module(readFileSync(packagePath("native", "wasm", "flava.wasm"))));
}

/** Why the WebAssembly backend cannot be used; undefined if it can. */
export function wasmFault(): Error | undefined {
  try {
    compiledModule();
    return undefined;
  } catch (cause) {
    const reason = (cause as Error).message;
    return new Error(`The kernels in WebAssembly cannot be loaded: ${reason}`, { cause });
  }
}

/** Opens the WebAssembly backend. Its threads are workers, at most 64. */
export function openWasm(options: ThreadOptions = {}): Backend {
  const module = compiledModule();
  const threads = Math.min(maxThreads, threadsFrom(options));
  const executor = (instance: WasmInstance): Workers => {
    const file = packageRequire().resolve("#wasm-worker");
    return new Workers(
      module,
      instance,
      Array.from({ length: threads }, () => startWorker(file)),
    );
  };
  return wasmBackend({ module, threads, executor });
}

function startWorker(file: string): KernelWorker {
  const worker = new Worker(file);
  worker.unref(); // an idle backend lets the process end
  return {
    send: (message) => worker.postMessage(message),
    listen: (onStop, onFault) => {
      worker.on("message", onStop);
      worker.on("error", onFault);
    },
    hold: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}
