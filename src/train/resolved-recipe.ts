import type { FinetuningRecipe } from "../configs/finetuning-recipe.js";

/** A recipe of fine-tuning whose settings no longer depend on the number of samples or the size of the model. */
export interface ResolvedRecipe extends Omit<FinetuningRecipe, "epochs" | "steps" | "every"> {
  readonly steps: number;
  readonly every: { readonly log: number; readonly evaluate: number; readonly save: number };
}

/**
 * Settles the steps, the warm-up, the rate and the interval of evaluations for `samples` training samples and a model
 * whose class token has `width` features.
 */
export function resolveRecipe(
  { epochs = Infinity, steps: most = Infinity, ...recipe }: FinetuningRecipe,
  { samples, width }: { readonly samples: number; readonly width: number },
): ResolvedRecipe {
  const { batch, rate, every } = recipe;
  const steps = Math.max(1, Math.min(most, Math.round((epochs * samples) / batch)));
  const { peak, forWidth, ...others } = rate;
  // Fewer steps than the recipe's, because of few samples, keep the share of the warm-up.
  const share = rate.warmup < 1 ? rate.warmup : rate.warmup / (most < Infinity ? most : steps);
  const warmup = Math.min(steps - 1, Math.round(share * steps));
  const epoch = Math.max(1, Math.round(samples / batch));
  return {
    ...recipe,
    steps,
    rate: {
      ...others,
      warmup,
      peak: forWidth === undefined ? peak : peak * (forWidth / width) ** 2,
    },
    every: { ...every, evaluate: every.evaluate ?? Math.min(epoch, Math.ceil(steps / 10)) },
  };
}
