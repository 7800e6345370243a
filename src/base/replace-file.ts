import { rename, writeFile } from "node:fs/promises";

/** Writes a file beside its final place and puts it there at once, so that it is whole or as it was. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}
