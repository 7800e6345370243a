import { homedir } from "node:os";
import { join } from "node:path";

/** Where data and runs are stored outside the project: `FLAVA_CACHE`, or `.cache/flava` in the home directory. */
export function cacheDirectory(): string {
  return process.env.FLAVA_CACHE ?? join(homedir(), ".cache", "flava");
}
