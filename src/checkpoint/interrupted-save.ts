/** Temporary files next to a save's directory, left behind if it is killed. Their names are unlikely to clash. */
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { exists } from "../base/exists.js";

/** Where a model is written before it is moved to `directory`. */
export const partialOf = (directory: string): string => `${resolve(directory)}.flava-partial`;

/** Where the earlier model is kept while the new one is moved to `directory`. */
export const previousOf = (directory: string): string => `${resolve(directory)}.flava-previous`;

/** The lock file that keeps two processes from saving to `directory` at once. */
export const lockOf = (directory: string): string => `${resolve(directory)}.flava-lock`;

/** Cleans up after a killed save; restores the earlier model if the new one was not yet in place. */
export async function recoverSave(directory: string): Promise<void> {
  const previous = previousOf(directory);
  if ((await exists(previous)) && !(await exists(directory))) await rename(previous, directory);
  await rm(previous, { recursive: true, force: true });
  await rm(partialOf(directory), { recursive: true, force: true });
}
