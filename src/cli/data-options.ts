/** Options of the verbs that read a data set. */
import { type Command, Option } from "commander";
import type { SourceOptions } from "../data/formats/source.js";
import type { DecodeOptions } from "../data/image/decode.js";
import { existingDirectory } from "./existing-directory.js";
import { several } from "./several.js";
import { wholeNumberFrom } from "./whole-number.js";

export interface DataFlags {
  readonly imageRoot?: string;
  readonly imageColumn?: string;
  readonly textColumn?: readonly string[];
  readonly labelColumn?: string;
  readonly separator?: string;
  readonly maxSamples?: number;
  readonly maxPixels?: number;
}

/** Their names. */
export const dataAttributes: readonly (keyof DataFlags)[] = [
  ...(["imageRoot", "imageColumn", "textColumn", "labelColumn", "separator"] as const),
  ...(["maxSamples", "maxPixels"] as const),
];

/** Adds the options that `sourceOptions` and `decodeOptions` read. */
export function addDataOptions(command: Command): Command {
  return addSourceOptions(command).option(
    "--max-pixels <n>",
    "skip images with more pixels; default: 100,000,000",
    wholeNumberFrom(1),
  );
}

/** Adds the options that `sourceOptions` reads, for verbs that decode no image. */
export function addSourceOptions(command: Command): Command {
  return command
    .option(
      "--image-root <dir>",
      "folder of the images that tables name; default: the folder of each table",
      existingDirectory,
    )
    .option("--image-column <name>", "image column; default: found by name")
    .option(
      "--text-column <name>",
      "text column; repeat for several; default: found by name",
      several,
    )
    .option("--label-column <name>", "label column; default: found by name")
    .addOption(separatorOption())
    .option(
      "--max-samples <n>",
      "maximum number of samples to read; of images in one folder per class, some of all classes",
      wholeNumberFrom(1),
    );
}

export const separatorOption = (): Option =>
  new Option(
    "--separator <text>",
    'cell separator of a table, such as ";" or "\\t"; default: found in the first line',
  ).argParser((text) => text.replaceAll("\\t", "\t"));

/** A line of progress may be shown when a row is read. */
const clearedLine = "\r\x1b[K";

export function sourceOptions(flags: DataFlags): SourceOptions {
  const { imageColumn: image, textColumn: texts, labelColumn: label } = flags;
  const hasColumns = [image, texts, label].some((column) => column !== undefined);
  return {
    columns: hasColumns ? { image, texts, label } : undefined,
    imageRoot: flags.imageRoot,
    separator: flags.separator,
    maxSamples: flags.maxSamples,
    onGuess: (line) => console.error(`${process.stderr.isTTY ? clearedLine : ""}flava: ${line}`),
  };
}

export function decodeOptions({ maxPixels }: DataFlags): DecodeOptions {
  return maxPixels === undefined ? {} : { maxPixels };
}
