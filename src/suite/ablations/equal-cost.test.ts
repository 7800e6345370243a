import { expect, it } from "vitest";
import { referenceBackend } from "../../backend/reference.js";
import { ablationRecipe } from "../../configs/ablations/ablations.js";
import { checkRecipe } from "../../configs/recipe.js";
import { sizedRecipe } from "../../train/sized-recipe.js";
import { batchOptions, largestBatches } from "../../train/stage-batches.js";
import { PretrainingStage } from "../../train/stages/pretraining.js";
import { vocabularyOf } from "../../train/vocabulary.js";

it("models of the ablations take equally many operations, but the one with as many pairs as FLAVA", async () => {
  const recipe = await sizedRecipe(checkRecipe(ablationRecipe(6000), "ablation"));
  const vocabulary = await vocabularyOf(recipe);
  const costs = new Map<string, number>();
  for (const stage of recipe.stages) {
    if (stage.kind === "codebook") continue;
    const common = { precision: recipe.precision, losses: stage.losses, log: () => undefined };
    const opened = new PretrainingStage({
      ...{ backend: referenceBackend(), recipe, vocabulary, stage, start: [], extra: [] },
      ...{ log: common.log, decoder: undefined, largest: largestBatches(recipe, stage) },
      validation: {
        ...{ ...common, sets: { pair: [], image: [], text: [] }, mismatched: stage.mismatched },
        ...{ batch: batchOptions(recipe, stage), batchSize: 1, trainingPairs: 1 },
      },
    });
    costs.set(stage.name, stage.steps * opened.prepare().flops);
    await opened.dispose();
  }
  const all = costs.get("flava")!;
  for (const name of ["mim", "mlm", "contrastive-longer", "multimodal", "scratch"]) {
    expect(costs.get(name)! / all).toBeCloseTo(1, 2);
  }
  expect(costs.get("contrastive")! / all).toBeLessThan(0.25);
});
