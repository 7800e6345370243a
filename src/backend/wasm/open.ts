/** The WebAssembly backend in Node. */
import { readFileSync } from "node:fs";
import { packagePath } from "../../base/package-root.js";
import type { Backend } from "../backend.js";
import { type ThreadOptions, threadsFrom } from "../threads.js";
import { wasmBackend } from "./backend.js";
import { Module } from "./webassembly.js";
import { Workers } from "./workers.js";

/** As in native/wasm/threads.h. */
const maxThreads = 64;

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
  return wasmBackend({
    ...{ module, threads },
    executor: (instance) => new Workers(module, instance, threads),
  });
}
