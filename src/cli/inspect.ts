/** `flava inspect`: describes a checkpoint, or the machine. */
import { counted } from "../base/counted.js";
import type { Command } from "commander";
import { openBackend } from "../backend/open.js";
import { describeMachine, inspectMachine } from "../backend/machine.js";
import { suggestion } from "../base/suggestion.js";
import { describeInspection } from "../checkpoint/describe-inspection.js";
import { type Inspection, inspectCheckpoint } from "../checkpoint/inspect.js";
import { type OpenCheckpointOptions, openCheckpoint } from "../checkpoint/open.js";
import { models } from "../configs/models.js";
import { readRecipe } from "../configs/read-recipe.js";
import { recipes } from "../configs/recipes.js";
import { change } from "./given-twice.js";
import { refuseIgnored } from "./ignored-options.js";
import { wholeNumberFrom } from "./whole-number.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { headsOption } from "./model-option.js";

interface InspectFlags extends OpenCheckpointOptions, JsonFlag {
  readonly machine?: boolean;
  readonly processes?: number;
  readonly set?: string[];
}

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description(
      "describe a checkpoint: family, sizes, parameters by part, memory for inference and training",
    )
    .argument(
      "[path]",
      "a directory in Hugging Face format, or a weights file; with --processes a size, such as base, or a recipe",
    )
    .option("--machine", "describe the machine instead: how fast each processor level multiplies")
    .option(
      "--processes <n>",
      "say instead what training of this size or recipe takes of each of n processes",
      wholeNumberFrom(1),
    )
    .option(
      "--set <path=value...>",
      "with --processes: change the recipe, such as stages.joint.microBatches=8",
      change,
    )
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (path: string | undefined, flags: InspectFlags, command: Command) => {
      const { json, machine, processes, set = [], ...options } = flags;
      if ((path === undefined) === (machine === undefined)) {
        command.error("error: give a checkpoint, or --machine, and not both", { exitCode: 2 });
      }
      if (machine) refuseIgnored(command, ["processes"], "does not go with --machine");
      if (processes === undefined) refuseIgnored(command, ["set"], "goes with --processes");
      if (machine ?? processes !== undefined)
        refuseIgnored(command, ["heads"], "goes with a weights file");
      if (path === undefined) {
        const facts = inspectMachine();
        if (json) printJson(facts);
        else console.log(describeMachine(facts));
        return;
      }
      if (processes !== undefined) {
        await inspectTraining(path, processes, set, json);
        return;
      }
      const inspection = await inspect(path, options);
      if (json) printJson(inspection);
      else console.log(describeInspection(inspection));
    });
}

/** Prints what each of several processes needs to train a size, by the recipe of that name or the paper's, or a recipe. */
async function inspectTraining(
  name: string,
  processes: number,
  changes: readonly string[],
  json: boolean | undefined,
): Promise<void> {
  const known = [...new Set([...Object.keys(models), ...Object.keys(recipes)])];
  if (!known.includes(name) && !name.endsWith(".json")) {
    throw new Error(
      `There is no size or recipe "${name}".${suggestion(name, known)} Name one of ${known.join(", ")}, or a .json file.`,
    );
  }
  const isSize = name in models && !(name in recipes);
  const recipe = await readRecipe(isSize ? "base" : name, [
    ...(isSize ? [`model=${JSON.stringify(name)}`] : []),
    ...changes,
  ]);
  // Loaded when needed: a checkpoint is described without all of training.
  const { describeProcessMemory, processMemory } = await import("../train/process-memory.js");
  const backend = openBackend();
  try {
    const memories = await processMemory(recipe, processes, backend);
    if (json) printJson(memories);
    else {
      console.log(
        `Memory of each of ${counted(processes, "process", "processes")}, without code, validation data and threads that make batches:\n\n` +
          describeProcessMemory(memories),
      );
    }
  } finally {
    backend.dispose();
  }
}

/** Inspects the checkpoint at `path`, a directory or a file. */
export async function inspect(
  path: string,
  options: OpenCheckpointOptions = {},
): Promise<Inspection> {
  const checkpoint = await openCheckpoint(path, options);
  try {
    return inspectCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}
