/** Options of the verbs that use a model. */
import { type Command, Option } from "commander";
import type { Flava } from "../api/flava.js";
import { load } from "../api/load.js";
import type { Precision } from "../nn/precision.js";
import { wholeNumberFrom } from "./whole-number.js";

export interface ModelFlags {
  readonly model?: string;
  readonly heads?: number;
  readonly precision: Precision;
  readonly backend?: "native" | "reference";
  readonly threads?: number;
}

const precisions: readonly Precision[] = ["float32", "bfloat16", "int8", "int8-weights"];

/** The one size that cannot be inferred from the shapes of weights. */
export function headsOption(): Option {
  return new Option(
    "--heads <n>",
    "attention heads of each encoder, for a weights file without its config.json",
  ).argParser(wholeNumberFrom(1));
}

/** Adds the options that `useModel` reads. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      "--model <path>",
      "a directory in Hugging Face format, or a weights file; default: the model that ships",
    )
    .addOption(headsOption())
    .addOption(
      new Option("--precision <kind>", "precision of the computation")
        .choices(precisions)
        .default("float32"),
    )
    .addOption(
      new Option("--backend <name>", "compute backend; default: native, if it was built").choices([
        "native",
        "reference",
      ]),
    )
    .option("--threads <n>", "compute threads; default: one per core", wholeNumberFrom(1));
}

/** Loads the model named by the options, and closes it after use. */
export async function useModel<Result>(
  { model, heads, precision, backend, threads }: ModelFlags,
  use: (flava: Flava) => Promise<Result>,
): Promise<Result> {
  const flava = await load(model, {
    precision,
    backend: {
      ...(backend !== undefined && { name: backend }),
      ...(threads !== undefined && { threads }),
    },
    ...(heads !== undefined && { heads }),
    onWarning: (message) => console.error(`flava: ${message}`),
  });
  try {
    return await use(flava);
  } finally {
    await flava.close();
  }
}
