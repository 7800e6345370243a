/** `flava classify`: zero-shot classification. */
import type { Command } from "commander";
import type { Classification } from "../api/classify.js";
import type { Flava } from "../api/flava.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { Image } from "../data/image/image.js";
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

/** An image file and its labels, the most probable first. */
interface Classified {
  readonly image: string;
  readonly labels: readonly Classification[];
}

/** Prints all labels of a single image, one per line, or the best label of each of several images. */
async function run(patterns: readonly string[], flags: ClassifyFlags): Promise<void> {
  const paths = await expandFilePatterns(patterns);
  const { readLabels } = await import("./labels.js");
  const labels = await readLabels(flags.labels);
  const skipped = new SkippedSamples();
  const found = await useModel(flags, (flava) =>
    classifyAll(flava, paths, labels, { ...flags, skipped }),
  );
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(found.length)}`);
  if (flags.json) {
    printJson(found);
  } else if (paths.length === 1) {
    for (const { label, probability } of found[0]!.labels) {
      console.log(`${alignedPercent(probability)}  ${label}`);
    }
  } else {
    for (const { image, labels: ranked } of found) {
      const [best] = ranked;
      if (best) console.log(`${image}\t${best.label}\t${alignedPercent(best.probability)}`);
    }
  }
}

/** Classifies the images that can be used; the others are noted. */
async function classifyAll(
  flava: Flava,
  paths: readonly string[],
  labels: readonly string[],
  { template, skipped }: Pick<ClassifyFlags, "template"> & { readonly skipped: SkippedSamples },
): Promise<Classified[]> {
  const { answersForImages } = await import("../api/readable-images.js");
  const progress = new ProgressLine();
  const paceOf = pace("image");
  const classify = (images: readonly Image[]): Promise<Classification[][]> =>
    flava.classify(images, labels, template && { templates: template });
  const onProgress = (done: number, total: number): void => progress.show(paceOf(done, total));
  const found = await answersForImages(paths, classify, { skipped, onProgress }).finally(() =>
    progress.end(),
  );
  return found.map(({ path, answer }) => ({ image: path, labels: answer }));
}
