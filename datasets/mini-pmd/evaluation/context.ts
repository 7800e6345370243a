/** What the builders of evaluation sets share. */
import type { Packages } from "../packages.js";
import type { TrainConcepts } from "./train-concepts.js";

export interface EvaluationContext {
  /** The folder of the built mini-PMD. */
  readonly cache: string;
  /** Where the sets go, each in a folder of its own. */
  readonly directory: string;
  readonly packages: Packages;
  readonly concepts: TrainConcepts;
  /** Nouns of WordNet, with blanks between words. */
  readonly nouns: ReadonlySet<string>;
  readonly onMessage: (message: string) => void;
}
