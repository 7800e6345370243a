/** `flava classify`: which of some labels an image shows. */
import type { Command } from "commander";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";

interface ClassifyFlags extends ModelFlags {
  readonly template?: string[];
}

export function addClassify(program: Command): void {
  const command = program
    .command("classify")
    .description("tell which of the labels an image shows, without training")
    .argument("<image>", "an image file")
    .argument("<labels...>", "such as cat dog")
    .option("--template <sentence...>", 'sentences around the labels, such as "a photo of a {}."')
    .action(run);
  addModelOptions(command);
}

async function run(image: string, labels: readonly string[], flags: ClassifyFlags): Promise<void> {
  const { template } = flags;
  const found = await useModel(flags, (flava) =>
    flava.classify(image, labels, template ? { templates: template } : {}),
  );
  for (const { label, probability } of found)
    console.log(`${alignedPercent(probability)}  ${label}`);
}
