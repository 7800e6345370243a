import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { OutOfMemoryError } from "../base/errors.js";
import { memoryLeft } from "./memory-limits.js";

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // Not available on this system.
  }
}

/** Formats a number of bytes: "1.43 GB". */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(bytes >= 100 * size ? 0 : 2)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** Throws an `OutOfMemoryError` if `bytes` more would not fit; `what` names their use. */
export function requireMemory(bytes: number, what: string): void {
  const available = memoryLeft(textOf) ?? freemem();
  if (bytes <= available) return;
  throw new OutOfMemoryError(
    `${what} needs ${formatBytes(bytes)} more memory, but ${formatBytes(available)} are available. ` +
      "Use a smaller batch or model, or recompute the blocks.",
  );
}
