/** The compiled addon of native kernels. */
import { loadCompiledKernels } from "../base/compiled-kernels.js";
import { packagePath } from "../base/package-root.js";
import type { Values } from "./values.js";

/** Processor levels, each with the instructions of those before it. Emulated ones are for tests. */
export type Level =
  | "portable"
  | "avx2"
  | "avx512"
  | "avx512bf16"
  | "amx"
  | `${"avx512" | "avx512bf16" | "amx"}-emulated`
  | "neon-bf16";

export type Context = Readonly<Record<"context", never>>;

/** The processes of a run, as the addon knows them. */
export interface Joined {
  readonly rank: number;
  readonly size: number;
  /** The name of each process's machine. */
  readonly hosts: readonly string[];
}

export interface RunResult {
  /** 0 done, 1 aborted, 2 a kernel failed, 3 a non-finite result was found. */
  readonly status: 0 | 1 | 2 | 3;
  readonly instruction: number;
  readonly message: string;
}

/** The functions of the compiled addon; documented in `native/node`. */
export interface Addon {
  levels(): Level[];
  open(options: { threads: number; level: Level; communicator?: Joined | undefined }): Context;
  describe(context: Context): { level: Level; threads: number };
  allocate(context: Context, bytes: number): number;
  map(context: Context, file: number, bytes: number): number;
  free(context: Context, id: number): void;
  reserveArena(context: Context, bytes: number): void;
  write(context: Context, id: number, offset: number, values: Values): void;
  writeTransposed(
    context: Context,
    id: number,
    offset: number,
    values: Float32Array,
    rows: number,
    columns: number,
  ): void;
  read(context: Context, id: number, offset: number, bytes: number): ArrayBuffer;
  load(context: Context, signatures: readonly string[], words: Float64Array): number;
  unload(context: Context, program: number): void;
  run(
    context: Context,
    program: number,
    first: number,
    last: number,
    inspect: boolean,
    abort: Int32Array,
    inputs: readonly { id: number; offset: number; data: Values }[],
  ): Promise<RunResult>;
  time(
    context: Context,
    program: number,
    first: number,
    last: number,
    milliseconds: number,
  ): number;
  close(context: Context): void;
  join(library: string, timeoutSeconds: number): Joined;
  joinThreads(size: number, timeoutSeconds: number): readonly Joined[];
  gather(joined: Joined, channel: number, values: Float32Array): Promise<ArrayBuffer>;
  leave(joined: Joined): void;
  abort(joined: Joined, code: number): void;
}

/** The native kernels cannot be used; the message says why, and what to do. */
export class NativeKernelsError extends Error {
  override readonly name = "NativeKernelsError";
}

/** The compiled addon, or why there is none. */
export function loadAddon(): Addon | NativeKernelsError {
  try {
    return loadCompiledKernels().addon as Addon;
  } catch (cause) {
    return new NativeKernelsError(whyNot(cause as NodeJS.ErrnoException), { cause });
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  const missing = code === "MODULE_NOT_FOUND";
  if (!missing && code !== "ERR_DLOPEN_FAILED") return message;
  const fault = missing ? "are not built" : `cannot be loaded (${message})`;
  const remedy =
    process.platform === "win32"
      ? "They need Linux or macOS; on Windows, use WSL."
      : `To build them, with g++ or clang++, run: node "${packagePath("native", "build.mjs")}"`;
  return `The native kernels ${fault}. ${remedy}`;
}

/** The error for kernels that were compiled from other sources than these. */
export function outdated(cause: Error): Error {
  return new Error(
    `The native kernels do not fit this version of flava: ${cause.message}. ` +
      'Rebuild them with "npm run build:native".',
    { cause },
  );
}

/** The processor levels to choose from, lowest first. */
export function realLevels(addon: Addon): Level[] {
  return addon.levels().filter((level) => !level.endsWith("-emulated"));
}
