/** The first batches of a stage, for a look at what the model will see. */
import type { StageRecipe } from "../configs/recipe.js";
import { BatchReader } from "../data/batch/batch-reader.js";
import { Mixture, batchKinds } from "../data/batch/mixture.js";
import { type SampleSets, indexesOf, sizesOf } from "../data/batch/sample-set.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import { batchSection } from "../report/batch-section.js";
import type { Section } from "../report/page.js";
import type { SizedRecipe } from "./sized-recipe.js";
import { batchOptions, mixtureOptions } from "./stage-batches.js";

/** Maximum number of samples of a batch on the page. */
const shown = 24;

/** A section for the first batch of each kind that `stage` draws, with its first samples. */
export async function peekSections(
  stage: StageRecipe,
  recipe: SizedRecipe,
  { sets, vocabulary }: { readonly sets: SampleSets; readonly vocabulary: Vocabulary },
): Promise<Section[]> {
  const options = mixtureOptions(recipe, stage, sizesOf(sets));
  const mixture = new Mixture(options);
  const batch = batchOptions(recipe, stage);
  const unmapped = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const colors = batch.processor.encoder.normalize ?? unmapped;
  const reader = await BatchReader.open({ indexes: indexesOf(sets), vocabulary, batch });
  const kinds = new Set(batchKinds.filter((kind) => options.shares[kind] > 0));
  const sections: Section[] = [];
  try {
    while (kinds.size > 0) {
      const plan = mixture.next();
      if (!kinds.delete(plan.kind)) continue;
      const some = { ...plan, samples: plan.samples.slice(0, shown) };
      const read = await reader.read(some);
      const title = `${stage.name}: ${plan.kind} batch of step ${plan.step + 1}`;
      sections.push(await batchSection(title, read.batch, vocabulary, colors));
    }
  } finally {
    await reader.close();
  }
  return sections;
}
