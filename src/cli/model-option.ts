/** Options of the verbs that use a model. */
import { type Command, Option } from "commander";
import type { Flava } from "../api/flava.js";
import type { BackendOptions } from "../backend/open.js";
import { type Precision, precisions } from "../nn/precision.js";
import { packageVersion } from "../base/package-root.js";
import { isFirst, requireSame } from "../parallel/agreement.js";
import { modelFingerprint } from "../search/model-fingerprint.js";
import { wholeNumberFrom } from "./whole-number.js";

export interface BackendFlags {
  readonly backend?: BackendOptions["name"];
  readonly threads?: number;
  /** The processes that were started together with this one; no flag names them. */
  readonly processes?: BackendOptions["processes"];
}

export interface ModelFlags extends BackendFlags {
  readonly model?: string;
  readonly heads?: number;
  readonly precision: Precision;
}

/** The one size that cannot be inferred from the shapes of weights. */
export function headsOption(): Option {
  return new Option(
    "--heads <n>",
    "attention heads of each encoder, for a weights file without its config.json",
  ).argParser(wholeNumberFrom(1));
}

/** Adds the options that `useModel` reads. */
export function addModelOptions(command: Command): Command {
  command
    .option(
      "--model <path>",
      "a directory in Hugging Face format, or a weights file; default: the model that ships",
    )
    .addOption(headsOption());
  return addComputeOptions(command);
}

/** Adds those of them that do not name the model. */
export function addComputeOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--precision <kind>", "precision of the computation")
        .choices(precisions)
        .default("float32"),
    )
    .addOption(backendOption())
    .addOption(threadsOption());
}

export const backendOption = (): Option =>
  new Option(
    "--backend <name>",
    "compute backend; default: native, or wasm where it was not built",
  ).choices(["native", "wasm", "webgpu", "reference"]);

export const threadsOption = (): Option =>
  new Option("--threads <n>", "compute threads; default: one per core").argParser(
    wholeNumberFrom(1),
  );

export function backendOptions({ backend, threads, processes }: BackendFlags): BackendOptions {
  return {
    ...(backend !== undefined && { name: backend }),
    ...(threads !== undefined && { threads }),
    ...(processes && { processes }),
  };
}

/**
 * Loads the model named by the options.
 * @param batch most inputs computed at a time; default: that of `load`
 */
export async function loadModel(
  { model, heads, precision, ...flags }: ModelFlags,
  batch?: number,
): Promise<Flava> {
  const { load } = await import("../api/load.js"); // much code, which help and faults in options do without
  return load(model, {
    precision,
    backend: backendOptions(flags),
    ...(batch !== undefined && { batch }),
    ...(heads !== undefined && { heads }),
    onWarning: (message) => {
      if (isFirst(flags.processes)) console.error(`flava: ${message}`);
    },
  });
}

/**
 * Loads the model named by the options, and closes it after use.
 * @throws Error if processes have other models
 */
export async function useModel<Result>(
  flags: ModelFlags,
  use: (flava: Flava) => Promise<Result>,
): Promise<Result> {
  const flava = await loadModel(flags);
  try {
    await requireSameModel(flava, flags);
    return await use(flava);
  } finally {
    await flava.close();
  }
}

/** What one process computes stands for all only if they compute alike. */
async function requireSameModel(
  { model }: Flava,
  { processes }: Pick<ModelFlags, "processes">,
): Promise<void> {
  if (!processes) return;
  const { precision, backend } = model;
  const fingerprint = await modelFingerprint(model);
  await requireSame(processes, {
    ...{ version: packageVersion(), level: backend.level },
    model: { fingerprint, precision },
  });
}
