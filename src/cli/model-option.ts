/** What the verbs share that use a model. */
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

/** The number that a file of weights does not show. */
export function headsOption(): Option {
  return new Option(
    "--heads <n>",
    "attention heads of each encoder, for a file of weights without its config.json",
  ).argParser(wholeNumberFrom(1));
}

/** Adds the options that `useModel` reads. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      "--model <path>",
      "a directory in Hugging Face's form, or a file of weights; default: the package's own model",
    )
    .addOption(headsOption())
    .addOption(
      new Option("--precision <kind>", "how it computes").choices(precisions).default("float32"),
    )
    .addOption(
      new Option("--backend <name>", "what computes; default: native where it was built").choices([
        "native",
        "reference",
      ]),
    )
    .option(
      "--threads <n>",
      "threads that compute; default: one for each core",
      wholeNumberFrom(1),
    );
}

/** Loads the model, does something with it, and frees it. */
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
