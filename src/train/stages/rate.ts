import type { StageRecipe } from "../../configs/recipe.js";
import type { Tensor } from "../../graph/tensor.js";
import { warmupCosine, warmupPlateau } from "../../optim/schedule.js";

/** The learning rate of a stage at a step, counted from 1: float32 []. */
export function rateAt(step: Tensor, { rate, steps }: Pick<StageRecipe, "rate" | "steps">): Tensor {
  const { decay, ...options } = rate;
  const schedule = { ...options, total: steps };
  return decay === undefined
    ? warmupCosine(step, schedule)
    : warmupPlateau(step, { ...schedule, decay });
}
