/** `flava match`: whether an image and a text belong together. */
import type { Command } from "commander";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { alignedPercent } from "./percent.js";

interface MatchFlags extends ModelFlags {
  readonly json?: boolean;
}

export function addMatch(program: Command): void {
  const command = program
    .command("match")
    .description("predict the probability that an image and a text belong together")
    .argument("<image>", "an image file")
    .argument("<text>", "a sentence")
    .option("--json", "print JSON")
    .action(async (image: string, text: string, flags: MatchFlags) => {
      const probability = await useModel(flags, (flava) => flava.match(image, text));
      console.log(
        flags.json ? JSON.stringify({ image, text, probability }) : alignedPercent(probability),
      );
    });
  addModelOptions(command);
}
