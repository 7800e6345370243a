/** What the verbs share that use a model. */
import { type Command, Option } from "commander";
import type { Flava } from "../api/flava.js";
import { load } from "../api/load.js";
import type { Precision } from "../nn/precision.js";

export interface ModelFlags {
  readonly model?: string;
  readonly precision: Precision;
}

const precisions: readonly Precision[] = ["float32", "bfloat16", "int8", "int8-weights"];

/** Adds the options that `useModel` reads. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      "--model <path>",
      "a directory in Hugging Face's form; default: the package's own model",
    )
    .addOption(
      new Option("--precision <kind>", "how it computes").choices(precisions).default("float32"),
    );
}

/** Loads the model, does something with it, and frees it. */
export async function useModel<Result>(
  { model, precision }: ModelFlags,
  use: (flava: Flava) => Promise<Result>,
): Promise<Result> {
  const flava = await load(model, {
    precision,
    onWarning: (message) => console.error(`flava: ${message}`),
  });
  try {
    return await use(flava);
  } finally {
    await flava.close();
  }
}
