/** The table of the paper's comparisons: averages over seeds beside those of the paper. */
import { counted } from "../../base/counted.js";
import { join } from "node:path";
import { replaceFile } from "../../base/replace-file.js";
import type { Ablation } from "../../configs/ablations/ablations.js";
import { mean } from "../../eval/metrics.js";
import type { Family } from "../../eval/tasks/task.js";
import { html } from "../../report/html.js";
import { markdownTable } from "../../report/markdown.js";
import { page } from "../../report/page.js";
import { numberColumn, table, textColumn } from "../../report/table.js";
import type { ScoreRow } from "../rows.js";
import { type OverSeeds, describeOverSeeds, overSeeds } from "./over-seeds.js";

/** The scores of a model of one seed. */
export interface MeasuredModel {
  readonly ablation: Ablation;
  readonly seed: number;
  readonly rows: readonly ScoreRow[];
}

/** The averages of the paper's tables. */
const families = ["language", "vision", "multimodal"] as const satisfies readonly Family[];
type Average = Family | "macro";
const averages: readonly Average[] = [...families, "macro"];

export interface AblationReport {
  readonly seeds: readonly number[];
  /** How many rows of each family the averages are over: those that all models have, and all. */
  readonly rows: Readonly<Record<Family, { readonly used: number; readonly all: number }>>;
  readonly models: readonly ComparedModel[];
}

export interface ComparedModel {
  readonly stage: string;
  readonly title: string;
  /** In percent. */
  readonly scores: Readonly<Partial<Record<Average, OverSeeds>>>;
  readonly paper: Readonly<Record<Average, number | null>>;
}

/** Averages over the rows that all models have, so that they compare. */
export function reportOf(measured: readonly MeasuredModel[]): AblationReport {
  const used = new Map(families.map((family) => [family, usedRows(measured, family)]));
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
    models: [...byStage].map(([{ stage, title, paper }, models]) => ({
      ...{ stage, title },
      scores: scoresOf(models, used),
      paper: paperOf(paper),
    })),
  };
}

const titlesOf = ({ rows }: MeasuredModel, family: Family): string[] =>
  rows.flatMap(({ title, task }) => (task.family === family ? title : []));

/** Titles of the family's rows that all models that are evaluated on it have scores of. */
function usedRows(measured: readonly MeasuredModel[], family: Family): Set<string> {
  const scored = measured
    .filter((model) => titlesOf(model, family).length > 0)
    .map(({ rows }) =>
      rows.flatMap(({ title, task, value }) => (task.family === family && value ? title : [])),
    );
  const [first = [], ...others] = scored;
  return new Set(first.filter((title) => others.every((titles) => titles.includes(title))));
}

function scoresOf(
  models: readonly MeasuredModel[],
  used: ReadonlyMap<Family, ReadonlySet<string>>,
): ComparedModel["scores"] {
  const bySeed = models.map(({ rows }) => {
    const found = families.map((family) =>
      rows.flatMap(({ title, task, value }) =>
        value && task.family === family && used.get(family)!.has(title) ? value.mean : [],
      ),
    );
    return found.map((values) => (values.length > 0 ? mean(values) : undefined));
  });
  const scores: Partial<Record<Average, OverSeeds>> = {};
  for (const [place, family] of families.entries()) {
    const values = bySeed.flatMap((found) => found[place] ?? []);
    if (values.length > 0) scores[family] = overSeeds(values);
  }
  const isComplete = families.every((family) => used.get(family)!.size > 0);
  if (isComplete) scores.macro = overSeeds(bySeed.map((found) => macroOf(found)));
  return scores;
}

/** The mean of the three averages, of which a missing one counts as 0, as in Table 4. */
function macroOf(found: readonly (number | null | undefined)[]): number {
  return mean(found.map((value) => value ?? 0));
}

function paperOf(paper: Ablation["paper"]): ComparedModel["paper"] {
  const [language = null, vision = null, multimodal = null] = paper;
  const hasAny = paper.some((value) => value !== null);
  return { language, vision, multimodal, macro: hasAny ? macroOf(paper) : null };
}

function cellsOf({ title, scores, paper }: ComparedModel): string[] {
  return [
    title,
    ...averages.map((average) => {
      const found = scores[average];
      return found ? describeOverSeeds(found) : "";
    }),
    ...averages.map((average) => paper[average]?.toFixed(2) ?? ""),
  ];
}

/** How to read the table. */
function explanation({ seeds, rows }: AblationReport): string {
  const counts = families.map((family) => `${rows[family].used} of ${rows[family].all} ${family}`);
  return (
    `Means over ${counted(seeds.length, "seed")} in percent, with 95 % intervals (Student's) if there are ` +
    `several, over the rows that all models have scores of: ${counts.join(", ")}. A missing average counts as 0 in the macro ` +
    "average, as in the paper, whose averages (Table 4, other data and sizes) stand on the right."
  );
}

const columns = ["model", ...averages, ...averages.map((name) => `paper, ${name}`)];

export function ablationMarkdown(report: AblationReport): string {
  const body = markdownTable(columns, report.models.map(cellsOf));
  return [...body, "", explanation(report), ""].join("\n");
}

/** Writes report.html, report.md and report.json. */
export async function writeReports(directory: string, report: AblationReport): Promise<void> {
  const [first, ...others] = columns;
  const all = [textColumn(first!), ...others.map((name) => numberColumn(name))];
  const body = html`${table(all, report.models.map(cellsOf))}
    <p>${explanation(report)}</p>`;
  const written = page("The paper's comparisons", explanation(report), [
    { title: "Averages", body },
  ]);
  await replaceFile(join(directory, "report.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  await replaceFile(join(directory, "report.md"), ablationMarkdown(report));
  await replaceFile(join(directory, "report.html"), written);
}
