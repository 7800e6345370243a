/** The beginning of the quickstart's page: what was learned, and what the model that ships does. */
import { keyOf } from "../../base/random.js";
import type { Evaluation } from "../../eval/evaluate.js";
import { drawnImages } from "../../report/evaluation-section.js";
import { type Html, html } from "../../report/html.js";
import { lossTable } from "../../report/loss-table.js";
import { percent } from "../../report/measurements.js";
import type { Section } from "../../report/page.js";
import type { TrainedStage } from "../../report/trained-stage.js";

export interface SummaryInput {
  /** The stage with all losses. */
  readonly joint: TrainedStage;
  /** Of the model that ships. */
  readonly evaluations: readonly Evaluation[];
  /** How long training took, as text. */
  readonly duration: string;
}

export async function summarySection(input: SummaryInput): Promise<Section> {
  const { joint, evaluations, duration } = input;
  const body = html`<p>
      In ${duration} a tiny FLAVA learned to answer six questions about images and texts, from
      nothing but the sample that ships. Validation data are drawings by a designer that it has
      never seen, and texts that it has not read.
    </p>
    ${lossTable(joint)}
    <p>The model that ships was trained for hours in the same way. ${evaluations.map(sentence)}</p>
    ${await pictures(evaluations)}`;
  return { title: "Summary", body };
}

/** The headline of an evaluation, in words. */
function sentence(evaluation: Evaluation): Html {
  const images = evaluation.keys.length;
  if (evaluation.kind === "zero-shot") {
    const { top1, chance } = evaluation.result;
    return html`It names <strong>${percent(top1.mean)}</strong> of ${images} drawings of a family
      that it has never seen, out of ${evaluation.set.classes.length} classes; guessing would name
      ${percent(chance.top1)}. `;
  }
  if (evaluation.kind !== "retrieval") return html``;
  const { at5, chance } = evaluation.result.textToImage.all;
  return html`For <strong>${percent(at5.mean)}</strong> of the texts of ${images} such drawings it
    finds the right one within its first five; guessing would for ${percent(chance[1])}. `;
}

/** Images of the first classification, drawn at random, right or wrong. */
async function pictures(evaluations: readonly Evaluation[]): Promise<Html> {
  const zeroShot = evaluations.find(({ kind }) => kind === "zero-shot");
  if (zeroShot?.kind !== "zero-shot") return html``;
  return html`<h3>
      Drawings of a family that it has never seen, chosen at random, and what the model that ships
      says they are
    </h3>
    ${await drawnImages(zeroShot, keyOf(0))}`;
}
