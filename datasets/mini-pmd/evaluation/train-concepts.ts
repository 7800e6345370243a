/** The concepts of the training images, and how many design houses have drawn them. */
import { allBuiltPairs, type PairFields } from "./built-pairs.js";

/** The families of each concept in training. */
export class TrainConcepts {
  readonly #families = new Map<string, Set<string>>();

  /** Counts the fields of one pair of the train split. */
  add({ concept, family }: Pick<PairFields, "concept" | "family">): void {
    const name = concept.toLowerCase();
    const families = this.#families.get(name);
    if (families) families.add(family);
    else this.#families.set(name, new Set([family]));
  }

  /** How many families have drawn it; 0 if training has no image of this name. */
  families(concept: string): number {
    return this.#families.get(concept.toLowerCase())?.size ?? 0;
  }

  has(concept: string): boolean {
    return this.families(concept) > 0;
  }

  get size(): number {
    return this.#families.size;
  }
}

/** Reads all pairs of the train split. */
export async function readTrainConcepts(cache: string): Promise<TrainConcepts> {
  const concepts = new TrainConcepts();
  for await (const { fields } of allBuiltPairs(cache, "train")) concepts.add(fields);
  return concepts;
}
