/** How a set of labeled images for linear probes is made. */
import type { Sample } from "flava/data";
import { seededUnit } from "../../seeded.js";
import type { EvaluationContext } from "../context.js";

export type Part = "train" | "test";
export const parts = ["train", "test"] as const;

/** An image with its class and its part. */
export interface Labeled {
  readonly sample: Pick<Sample, "key" | "image" | "fields">;
  readonly label: string;
  readonly part: Part;
}

export interface ProbeRecipe {
  readonly name: string;
  readonly task: string;
  readonly source: string;
  readonly splitRule: string;
  /** Whether a program drew the images, and so knows their classes. */
  readonly synthetic: boolean;
  readonly images: (context: EvaluationContext) => AsyncGenerator<Labeled>;
}

const testShare = 0.25;

/** The part of all images of a group. */
export const partOf = (group: string): Part =>
  seededUnit("probe", group) < testShare ? "test" : "train";
