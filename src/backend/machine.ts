/** Describes the machine: its processor, the level that computes, and why. */
import { availableParallelism } from "node:os";
import { nativeSpeeds } from "./native.js";
import type { LevelSpeeds } from "./level-speeds.js";

interface Machine extends LevelSpeeds {
  readonly cores: number;
  /** The level in use: the fastest, or the one that FLAVA_LEVEL names. */
  readonly level: string;
}

/** Measures at first use. Throws if the native kernels were not built. */
export function inspectMachine(): Machine {
  return { cores: availableParallelism(), ...nativeSpeeds() };
}

/** A human-readable description of several lines. */
export function describeMachine({
  processor,
  cores,
  level,
  fastest,
  levels,
  date,
  path,
}: Machine): string {
  const reason = process.env.FLAVA_LEVEL ? "as FLAVA_LEVEL says" : "the fastest on this machine";
  const cell = (value: number): string => value.toFixed(0).padStart(10);
  const rows = Object.entries(levels).map(
    ([name, { float32, bfloat16, int8 }]) =>
      `  ${name.padEnd(14)}${cell(float32)}${cell(bfloat16)}${cell(int8)}${name === fastest ? "  fastest" : ""}`,
  );
  return [
    `${processor}, ${cores} cores`,
    `Processor level: ${level}, ${reason}`,
    "",
    "Products on one core, in billions of operations per second:",
    `  ${"level".padEnd(14)}   float32  bfloat16      int8`,
    ...rows,
    "",
    `Measured on ${date.slice(0, 10)}. To measure again, remove ${path}`,
  ].join("\n");
}
