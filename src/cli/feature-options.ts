/** Options that choose features of an encoder. */
import { type Command, Option } from "commander";
import type { PooledFeatures } from "../model/features.js";
import { wholeNumberFrom } from "./whole-number.js";

export interface FeatureFlags {
  readonly layer?: number;
  readonly pool?: "class" | "mean";
}

/** Adds the options that `featureOptions` reads. */
export function addFeatureOptions(command: Command): Command {
  return command
    .option(
      "--layer <n>",
      "features after block n, before the last normalization; 0 for the first block's input. Default: the last block's, normalized",
      wholeNumberFrom(0),
    )
    .addOption(
      new Option(
        "--pool <kind>",
        "features of the class token (the default), or the mean of all others",
      ).choices(["class", "mean"]),
    );
}

export const featureOptions = ({ layer, pool }: FeatureFlags): PooledFeatures => ({
  ...(layer !== undefined && { layer }),
  ...(pool !== undefined && { pool }),
});
