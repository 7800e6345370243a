import { rename, writeFile } from "node:fs/promises";

/** Replaces a file atomically: it is written beside its destination and then renamed. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}
