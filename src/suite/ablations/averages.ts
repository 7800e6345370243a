/** The averages of the paper's tables, of models that were evaluated on the same rows. */
import type { Ablation } from "../../configs/ablations/ablations.js";
import { mean } from "../../eval/metrics.js";
import type { Family } from "../../eval/tasks/task.js";
import type { ScoreRow } from "../rows.js";

/** The scores of a model of one seed. */
export interface MeasuredModel {
  readonly ablation: Ablation;
  readonly seed: number;
  readonly rows: readonly ScoreRow[];
}

export const families = ["language", "vision", "multimodal"] as const satisfies readonly Family[];
/** An average of Table 4: of a family, or of the three of them. */
export type Average = Family | "macro";
export const averages: readonly Average[] = [...families, "macro"];

/** In percent; the averages of families that a model was not evaluated on are missing. */
export type Averages = Readonly<Partial<Record<Average, number>>>;

/** Titles of the rows that averages are over, by family. */
export type UsedRows = ReadonlyMap<Family, ReadonlySet<string>>;

/** The rows that all models that are evaluated on their family have scores of, so that averages compare. */
export function usedRows(measured: readonly MeasuredModel[]): UsedRows {
  const of = (family: Family): ReadonlySet<string> => {
    const scored = measured
      .filter((model) => titlesOf(model, family).length > 0)
      .map(({ rows }) =>
        rows.flatMap(({ title, task, value }) => (task.family === family && value ? title : [])),
      );
    const [first = [], ...others] = scored;
    return new Set(first.filter((title) => others.every((titles) => titles.includes(title))));
  };
  return new Map(families.map((family) => [family, of(family)]));
}

export const titlesOf = ({ rows }: MeasuredModel, family: Family): string[] =>
  rows.flatMap(({ title, task }) => (task.family === family ? title : []));

/** The averages of a model; the macro average only if there are rows of all families. */
export function averagesOf({ rows }: MeasuredModel, used: UsedRows): Averages {
  const found: Partial<Record<Average, number>> = {};
  for (const family of families) {
    const values = rows.flatMap(({ title, task, value }) =>
      value && task.family === family && used.get(family)!.has(title) ? value.mean : [],
    );
    if (values.length > 0) found[family] = mean(values);
  }
  if (families.every((family) => used.get(family)!.size > 0)) found.macro = macroOf(found);
  return found;
}

/** Averages of Table 4. */
export function paperAverages({ paper }: Ablation): Averages {
  const found: Partial<Record<Average, number>> = {};
  for (const [place, family] of families.entries()) {
    const value = paper[place];
    if (typeof value === "number") found[family] = value;
  }
  return Object.keys(found).length > 0 ? { ...found, macro: macroOf(found) } : found;
}

/** The mean of the three averages, of which a missing one counts as 0, as in Table 4. */
const macroOf = (found: Averages): number => mean(families.map((family) => found[family] ?? 0));
