import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { OutOfMemoryError } from "../base/errors.js";

function numberIn(file: string, pattern: RegExp): number | undefined {
  try {
    const found = pattern.exec(readFileSync(file, "utf8"))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined; // Not available on this system.
  }
}

/** Bytes that this process can still use: what the system has free or can free, within the control group's limit. */
function availableMemory(): number {
  const system = numberIn("/proc/meminfo", /^MemAvailable:\s+(\d+) kB/m);
  const limit = numberIn("/sys/fs/cgroup/memory.max", /^(\d+)/);
  const used = numberIn("/sys/fs/cgroup/memory.current", /^(\d+)/) ?? 0;
  const free = system === undefined ? freemem() : system * 1024;
  return limit === undefined ? free : Math.min(free, limit - used);
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
  const available = availableMemory();
  if (bytes <= available) return;
  throw new OutOfMemoryError(
    `${what} needs ${formatBytes(bytes)} of memory, but ${formatBytes(available)} are available. ` +
      "Use a smaller batch or model, or recompute the blocks.",
  );
}
