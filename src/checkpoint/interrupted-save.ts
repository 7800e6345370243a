/** What a save keeps beside its directory, and leaves there when it is killed: names that nobody gives a directory by hand. */
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { exists } from "../base/exists.js";

/** Where a model is written before it takes its place at `directory`. */
export const partialOf = (directory: string): string => `${resolve(directory)}.flava-partial`;

/** Where the earlier model waits while the new one takes its place at `directory`. */
export const previousOf = (directory: string): string => `${resolve(directory)}.flava-previous`;

/** The file that keeps two processes from saving to `directory` at once. */
export const lockOf = (directory: string): string => `${resolve(directory)}.flava-lock`;

/** Cleans up after a save that was killed; the earlier model returns to its place if the new one did not get there. */
export async function recoverSave(directory: string): Promise<void> {
  const previous = previousOf(directory);
  if ((await exists(previous)) && !(await exists(directory))) await rename(previous, directory);
  await rm(previous, { recursive: true, force: true });
  await rm(partialOf(directory), { recursive: true, force: true });
}
