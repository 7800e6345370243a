/** `flava fill`: what was hidden in a text or an image. */
import type { Command } from "commander";
import sharp from "sharp";
import type { Flava } from "../api/flava.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";
import { wholeNumber } from "./whole-number.js";

interface FillFlags extends ModelFlags {
  readonly image?: string;
  readonly out?: string;
  readonly seed: number;
  readonly top: number;
}

/** The formats that sharp writes by the name of the file. */
const imageFormats = /\.(png|jpe?g|webp|avif|tiff?)$/i;

export function addFill(program: Command): void {
  const command = program
    .command("fill")
    .description(
      "predict the [MASK] tokens of a text, with or without an image, or hidden patches of an image",
    )
    .argument("[text]", 'such as "a [MASK] on a sofa"')
    .option("--image <path>", "the image that the text belongs to, or whose parts are hidden")
    .option("--out <file>", "hide parts of the image and draw what the model puts there")
    .option("--seed <n>", "of the parts that are hidden", wholeNumber, 0)
    .option("--top <n>", "candidates for each [MASK]", wholeNumber, 5)
    .action((text: string | undefined, flags: FillFlags) => {
      if (text === undefined && flags.out === undefined) {
        command.error("error: give a text with [MASK], or --image with --out", { exitCode: 2 });
      }
      if (flags.out !== undefined && flags.image === undefined) {
        command.error("error: --out needs the image: give --image", { exitCode: 2 });
      }
      if (flags.out !== undefined && !imageFormats.test(flags.out)) {
        command.error(
          `error: ${flags.out} names no format that is written: end it in .png, .jpg, .webp, .avif or .tiff`,
          { exitCode: 2 },
        );
      }
      return useModel(flags, async (flava) => {
        if (text !== undefined) await fillText(flava, text, flags);
        if (flags.out !== undefined) await fillImage(flava, flags.image!, flags.out, flags.seed);
      });
    });
  addModelOptions(command);
}

async function fillText(flava: Flava, text: string, { image, top }: FillFlags): Promise<void> {
  const found = await flava.fill(image === undefined ? text : { text, image }, { top });
  console.log(found.text);
  for (const [index, candidates] of found.masks.entries()) {
    if (found.masks.length > 1) console.log(`[MASK] ${index + 1}:`);
    for (const { piece, probability } of candidates)
      console.log(`${alignedPercent(probability)}  ${piece}`);
  }
}

async function fillImage(flava: Flava, path: string, out: string, seed: number): Promise<void> {
  const { image, hidden } = await flava.fillImage(path, { seed });
  if (!image) {
    throw new Error(
      `${flava.model.path} has no decoder for its visual tokens (codebook_decoder.safetensors), so it cannot draw. ` +
        "A model that flava pretrain made has one.",
    );
  }
  const { width, height, pixels } = image;
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(out);
  const count = hidden.reduce((sum, isHidden) => sum + isHidden, 0);
  console.log(`${out}: ${count} of ${hidden.length} patches were hidden`);
}
