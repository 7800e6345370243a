/** Shared by the builders of evaluation sets. */
import type { Packages } from "../packages.js";
import type { TrainConcepts } from "./train-concepts.js";

export interface EvaluationContext {
  /** The folder of the built mini-PMD. */
  readonly cache: string;
  /** Where the sets are written, each to its own folder. */
  readonly directory: string;
  readonly packages: Packages;
  readonly concepts: TrainConcepts;
  /** Nouns of WordNet, with spaces between words. */
  readonly nouns: ReadonlySet<string>;
  readonly onMessage: (message: string) => void;
}
