/** The WebGPU backend in Node, by the package `webgpu` (Dawn). */
import type { Backend } from "../backend.js";
import { webGpuBackend } from "./backend.js";
import { Device } from "./device.js";
import type { Gpu } from "./interface.js";

/** The package's implementation of WebGPU; it must outlive its devices. */
let gpu: Gpu | undefined;

async function implementation(): Promise<Gpu> {
  if (gpu) return gpu;
  const found = await import("webgpu").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
    throw new Error(`The WebGPU backend needs the package webgpu: npm install webgpu. ${reason}`, {
      cause,
    });
  });
  return (gpu = found.create([]) as unknown as Gpu);
}

/**
 * Opens the WebGPU backend on the adapter of this machine that promises the most.
 *
 * @throws Error if the package `webgpu` is not installed, or there is no adapter
 */
export async function openWebGpu(): Promise<Backend> {
  const device = await Device.request(await implementation());
  if (device) return webGpuBackend(device);
  throw new Error(
    "WebGPU finds no adapter on this machine. It needs a GPU with a driver for Vulkan, Metal or Direct3D 12; on Linux, " +
      "VK_ICD_FILENAMES can name a driver, such as SwiftShader's for tests (docs/installation.md).",
  );
}
