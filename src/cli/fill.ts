/** `flava fill`: predicts the masked parts of a text or an image. */
import type { Command } from "commander";
import type { Flava } from "../api/flava.js";
import type { FilledText } from "../api/fill-text.js";
import { refuseIgnored } from "./ignored-options.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { outputFile } from "./output-path.js";
import { alignedPercent } from "./percent.js";
import { wholeNumber, wholeNumberFrom } from "./whole-number.js";

interface FillFlags extends ModelFlags, JsonFlag {
  readonly image?: string;
  readonly out?: string;
  readonly seed: number;
  readonly top: number;
}

/** File extensions of the formats that sharp writes. */
const imageExtensions = [".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"];

export function addFill(program: Command): void {
  const command = program
    .command("fill")
    .description(
      "predict the [MASK] tokens of a text, with or without an image, or hidden patches of an image",
    )
    .argument("[text]", 'such as "a [MASK] on a sofa"')
    .option("--image <path>", "the image that the text belongs to, or whose patches are hidden")
    .option(
      "--out <file>",
      "hide patches of the image and draw what the model predicts there (.png, .jpg, .webp, .avif or .tiff)",
      outputFile(imageExtensions, { replace: true }),
    )
    .option("--seed <n>", "seed of the hidden patches", wholeNumber, 0)
    .option("--top <n>", "candidates per [MASK]", wholeNumberFrom(1), 5)
    .addOption(jsonOption())
    .action((text: string | undefined, flags: FillFlags) => {
      if (text === undefined && flags.out === undefined) {
        command.error("error: give a text with [MASK], or --image with --out", { exitCode: 2 });
      }
      if (flags.out !== undefined && flags.image === undefined) {
        command.error("error: --out needs the image: give --image", { exitCode: 2 });
      }
      if (flags.out === undefined) refuseIgnored(command, ["seed"], "goes with --out");
      if (text === undefined) refuseIgnored(command, ["top"], "goes with a text");
      return run(text, flags);
    });
  addModelOptions(command);
}

async function run(text: string | undefined, flags: FillFlags): Promise<void> {
  const { image, out, seed } = flags;
  await useModel(flags, async (flava) => {
    const filled = text === undefined ? undefined : await fillText(flava, text, flags);
    const drawn = out === undefined ? undefined : await drawImage(flava, image!, out, seed);
    if (flags.json) printJson({ ...filled, ...(drawn && { image: drawn }) });
    else print(filled, drawn);
  });
}

function fillText(flava: Flava, text: string, { image, top }: FillFlags): Promise<FilledText> {
  return flava.fill(image === undefined ? text : { text, image }, { top });
}

function print(filled: FilledText | undefined, drawn: DrawnImage | undefined): void {
  if (filled) printText(filled);
  if (drawn) console.log(`${drawn.path}: ${drawn.hidden} of ${drawn.patches} patches were hidden`);
}

function printText({ text, masks }: FilledText): void {
  console.log(text);
  for (const [index, candidates] of masks.entries()) {
    if (masks.length > 1) console.log(`[MASK] ${index + 1}:`);
    for (const { piece, probability } of candidates)
      console.log(`${alignedPercent(probability)}  ${piece}`);
  }
}

interface DrawnImage {
  readonly path: string;
  /** How many of the patches were masked. */
  readonly hidden: number;
  readonly patches: number;
}

async function drawImage(
  flava: Flava,
  path: string,
  out: string,
  seed: number,
): Promise<DrawnImage> {
  const { image, hidden } = await flava.fillImage(path, { seed });
  if (!image) {
    throw new Error(
      `${flava.model.path} has no decoder for its visual tokens (codebook_decoder.safetensors), so it cannot draw. ` +
        "A model that flava pretrain made has one.",
    );
  }
  const { width, height, pixels } = image;
  const { default: sharp } = await import("sharp");
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(out);
  const count = hidden.reduce((sum, isHidden) => sum + isHidden, 0);
  return { path: out, hidden: count, patches: hidden.length };
}
