/** WebGPU for tests: a GPU is not at hand, so SwiftShader, which comes with Chromium, computes on the processor. */
import { existsSync } from "node:fs";
import type { Backend } from "../src/backend/backend.js";
import { openWebGpu } from "../src/backend/webgpu/open.js";

const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** The WebGPU backend; prints why there is none. A driver that VK_ICD_FILENAMES names goes first. */
export async function openTestDevice(): Promise<Backend | undefined> {
  if (existsSync(driver)) process.env.VK_ICD_FILENAMES ??= driver;
  try {
    return await openWebGpu();
  } catch (error) {
    console.log(`WebGPU is not tested. ${(error as Error).message}`);
    return undefined;
  }
}
