/** The backends of a browser. */
import type { Backend } from "../backend/backend.js";
import { wasmBackend } from "../backend/wasm/backend.js";
import { executorHere } from "../backend/wasm/executor.js";
import { Module } from "../backend/wasm/webassembly.js";
import { Workers } from "../backend/wasm/workers.js";
import { webGpuBackend } from "../backend/webgpu/backend.js";
import { Device } from "../backend/webgpu/device.js";
import type { Gpu } from "../backend/webgpu/interface.js";
import { fetchBytes } from "./fetch.js";
import { kernelWorkers } from "./kernel-workers.js";

/** What computes in a browser. */
export interface BackendOptions {
  /** Default: WebGPU where the browser gives an adapter, else WebAssembly. */
  readonly backend?: "webgpu" | "wasm";
  /** The kernels in WebAssembly; default: the package's file, which bundlers find and copy. */
  readonly kernels?: string | URL;
  /**
   * Threads of the kernels in WebAssembly, at most 64; default: one per core. It is one unless the page is cross-origin
   * isolated.
   */
  readonly threads?: number;
}

/** Opens a backend; fetches the kernels in WebAssembly if they are needed. */
export async function openBrowserBackend(
  { backend, kernels, threads }: BackendOptions,
  signal?: AbortSignal,
): Promise<Backend> {
  const { gpu } = (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator ?? {};
  const device = backend === "wasm" || !gpu ? undefined : await Device.request(gpu);
  if (device) return webGpuBackend(device);
  if (backend === "webgpu") {
    throw new Error(
      "This browser gives no adapter for WebGPU: it has none, or the page is not served by HTTPS or from localhost.",
    );
  }
  const url = kernels ?? new URL("../../../native/wasm/flava.wasm", import.meta.url);
  const module = new Module(await fetchBytes(url, { signal }));
  const workers = await kernelWorkers(threads);
  return wasmBackend({
    module,
    threads: workers?.length ?? 1,
    executor: (instance) =>
      workers ? new Workers(module, instance, workers) : executorHere(instance),
  });
}
