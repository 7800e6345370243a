/** The disk space that runs take. */
import { statfs } from "node:fs/promises";
import type { State } from "../backend/state.js";
import { nearestExisting } from "../base/exists.js";
import { checkpointsKept } from "./run/run-directory.js";
import { savedBytes } from "./run/run-state.js";

/** Bytes of the checkpoints of a run; one is written before the oldest is removed. */
export const checkpointBytes = (state: State): number => (checkpointsKept + 1) * savedBytes(state);

/** Bytes free where `directory` is, or will be. */
export async function freeSpace(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(nearestExisting(directory));
  return bavail * bsize;
}

/** @throws Error if less than `bytes` are free */
export function requireSpace(directory: string, bytes: number, free: number): void {
  if (bytes > free) throw new Error(`The disk that has ${directory} is too full for checkpoints.`);
}
