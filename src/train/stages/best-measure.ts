/** The validation measure by which a stage chooses its best model. */
import { suggestion } from "../../base/suggestion.js";
import type { Recipe, StageRecipe } from "../../configs/recipe.js";
import { batchKinds } from "../../data/batch/mixture.js";
import { lossesOfKind } from "../../objective/objectives.js";
import type { BestModel } from "../run/run-directory.js";
import { measuresOf } from "./held-out-losses.js";
import type { Scalars, Stage } from "./stage.js";

export interface BestMeasure {
  readonly name: string;
  /** Losses fall as a model gets better; all other measures rise. */
  readonly lowerIsBetter: boolean;
  /** The loss that decides between models with the same value of a measure that is none. */
  readonly tieBreak?: string;
}

/**
 * The measure that a recipe names, by default the first of the stage's measures; undefined without validation data.
 * @throws Error if the stage has no measure of that name
 */
export function bestMeasure(
  { name: stage, measures, losses }: Pick<Stage, "name" | "measures" | "losses">,
  named: string | undefined,
): BestMeasure | undefined {
  const name = named ?? measures[0];
  if (name === undefined) return undefined;
  if (measures.includes(name)) {
    if (losses.includes(name)) return { name, lowerIsBetter: true };
    const tieBreak = measures.find((measure) => losses.includes(measure));
    return { name, lowerIsBetter: false, ...(tieBreak !== undefined && { tieBreak }) };
  }
  throw notMeasured(stage, name, measures);
}

/** @param unsure measures that it has if validation images have names */
function notMeasured(
  stage: string,
  name: string,
  measures: readonly string[],
  unsure: readonly string[] = [],
): Error {
  const sure = measures.filter((measure) => !unsure.includes(measure));
  const others =
    sure.length < measures.length
      ? `; where images have the field "concept", ${unsure.join(", ")}`
      : "";
  const known =
    measures.length > 0
      ? `Its measures: ${sure.join(", ")}${others}.`
      : "It has no validation data (data.validation).";
  return new Error(
    `Stage "${stage}" cannot choose its best model by "${name}", which it does not measure.` +
      `${suggestion(name, measures)} ${known}`,
  );
}

/** Of stages that train a codebook. */
export const codebookMeasures = ["ink accuracy", "likelihood", "codes used", "code entropy"];
/** Where validation images have names. */
export const zeroShotMeasures = ["zero-shot top-1", "zero-shot top-5"];

/**
 * Refuses a measure that a stage does not have, whatever its validation data hold. The name of its contrastive loss depends on
 * how many there are.
 * @throws Error if the recipe names one
 */
export function requireMeasure(
  stage: StageRecipe,
  { validation }: Pick<Recipe["data"], "validation">,
): void {
  const { name, best } = stage;
  if (best === undefined) return;
  const contrastive = /^contrastive among \d+$/.test(best) ? best : "contrastive";
  const measures = possibleMeasures(stage, validation, contrastive);
  if (!measures.includes(best)) throw notMeasured(name, best, measures, zeroShotMeasures);
}

function possibleMeasures(
  stage: StageRecipe,
  { pairs, texts }: Recipe["data"]["validation"],
  contrastive: string,
): readonly string[] {
  const sets = { pair: pairs, image: pairs, text: texts };
  if (stage.kind === "codebook") return sets.image.length > 0 ? codebookMeasures : [];
  const { shares, losses } = stage;
  const found = batchKinds
    .filter((kind) => shares[kind] > 0 && sets[kind].length > 0)
    .flatMap((kind) => [...lossesOfKind[kind]])
    .filter((loss) => losses[loss] !== 0);
  const named = found.includes("contrastive") ? zeroShotMeasures : [];
  return [...named, ...found.flatMap((loss) => measuresOf(loss, contrastive))];
}

/** Whether a model with the measures `found` is better than the best one so far: by the measure, and if equal by the tie-break. */
export function isBetter(
  found: Scalars,
  best: Scalars,
  { name, lowerIsBetter, tieBreak }: BestMeasure,
): boolean {
  const [value, highest] = [found, best].map((scalars) => scalars[name] ?? NaN) as [number, number];
  if (value !== highest) return lowerIsBetter ? value < highest : value > highest;
  return tieBreak !== undefined && (found[tieBreak] ?? NaN) < (best[tieBreak] ?? NaN);
}

/** A log line on how the best model is chosen. */
export function describeBest(measure: BestMeasure | undefined): string {
  if (!measure) return "No validation data: only the final model is kept, in final/.";
  const { name, lowerIsBetter, tieBreak } = measure;
  const equal = tieBreak === undefined ? "" : ` (of equal ones, the lowest ${tieBreak})`;
  return `The model with the ${lowerIsBetter ? "lowest" : "highest"} ${name}${equal} on validation data is kept in best/.`;
}

/** A log line on which model was chosen. */
export function describeChosen({ step, measure, value }: BestModel): string {
  const which = step === 0 ? "the one that training started from" : `that after step ${step}`;
  return `The best model is ${which}: ${measure} ${value.toFixed(3)} on validation data.`;
}
