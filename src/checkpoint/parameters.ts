import { codebookParameters } from "../model/codebook.js";
import { codebookDecoderParameters } from "../model/codebook-decoder.js";
import type { FlavaConfig } from "../model/config.js";
import { flavaParameters, pretrainingHeadParameters } from "../model/flava.js";
import type { Parameter } from "../nn/parameter.js";
import type { Checkpoint } from "./checkpoint.js";
import type { ModelParameters } from "./model.js";

/** Declares the parameters that a checkpoint has. */
export function parametersOf(
  { weights }: Pick<Checkpoint, "weights">,
  config: FlavaConfig,
  hasDecoder: boolean,
): ModelParameters<Parameter> {
  const has = (root: string): boolean => [...weights.keys()].some((path) => path.startsWith(root));
  return {
    flava: flavaParameters(config),
    ...(has("heads/") && { heads: pretrainingHeadParameters(config) }),
    ...(has("codebook/") && { codebook: codebookParameters(config.codebook) }),
    ...(hasDecoder && { decoder: codebookDecoderParameters(config.codebook) }),
  };
}
