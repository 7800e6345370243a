/** Evaluations with examples as plain values, which `flava evaluate --out` writes and the web app shows. */
import type { Evaluation } from "../eval/evaluate.js";
import type { SectionOptions } from "./evaluation-section.js";
import { toJson } from "./evaluation-text.js";
import { exampleClassifications, exampleSearches } from "./examples.js";
import { thumbnails } from "./thumbnail.js";

/** The file that holds the results of an evaluation or of a suite. */
export const reportName = "report.json";

/** The numbers of an evaluation, and the examples of its section with thumbnails as data URLs, by key. */
export async function toRecord(
  evaluation: Evaluation,
  { backend, key, signal }: SectionOptions,
): Promise<Record<string, unknown>> {
  if ("measures" in evaluation) return { ...toJson(evaluation), thumbnails: {} };
  const { source } = evaluation.set;
  if (evaluation.kind === "retrieval") {
    const width = evaluation.images.length / evaluation.keys.length;
    const searches = await exampleSearches(backend, evaluation, width, key, signal);
    const shown = [...searches.texts.flatMap(({ found }) => found), ...searches.images];
    return { ...toJson(evaluation), searches, thumbnails: await thumbnailsOf(shown) };
  }
  const classified = exampleClassifications(evaluation, key);
  const shown = [...classified.right, ...classified.wrong];
  return { ...toJson(evaluation), classified, thumbnails: await thumbnailsOf(shown) };

  async function thumbnailsOf(
    examples: readonly { readonly key: string }[],
  ): Promise<Record<string, string>> {
    return Object.fromEntries(
      await thumbnails(
        source,
        examples.map((example) => example.key),
      ),
    );
  }
}
