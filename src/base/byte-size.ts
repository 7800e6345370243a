/** Sizes in bytes as people write them. */

/** Bytes in "8GB", "512 MB" or "8" (gigabytes); undefined if it is no size. */
export function bytesIn(text: string): number | undefined {
  const [, number, unit = "GB"] = /^\s*(\d+(?:\.\d+)?)\s*([kMGT]B)?\s*$/i.exec(text) ?? [];
  const size = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[unit.toUpperCase()];
  return number === undefined || size === undefined ? undefined : Number(number) * size;
}
