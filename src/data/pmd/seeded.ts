import { createHash } from "node:crypto";

/** A number in [0, 1) that depends on the words alone: the same choice on every machine and in every run. */
export function seededUnit(purpose: string, key: string): number {
  return createHash("sha256").update(`${purpose}\0${key}`).digest().readUInt32BE(0) / 2 ** 32;
}
