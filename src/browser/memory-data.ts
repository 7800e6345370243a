/** Training data in memory, drawn from as from the sets of a recipe. */
import type { BatchOptions, CollatedBatch } from "../data/batch/collate.js";
import { type BatchKind, type BatchPlan, type SetSize, perKind } from "../data/batch/mixture.js";
import { type ReadRecord, readBatch } from "../data/batch/read-batch.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { SampledTexts, TextKind } from "../train/longer-texts.js";
import { type BrowserImage, toImage } from "./image.js";

/** An image with captions, simplest first. */
export interface TrainingPair {
  /** The image, as a canvas or `decodeFile` gives it. */
  readonly image: BrowserImage;
  /** Its captions, at least one, simplest first. */
  readonly texts: readonly string[];
}

/** What a model is trained on. At least the pairs must be there. */
export interface TrainingData {
  /** Images with captions. */
  readonly pairs: readonly TrainingPair[];
  /** Images to learn from without texts; default: those of the pairs. */
  readonly images?: readonly BrowserImage[];
  /** Texts to learn from without images; default: those of the pairs. */
  readonly texts?: readonly string[];
}

/** One set of each kind. */
export class MemoryData {
  readonly #records: Readonly<Record<BatchKind, readonly ReadRecord[]>>;

  constructor({ pairs, images, texts }: TrainingData) {
    const pair = pairs.map(({ image, texts }) => ({ image: toImage(image), texts }));
    this.#records = {
      pair,
      image: images?.map((image) => ({ image: toImage(image), texts: [] })) ?? pair,
      text: (texts ?? pairs.flatMap((pair) => pair.texts)).map((text) => ({ texts: [text] })),
    };
  }

  get sizes(): Record<BatchKind, SetSize[]> {
    return perKind((kind) => [{ name: kind, samples: this.#records[kind].length }]);
  }

  /** The texts of the kinds of samples that have some. */
  get texts(): Record<TextKind, SampledTexts> {
    const textsOf = (kind: TextKind): SampledTexts => {
      const records = this.#records[kind];
      const every = (step: number): string[] =>
        records.flatMap(({ texts }, index) => (index % step === 0 ? texts : []));
      return { samples: records.length, every };
    };
    return { pair: textsOf("pair"), text: textsOf("text") };
  }

  read(plan: BatchPlan, tokenizer: Tokenizer, options: BatchOptions): Promise<CollatedBatch> {
    const record = (kind: BatchKind, reference: { readonly record: number }): Promise<ReadRecord> =>
      Promise.resolve(this.#records[kind][reference.record]!);
    return readBatch(plan, record, tokenizer, options);
  }
}
