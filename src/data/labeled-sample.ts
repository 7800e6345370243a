/** Labeled examples: what fine-tuning learns from and what predictions are scored against. */

import type { ImagePlace } from "./image-place.js";

/** The bytes of an image file, or where they are. */
export type StoredImage = Uint8Array | ImagePlace;

/**
 * What a model should answer:
 * - class: exactly one class, such as "entailment" (GLUE, SNLI-VE, Hateful Memes, any image set);
 * - scores: several answers, each with a score from 0 to 1; all others have 0 (VQAv2's soft targets, several labels);
 * - value: a number to predict (STS-B).
 */
export type Target =
  | {
      readonly kind: "class";
      /** The name of the class. */
      readonly label: string;
    }
  | {
      readonly kind: "scores";
      /** By answer, from 0 to 1. */
      readonly scores: Readonly<Record<string, number>>;
      /** What people answered, one by one and as they wrote it, for the official VQA accuracy. */
      readonly answers?: readonly string[];
    }
  | {
      readonly kind: "value";
      /** The number itself, in the units of the data. */
      readonly value: number;
    };

/** One example, nothing decoded yet. It has an image, a text or both; all examples of a set have the same of these. */
export interface LabeledSample {
  /** Unique within its set, such as the number of a row. */
  readonly key: string;
  /** Where it is in a file of many, for messages, as editors count: "reviews.csv, line 3". */
  readonly where?: string | undefined;
  /** Its image file, or where that is. */
  readonly image?: StoredImage;
  /** Its text, or the first one of a pair. */
  readonly text?: string;
  /** The second text of a pair, such as the hypothesis to a premise: read as [CLS] text [SEP] textPair [SEP]. */
  readonly textPair?: string;
  /** Undefined for an example without a label, such as those of a hidden test part. */
  readonly target?: Target;
}
