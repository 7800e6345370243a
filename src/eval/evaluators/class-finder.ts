/** Finds the classes of samples by their labels. */
import type { Sample } from "../../data/sample.js";
import type { LabeledSet } from "../evaluation-set.js";
import { type EvaluatedImages, NotEvaluated } from "./embed-images.js";

/** What the results of classifications have in common. */
export interface EvaluatedClasses extends EvaluatedImages {
  /** The class index of each image. */
  readonly labels: Int32Array;
  /** For each label that is not in the set, the number of samples skipped because of it. */
  readonly unknownLabels: ReadonlyMap<string, number>;
}

/** Finds the classes of samples, and counts labels that are not in the set. */
export class ClassFinder {
  readonly unknownLabels = new Map<string, number>();
  readonly #classes: ReadonlyMap<string, number>;

  constructor({ labels }: LabeledSet) {
    this.#classes = new Map(labels.map((label, index) => [label, index]));
  }

  /** The class index of a sample. */
  readonly classOf = ({ label }: Sample): number | NotEvaluated => {
    if (label === undefined) return new NotEvaluated("has no label");
    const found = this.#classes.get(label);
    if (found !== undefined) return found;
    this.unknownLabels.set(label, (this.unknownLabels.get(label) ?? 0) + 1);
    const name = JSON.stringify(label);
    return new NotEvaluated(`has the label ${name}, which is not among the classes`);
  };
}
