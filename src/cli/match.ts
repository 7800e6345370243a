/** `flava match`: the probability that an image and a text belong together. */
import type { Command } from "commander";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";

export function addMatch(program: Command): void {
  const command = program
    .command("match")
    .description("predict the probability that an image and a text belong together")
    .argument("<image>", "an image file")
    .argument("<text>", "a text, such as a caption")
    .addOption(jsonOption())
    .action(async (image: string, text: string, flags: ModelFlags & JsonFlag) => {
      const probability = await useModel(flags, (flava) => flava.match(image, text));
      if (flags.json) printJson({ image, text, probability });
      else console.log(alignedPercent(probability));
    });
  addModelOptions(command);
}
