/** The validation measure by which a stage chooses its best model. */
import { suggestion } from "../../base/suggestion.js";
import type { Stage } from "./stage.js";

export interface BestMeasure {
  readonly name: string;
  /** Losses fall as a model gets better; all other measures rise. */
  readonly lowerIsBetter: boolean;
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
  if (measures.includes(name)) return { name, lowerIsBetter: losses.includes(name) };
  const known =
    measures.length > 0
      ? `Its measures: ${measures.join(", ")}.`
      : "It has no validation data (data.validation).";
  throw new Error(
    `Stage "${stage}" cannot choose its best model by "${name}", which it does not measure.` +
      `${suggestion(name, measures)} ${known}`,
  );
}

/** Whether `value` is better than that of the best model so far. */
export function isBetter(value: number, best: number, { lowerIsBetter }: BestMeasure): boolean {
  return lowerIsBetter ? value < best : value > best;
}

/** A log line on how the best model is chosen. */
export function describeBest(measure: BestMeasure | undefined): string {
  if (!measure) return "No validation data: only the final model is kept, in final/.";
  const { name, lowerIsBetter } = measure;
  return `The model with the ${lowerIsBetter ? "lowest" : "highest"} ${name} on validation data is kept in best/.`;
}
