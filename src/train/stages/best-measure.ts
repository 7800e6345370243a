/** The validation measure by which a stage chooses its best model. */
import { suggestion } from "../../base/suggestion.js";
import type { BestModel } from "../run/run-directory.js";
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
  const known =
    measures.length > 0
      ? `Its measures: ${measures.join(", ")}.`
      : "It has no validation data (data.validation).";
  throw new Error(
    `Stage "${stage}" cannot choose its best model by "${name}", which it does not measure.` +
      `${suggestion(name, measures)} ${known}`,
  );
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
