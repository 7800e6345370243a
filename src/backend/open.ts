import type { Backend } from "./backend.js";
import { type NativeOptions, nativeBackend, nativeFault } from "./native.js";
import { referenceBackend } from "./reference.js";
import { openWasm, wasmFault } from "./wasm/open.js";

export interface BackendOptions extends NativeOptions {
  /**
   * Default: `FLAVA_BACKEND`, else native if its kernels were built, else wasm. The reference backend, in plain
   * TypeScript, is many times slower than both.
   */
  readonly name?: "native" | "wasm" | "reference";
}

/**
 * Opens the backend that runs programs. Its `dispose` frees all memory. The first time that another than the native
 * backend has to take its place, a warning says how to get the native one.
 */
export function openBackend(options: BackendOptions = {}): Backend {
  const name = options.name ?? process.env.FLAVA_BACKEND;
  switch (name) {
    case "reference":
      return referenceBackend({ precision: "float32", processes: options.processes });
    case "wasm":
      return openAlone(options);
    case "native":
      return nativeBackend(options);
    case undefined:
    case "":
      return bestBackend(options);
    default:
      throw new RangeError(
        `The backends are "native", "wasm" and "reference", but "${name}" was asked for.`,
      );
  }
}

function openAlone({ processes, ...options }: NativeOptions): Backend {
  if (!processes) return openWasm(options);
  throw new Error(
    'Kernels in WebAssembly cannot exchange values with other processes: build the native ones with "npm run build:native".',
  );
}

let warned = false;

function bestBackend(options: NativeOptions): Backend {
  const fault = nativeFault();
  if (!fault) return nativeBackend(options);
  const wasm = wasmFault();
  if (!warned) {
    const message = wasm
      ? `The reference backend runs, which is many times slower. ${fault.message} ${wasm.message}`
      : `The kernels run in WebAssembly, which is several times slower. ${fault.message}`;
    process.emitWarning(message, "FlavaWarning");
  }
  warned = true;
  if (!wasm) return openAlone(options);
  return referenceBackend({ precision: "float32", processes: options.processes });
}
