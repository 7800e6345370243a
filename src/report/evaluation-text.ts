/** The results of evaluations as Markdown, for reading, and as JSON, for programs. */
import type { Evaluation } from "../eval/evaluate.js";
import { escapeMarkdown, markdownTable } from "./markdown.js";
import { meanOf, measurements, percent, rangeOf, summary } from "./measurements.js";

/** The columns of a table of measures. */
export const measureColumns = ["measure", "value", "95 % interval", "guessing"];

/**
 * For reading: a heading, a sentence, and a table of measures in percent with intervals and chance levels for each
 * evaluation.
 */
export function toMarkdown(evaluations: readonly Evaluation[]): string {
  const sections = evaluations.map((evaluation) => {
    const rows = measurements(evaluation).map(({ name, share, chance }) => [
      name,
      percent(meanOf(share)),
      rangeOf(share),
      chance === undefined ? "" : percent(chance),
    ]);
    return [
      `## ${escapeMarkdown(evaluation.set.name)}`,
      "",
      escapeMarkdown(summary(evaluation)),
      "",
      ...markdownTable(measureColumns, rows),
      "",
    ].join("\n");
  });
  return sections.join("\n");
}

/**
 * For programs: what was evaluated, the numbers with their intervals, and what was skipped. Shares are fractions from 0 to
 * 1.
 */
export function toJson(evaluation: Evaluation): Record<string, unknown> {
  const { kind, set, keys, skipped } = evaluation;
  const common = {
    set: set.name,
    kind,
    [kind === "masked words" ? "samples" : "images"]: keys.length,
    skipped: Object.fromEntries(skipped.counts),
    measurements: measurements(evaluation).map(({ name, share, chance }) => ({
      name,
      ...(typeof share === "number" ? { mean: share } : share),
      ...(chance !== undefined && { chance }),
    })),
  };
  if ("measures" in evaluation) return common;
  if (evaluation.kind === "retrieval") {
    const { imageToText, textToImage } = evaluation.result;
    return {
      ...common,
      texts: evaluation.relation.texts.length,
      medianRank: {
        imageToText: imageToText.all.medianRank,
        textToImage: textToImage.all.medianRank,
      },
    };
  }
  const { classes, namedBy } = evaluation.set;
  const confusions = evaluation.result.confusions.map(({ label, predicted, count }) => ({
    label: classes[label],
    predicted: classes[predicted],
    count,
  }));
  const found = {
    ...common,
    classes: classes.length,
    classesNamedBy: namedBy,
    unknownLabels: Object.fromEntries(evaluation.unknownLabels),
    confusions,
  };
  if (evaluation.kind === "zero-shot") return { ...found, templates: evaluation.set.templates };
  const { fitted, search } = evaluation;
  const { lambda, iterations, converged } = search.probe;
  return { ...found, fitted, lambda, iterations, converged, tried: search.tried };
}
