/** The labeled text sets of the mini-PMD, corresponding to GLUE: labels were assigned by people, unless a README says otherwise. */
import type { Packages } from "../packages.js";
import { opinionExamples, opinionSets } from "./text-opinion.js";
import { paraphraseExamples, paraphraseSet } from "./text-paraphrase.js";
import { type TextExample, type TextSet, type TextSetReport, writeTextSet } from "./text-set.js";
import { spamExamples, spamSet } from "./text-spam.js";
import { genreExamples, genreSet, topicExamples, topicSet } from "./text-topic.js";
import {
  supersenseExamples,
  supersenseSet,
  wordInContextExamples,
  wordInContextSet,
} from "./text-wordnet.js";

interface Build {
  readonly set: TextSet;
  readonly examples: (packages: Packages) => Promise<readonly TextExample[]>;
}

const builds: readonly Build[] = [
  ...opinionSets.map((set) => ({
    set,
    examples: (packages: Packages) => opinionExamples(packages, set),
  })),
  { set: spamSet, examples: spamExamples },
  { set: genreSet, examples: genreExamples },
  { set: topicSet, examples: topicExamples },
  { set: supersenseSet, examples: supersenseExamples },
  { set: wordInContextSet, examples: wordInContextExamples },
  { set: paraphraseSet, examples: paraphraseExamples },
];

/**
 * Writes every set into a folder of `directory` (see `writeTextSet`) and returns their README.json. A set whose
 * package is not available is left out, with a message to `packages.onMessage`.
 */
export async function buildTextSets(
  packages: Packages,
  directory: string,
): Promise<readonly TextSetReport[]> {
  const reports: TextSetReport[] = [];
  for (const { set, examples } of builds) {
    const report = await writeTextSet(directory, set, await examples(packages));
    if (report) reports.push(report);
    else packages.onMessage(`The text set ${set.name} is left out: its sources are missing.`);
  }
  return reports;
}
