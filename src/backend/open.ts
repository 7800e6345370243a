import { warn } from "../base/warn.js";
import type { Backend } from "./backend.js";
import { type NativeOptions, nativeBackend, nativeFault } from "./native.js";
import { referenceBackend } from "./reference.js";
import { openWasm, wasmFault } from "./wasm/open.js";

/** Which backend to open, and how many threads it computes with. */
export interface BackendOptions extends NativeOptions {
  /**
   * Default: `FLAVA_BACKEND`, else native if its kernels were built, else wasm. The reference backend, in plain
   * TypeScript, is many times slower than both. "webgpu" is for `requestBackend` alone.
   */
  readonly name?: Backend["name"];
}

/**
 * Opens the backend that runs programs. Its `dispose` frees all memory. The first time that another than the native
 * backend has to take its place, a warning says how to get the native one.
 *
 * @throws Error for WebGPU, which only `requestBackend` opens
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
    case "webgpu":
      throw new Error(
        'The WebGPU backend is opened asynchronously: write "await requestBackend" in place of "openBackend".',
      );
    case undefined:
    case "":
      return bestBackend(options);
    default:
      throw new RangeError(
        `The backends are "native", "wasm", "webgpu" and "reference", but "${name}" was asked for.`,
      );
  }
}

/** As `openBackend`, for all backends: a device for WebGPU is asked for asynchronously. */
export async function requestBackend(options: BackendOptions = {}): Promise<Backend> {
  if ((options.name ?? process.env.FLAVA_BACKEND) !== "webgpu") return openBackend(options);
  if (!options.processes) {
    const { openWebGpu } = await import("./webgpu/open.js"); // much code, for the few who ask for it
    return openWebGpu();
  }
  throw new Error(
    "The WebGPU backend cannot exchange values with other processes: use the native one.",
  );
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
    warn(message);
  }
  warned = true;
  if (!wasm) return openAlone(options);
  return referenceBackend({ precision: "float32", processes: options.processes });
}
