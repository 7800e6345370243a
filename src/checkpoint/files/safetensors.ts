/** Files in the safetensors format. */
import { open, rename, rm } from "node:fs/promises";
import { openFile } from "./random-access-file.js";
import { safetensorsIn } from "./safetensors-header.js";
import type { TensorFiles } from "./stored-tensor.js";
import { type TensorToWrite, bytesOf, headerOf } from "./tensor-to-write.js";

/** Opens a file and checks its whole header; the tensors are read later, one at a time. */
export async function openSafetensors(path: string): Promise<TensorFiles> {
  const file = await openFile(path);
  try {
    const tensors = await safetensorsIn(file);
    return { format: "safetensors", tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes tensors one after another; the file appears under its name once complete. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, "w");
  try {
    await file.writeFile(headerOf(tensors));
    for (const tensor of tensors) await file.writeFile(await bytesOf(tensor));
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
