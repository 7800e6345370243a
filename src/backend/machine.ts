/** Describes the machine: its processor, the backend and the level that compute, and why. */
import { availableParallelism, cpus } from "node:os";
import { loadCompiledKernels } from "../base/compiled-kernels.js";
import { nativeFault, nativeSpeeds } from "./native.js";
import type { LevelSpeeds } from "./level-speeds.js";

interface NativeMachine extends LevelSpeeds {
  readonly backend: "native";
  readonly cores: number;
  /** The level in use: the fastest, or the one that FLAVA_LEVEL names. */
  readonly level: string;
  /** Where the kernels come from: "built here", or the package for this platform. */
  readonly kernels: string;
}

interface WasmMachine {
  readonly backend: "wasm";
  readonly processor: string;
  readonly cores: number;
  readonly level: "simd128";
  /** Why it is not the native backend. */
  readonly reason: string;
}

export type Machine = NativeMachine | WasmMachine;

/** Measures the levels of the native kernels at first use, where they were built. */
export function inspectMachine(): Machine {
  const cores = availableParallelism();
  const reason =
    process.env.FLAVA_BACKEND === "wasm" ? "As FLAVA_BACKEND says." : nativeFault()?.message;
  if (reason === undefined) {
    const kernels = loadCompiledKernels().package ?? "built here";
    return { backend: "native", cores, kernels, ...nativeSpeeds() };
  }
  const processor = cpus()[0]?.model.trim() ?? "unknown processor";
  return { backend: "wasm", processor, cores, level: "simd128", reason };
}

/** A human-readable description of several lines. */
export function describeMachine(machine: Machine): string {
  if (machine.backend === "native") return describeLevels(machine);
  const { processor, cores, reason } = machine;
  return [
    `${processor}, ${cores} cores`,
    "Backend: wasm, the kernels in WebAssembly with vectors of 128 bits",
    reason,
  ].join("\n");
}

function describeLevels({
  processor,
  cores,
  kernels,
  level,
  fastest,
  levels,
  date,
  path,
}: NativeMachine): string {
  const reason = process.env.FLAVA_LEVEL ? "as FLAVA_LEVEL says" : "the fastest on this machine";
  const cell = (value: number): string => value.toFixed(0).padStart(10);
  const rows = Object.entries(levels).map(
    ([name, { float32, bfloat16, int8 }]) =>
      `  ${name.padEnd(14)}${cell(float32)}${cell(bfloat16)}${cell(int8)}${name === fastest ? "  fastest" : ""}`,
  );
  return [
    `${processor}, ${cores} cores`,
    `Kernels: ${kernels === "built here" ? kernels : `of the package ${kernels}`}`,
    `Processor level: ${level}, ${reason}`,
    "",
    "Products on one core, in billions of operations per second:",
    `  ${"level".padEnd(14)}   float32  bfloat16      int8`,
    ...rows,
    "",
    `Measured on ${date.slice(0, 10)}. To measure again, remove ${path}`,
  ].join("\n");
}
