/** `flava classify`: zero-shot classification. */
import type { Command } from "commander";
import { expandFilePatterns } from "./file-patterns.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";
import { ProgressLine, pace } from "./progress.js";
import { several } from "./several.js";

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
      "labels separated by commas; or @FILE, one label per line; or @DIRECTORY, the names of its subdirectories",
    )
    .option(
      "--template <sentence>",
      'prompt for a label, such as "a photo of a {}."; repeat for several',
      several,
    )
    .addOption(jsonOption())
    .action(run);
  addModelOptions(command);
}

/** Prints all labels of a single image, one per line, or the best label of each of several images. */
async function run(patterns: readonly string[], flags: ClassifyFlags): Promise<void> {
  const { template, json } = flags;
  const images = await expandFilePatterns(patterns);
  const { readLabels } = await import("./labels.js");
  const labels = await readLabels(flags.labels);
  const progress = new ProgressLine();
  const paceOf = pace("image");
  const found = await useModel(flags, (flava) =>
    flava.classify(images, labels, {
      ...(template && { templates: template }),
      onProgress: (done, total) => done < total && progress.show(paceOf(done, total)),
    }),
  ).finally(() => progress.end());
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
