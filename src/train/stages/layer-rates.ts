import type { FlavaConfig } from "../../model/config.js";
import type { TaskEncoder } from "../../model/task.js";
import type { ParameterRules } from "../../optim/rules.js";

/**
 * Rules that multiply the learning rate by `factor` for each layer that weights are further below the head: blocks by
 * their place, embeddings (and what the multimodal encoder makes of its inputs) as one more layer below the first block.
 */
export function layerRates(
  config: FlavaConfig,
  encoder: TaskEncoder,
  factor: number,
): ParameterRules {
  if (factor === 1) return [];
  if (encoder !== "multimodal") return stackRates(encoder, config[encoder].layers, 0, factor);
  const { layers } = config.multimodal;
  return [
    ...stackRates("multimodal", layers, 0, factor),
    ...stackRates("image", config.image.layers, layers, factor),
    ...stackRates("text", config.text.layers, layers, factor),
  ];
}

/** @param above layers between this stack and the head */
function stackRates(part: string, layers: number, above: number, factor: number): ParameterRules {
  const rateAt = (layer: number) => ({ rateFactor: factor ** (above + layers - layer) });
  const blocks = Array.from(
    { length: layers },
    (_, block) => [`flava/${part}/blocks/${block}/.*`, rateAt(block)] as const,
  );
  return [...blocks, [`flava/${part}/(?!norm/|pooler/).*`, rateAt(-1)]];
}
