/** The backends of a browser. */
import type { Backend } from "../backend/backend.js";
import { wasmBackend } from "../backend/wasm/backend.js";
import { executorHere } from "../backend/wasm/executor.js";
import { Module } from "../backend/wasm/webassembly.js";
import { webGpuBackend } from "../backend/webgpu/backend.js";
import { Device } from "../backend/webgpu/device.js";
import type { Gpu } from "../backend/webgpu/interface.js";

export interface BackendOptions {
  /** Default: WebGPU where the browser gives an adapter, else WebAssembly. */
  readonly backend?: "webgpu" | "wasm";
}

/** @param kernels gives the compiled kernels, if they are needed */
export async function openBrowserBackend(
  { backend }: BackendOptions,
  kernels: () => Promise<Uint8Array>,
): Promise<Backend> {
  const { gpu } = (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator ?? {};
  const device = backend === "wasm" || !gpu ? undefined : await Device.request(gpu);
  if (device) return webGpuBackend(device);
  if (backend === "webgpu") {
    throw new Error(
      "This browser gives no adapter for WebGPU: it has none, or the page is not served by HTTPS or from localhost.",
    );
  }
  return wasmBackend({ module: new Module(await kernels()), threads: 1, executor: executorHere });
}
