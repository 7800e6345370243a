/** Losses on pairs that are not trained on. */
import type { Tokenizer } from "../data/text/tokenizer.js";
import { type BatchKind, Mixture, batchKinds, forKind } from "../data/batch/mixture.js";
import type { CollatedBatch } from "../data/batch/collate.js";
import type { PretrainingStageRecipe } from "../configs/recipe.js";
import type { SizedRecipe } from "../train/sized-recipe.js";
import { batchOptions } from "../train/stage-batches.js";
import { HeldOutLosses, contrastiveName, validationSeed } from "../train/stages/held-out-losses.js";
import type { PretrainingState } from "../train/stages/pretraining-steps.js";
import { type Scalars, meansOf } from "../train/stages/stage.js";
import type { MemoryData } from "./memory-data.js";

/** Few images are held out in a browser, so that more batches would only repeat them. */
const batchesPerKind = 2;

export class HeldOut {
  private constructor(
    private readonly batches: readonly CollatedBatch[],
    private readonly losses: HeldOutLosses,
  ) {}

  /** The batches of a stage, the same at each evaluation. */
  static async open(
    records: MemoryData,
    stage: PretrainingStageRecipe,
    state: PretrainingState,
    recipe: SizedRecipe,
    tokenizer: Tokenizer,
  ): Promise<HeldOut> {
    const options = batchOptions(recipe, stage);
    const batches: CollatedBatch[] = [];
    const sizeOf = (kind: BatchKind): number =>
      Math.min(recipe.data.validation.batch, records.sizes[kind][0]!.samples);
    for (const kind of batchKinds.filter((each) => stage.shares[each] > 0)) {
      const mixture = new Mixture({
        seed: validationSeed,
        batch: forKind(kind, sizeOf(kind), 0),
        shares: forKind(kind, 1, 0),
        sets: records.sizes,
        temperature: 1,
        mismatched: stage.mismatched,
      });
      for (let i = 0; i < batchesPerKind; i++) {
        batches.push(await records.read(mixture.next(), tokenizer, options));
      }
    }
    const { config, precision } = recipe;
    const contrastive = contrastiveName(sizeOf("pair"), stage.batch.pair);
    const losses = new HeldOutLosses(
      { state, config, precision, losses: stage.losses },
      contrastive,
    );
    return new HeldOut(batches, losses);
  }

  async evaluate(): Promise<Scalars> {
    const judged: Scalars[] = [];
    for (const batch of this.batches) judged.push(await this.losses.judge(batch));
    return meansOf(judged);
  }

  dispose(): void {
    this.losses.dispose();
  }
}
