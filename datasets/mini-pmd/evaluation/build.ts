/** Builds the evaluation sets of the mini-PMD from its held-out images and texts. */
import { join } from "node:path";
import { readWordNetNouns } from "../nouns.js";
import { defaultCache, openPackages } from "../packages.js";
import type { EvaluationContext } from "./context.js";
import { buildMemes } from "./memes.js";
import { buildImageQuestions } from "./image-questions.js";
import { buildProbeSets } from "./probes/probe-sets.js";
import { buildRetrievalSets } from "./retrieval-sets.js";
import type { SetReport } from "./set-folder.js";
import { buildTextSets } from "./text-sets.js";
import { readTrainConcepts } from "./train-concepts.js";
import { buildVisualEntailment } from "./visual-entailment.js";
import { buildZeroShotSets } from "./zero-shot-sets.js";

const builders: Readonly<
  Record<string, (context: EvaluationContext) => AsyncGenerator<SetReport>>
> = {
  "zero-shot": buildZeroShotSets,
  retrieval: buildRetrievalSets,
  probe: buildProbeSets,
  questions: buildImageQuestions,
  entailment: buildVisualEntailment,
  memes: buildMemes,
};

interface EvaluationOptions {
  /** Only these kinds: "text", "zero-shot", "retrieval", "probe", "questions", "entailment", "memes"; default: all. */
  readonly only?: readonly string[];
  readonly onMessage?: (message: string) => void;
}

/**
 * Writes every set whose images are in the cache to `cache/evaluation/<name>`; an existing set is replaced when the
 * new one is complete.
 * @param cache the folder filled by `buildPmd`
 * @throws RangeError for a kind that does not exist, or if there are no training images
 */
export async function buildEvaluation(
  cache = defaultCache(),
  options: EvaluationOptions = {},
): Promise<readonly SetReport[]> {
  const onMessage = options.onMessage ?? ((message) => console.error(message));
  const odd = options.only?.find((kind) => kind !== "text" && !(kind in builders));
  if (odd !== undefined) {
    const kinds = ["text", ...Object.keys(builders)].join(", ");
    throw new RangeError(`There are no evaluation sets of kind ${odd}. The kinds are ${kinds}.`);
  }
  const packages = openPackages(cache, { onMessage });
  const concepts = await readTrainConcepts(cache);
  if (concepts.size === 0) {
    throw new RangeError(`${cache} has no training pairs. Run \`flava data build\` first.`);
  }
  onMessage(`evaluation: ${concepts.size} concepts in training`);
  const nouns = await readWordNetNouns(packages);
  const directory = join(cache, "evaluation");
  const context = { cache, directory, packages, concepts, nouns, onMessage };
  const isWanted = (kind: string): boolean => options.only?.includes(kind) ?? true;
  // First: memes use the sentences of one of them.
  if (isWanted("text")) await buildTextSets(packages, join(directory, "text"));
  const reports: SetReport[] = [];
  for (const [kind, build] of Object.entries(builders)) {
    if (!isWanted(kind)) continue;
    for await (const report of build(context)) {
      onMessage(`${report.name}: ${JSON.stringify(report.samples)}`);
      reports.push(report);
    }
  }
  return reports;
}
