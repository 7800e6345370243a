/** `flava classify`: images by labels, zero-shot. */
import type { Command } from "commander";
import { expandFilePatterns } from "./file-patterns.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { readLabels } from "./labels.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";

interface ClassifyFlags extends ModelFlags, JsonFlag {
  readonly labels: string;
  readonly template?: readonly string[];
}

export function addClassify(program: Command): void {
  const command = program
    .command("classify")
    .description("classify images by labels, zero-shot")
    .argument("<images...>", 'image files, or patterns such as "photos/*.jpg"')
    .requiredOption(
      "--labels <list>",
      "cat,dog; or @labels.txt, one label a line; or @photos/, the names of its sub-directories",
    )
    .option(
      "--template <sentence>",
      'sentence around a label, such as "a photo of a {}."; repeat for several',
      (sentence: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), sentence],
    )
    .addOption(jsonOption())
    .action(run);
  addModelOptions(command);
}

/** Of one image all labels, a line each; of several the best label of each. */
async function run(patterns: readonly string[], flags: ClassifyFlags): Promise<void> {
  const { template, json } = flags;
  const images = await expandFilePatterns(patterns);
  const labels = await readLabels(flags.labels);
  const found = await useModel(flags, (flava) =>
    flava.classify(images, labels, template ? { templates: template } : {}),
  );
  if (json) {
    printJson(images.map((image, index) => ({ image, labels: found[index] })));
  } else if (found.length === 1) {
    for (const { label, probability } of found.flat()) {
      console.log(`${alignedPercent(probability)}  ${label}`);
    }
  } else {
    for (const [index, [best]] of found.entries()) {
      if (best) console.log(`${images[index]}\t${best.label}\t${alignedPercent(best.probability)}`);
    }
  }
}
