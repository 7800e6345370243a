import { bytesIn } from "../base/byte-size.js";
import { OutOfMemoryError } from "../base/errors.js";
import { node } from "../base/package-root.js";
import { memoryLeft } from "./memory-limits.js";

/** Bytes that this process can still use; a browser does not tell. */
function freeMemory(): number {
  if (typeof process === "undefined") return Infinity;
  const textOf = (path: string): string | undefined => {
    try {
      return node().getBuiltinModule("node:fs").readFileSync(path, "utf8");
    } catch {
      return undefined; // Not available on this system.
    }
  };
  return Math.min(
    memoryLeft(textOf) ?? node().getBuiltinModule("node:os").freemem(),
    allowedMemory(),
  );
}

/** What `FLAVA_MEMORY`, if set, leaves of the memory that this process may use. */
function allowedMemory(): number {
  const { FLAVA_MEMORY: text } = process.env;
  if (text === undefined) return Infinity;
  const bytes = bytesIn(text);
  if (bytes !== undefined) return Math.max(0, bytes - process.memoryUsage.rss());
  throw new Error(`FLAVA_MEMORY is "${text}"; expected a size such as 8GB or 512MB.`);
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

/** Bytes that are not worth asking for: reading what is left takes longer than many a small program. */
const negligible = 1e6;

/** Throws an `OutOfMemoryError` if `bytes` more would not fit; `what` names their use, and `hint` says what to do. */
export function requireMemory(
  bytes: number,
  what: string,
  hint = "Use a smaller batch or model, or recompute the blocks.",
): void {
  if (bytes < negligible) return;
  const available = freeMemory();
  if (bytes <= available) return;
  throw new OutOfMemoryError(
    `${what} needs ${formatBytes(bytes)} more memory, but ${formatBytes(available)} are available. ${hint}`,
  );
}
