/** The table of the paper's comparisons: averages over seeds beside those of the paper. */
import { counted } from "../../base/counted.js";
import { type Ablation, changes } from "../../configs/ablations/ablations.js";
import type { Family } from "../../eval/tasks/task.js";
import { markdownTable } from "../../report/markdown.js";
import {
  type Average,
  type Averages,
  type MeasuredModel,
  type UsedRows,
  averages,
  averagesOf,
  families,
  paperAverages,
  titlesOf,
  usedRows,
} from "./averages.js";
import { type MeasuredChange, agreement, measuredChange } from "./measured-change.js";
import { type OverSeeds, describeOverSeeds, overSeeds } from "./over-seeds.js";

/** A comparison of models, beside the paper's. */
export interface AblationReport {
  /** Those that models were trained with. */
  readonly seeds: readonly number[];
  /** How many rows of each family the averages are over: those that all models have, and all. */
  readonly rows: Readonly<Record<Family, { readonly used: number; readonly all: number }>>;
  /** Each with its averages. */
  readonly models: readonly ComparedModel[];
  /** Between models that were both measured. */
  readonly changes: readonly MeasuredChange[];
}

/** A model of a comparison. */
export interface ComparedModel {
  /** The stage of the recipe that trained it. */
  readonly stage: string;
  /** As tables name it. */
  readonly title: string;
  /** In percent. */
  readonly scores: Readonly<Partial<Record<Average, OverSeeds>>>;
  /** The paper's averages, in percent. */
  readonly paper: Averages;
}

/** Averages over the rows that all models have, so that they compare. */
export function reportOf(measured: readonly MeasuredModel[]): AblationReport {
  const used = usedRows(measured);
  const byStage = new Map<Ablation, MeasuredModel[]>();
  for (const model of measured) {
    byStage.set(model.ablation, [...(byStage.get(model.ablation) ?? []), model]);
  }
  const rows = Object.fromEntries(
    families.map((family) => {
      const titles = measured.flatMap((model) => titlesOf(model, family));
      return [family, { used: used.get(family)!.size, all: new Set(titles).size }];
    }),
  ) as AblationReport["rows"];
  return {
    seeds: [...new Set(measured.map(({ seed }) => seed))],
    rows,
    models: [...byStage].map(([ablation, models]) => ({
      ...{ stage: ablation.stage, title: ablation.title },
      scores: scoresOf(models, used),
      paper: paperAverages(ablation),
    })),
    changes: changes.flatMap((change) => measuredChange(change, measured, used) ?? []),
  };
}

function scoresOf(models: readonly MeasuredModel[], used: UsedRows): ComparedModel["scores"] {
  const bySeed = models.map((model) => averagesOf(model, used));
  const scores: Partial<Record<Average, OverSeeds>> = {};
  for (const average of averages) {
    const values = bySeed.flatMap((found) => found[average] ?? []);
    if (values.length > 0) scores[average] = overSeeds(values);
  }
  return scores;
}

/** The cells of a model's row in the table of averages. */
export function cellsOf({ title, scores, paper }: ComparedModel): string[] {
  return [
    title,
    ...averages.map((average) => {
      const found = scores[average];
      return found ? describeOverSeeds(found) : "";
    }),
    ...averages.map((average) => paper[average]?.toFixed(2) ?? ""),
  ];
}

/** The cells of a change's row: in points, and beside it the paper's, with whether it goes the same way. */
export function changeCells({ title, points, paper }: MeasuredChange): string[] {
  return [
    title,
    ...averages.map((average) => {
      const found = points[average];
      return found ? signOf(found.mean) + describeOverSeeds(found) : "";
    }),
    ...averages.map((average) => {
      const [found, papers] = [points[average], paper[average]];
      if (papers === undefined) return "";
      const described = `${signOf(papers)}${papers.toFixed(2)}`;
      return found ? `${described} (${agreement(found, papers)})` : described;
    }),
  ];
}

/** The sign of a difference, which numbers below 0 have by themselves. */
const signOf = (points: number): string => (points < 0 ? "" : "+");

/** How to read the table of averages. */
export function explanation({ seeds, rows }: AblationReport): string {
  const counts = families.map((family) => `${rows[family].used} of ${rows[family].all} ${family}`);
  return (
    `Means over ${counted(seeds.length, "seed")} in percent, with 95 % intervals (Student's) if there are ` +
    `several, over the rows that all models have scores of: ${counts.join(", ")}. A missing average counts as 0 in the macro ` +
    "average, as in the paper, whose averages (Table 4, other data and sizes) stand on the right."
  );
}

/** How to read the table of changes. */
export const changesExplained =
  "Differences in points, seed by seed, with 95 % intervals if there are several seeds. After the paper's difference stands whether " +
  "ours goes the same way: unclear where the interval holds 0.";

const paperColumns = averages.map((name) => `paper, ${name}`);
/** Titles of the columns of averages. */
export const columns = ["model", ...averages, ...paperColumns];
/** Titles of the columns of changes. */
export const changeColumns = ["change", ...averages, ...paperColumns];

/** The comparison as tables in Markdown. */
export function ablationMarkdown(report: AblationReport): string {
  const body = markdownTable(columns, report.models.map(cellsOf));
  const lines = [...body, "", explanation(report), ""];
  if (report.changes.length > 0) {
    lines.push(...markdownTable(changeColumns, report.changes.map(changeCells)));
    lines.push("", changesExplained, "");
  }
  return lines.join("\n");
}
