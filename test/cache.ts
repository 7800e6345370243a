/** Gives tests a cache of their own: indexes of their data must not remain in the user's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Called once by Vitest (`globalSetup`); returns what to call at the end. */
export function setup(): () => void {
  const cache = mkdtempSync(join(tmpdir(), "flava-cache-"));
  process.env.FLAVA_CACHE = cache;
  return () => rmSync(cache, { recursive: true });
}
