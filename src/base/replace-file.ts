import { rename, rm, writeFile } from "node:fs/promises";

/** Replaces a file atomically: it is written beside its destination and then renamed. If that fails, nothing is left of it. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  try {
    await writeFile(fresh, content);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
