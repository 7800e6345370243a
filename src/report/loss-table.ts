/** The losses of a stage beside their baselines. */
import { questionOfLoss } from "../objective/objectives.js";
import { type Html, html } from "./html.js";
import { percent } from "./measurements.js";
import { numberColumn, table, textColumn } from "./table.js";
import { type TrainedStage, lastOf } from "./trained-stage.js";

const numbers = ["training", "validation", "baseline", "accuracy", "baseline"];
const note =
  "A baseline is what a model reaches that knows how often each answer occurs, but sees no input. Accuracies are on validation data.";

/** A loss that has a baseline, with its last values. */
interface KnownLoss {
  readonly name: string;
  /** What the model is asked for. */
  readonly question: string;
  readonly baseline: number;
  /** Undefined without validation data. */
  readonly value: number | undefined;
  /** As text, by `numbers`. */
  readonly cells: readonly string[];
}

function knownLosses({ losses, accuracies = {}, log }: TrainedStage): KnownLoss[] {
  const figure = (value: number | undefined): string => value?.toFixed(3) ?? "";
  const share = (value: number | undefined): string => (value === undefined ? "" : percent(value));
  return Object.entries(losses).flatMap(([name, baseline]) => {
    if (baseline === null) return [];
    const accuracy = `${name} accuracy`;
    const value = lastOf(log, "evaluation", name);
    const cells = [
      ...[lastOf(log, "training", name), value, baseline].map(figure),
      ...[lastOf(log, "evaluation", accuracy), accuracies[accuracy]].map(share),
    ];
    return [{ name, question: questionOf(name), baseline, value, cells }];
  });
}

/** As lines of text, with a sentence on which losses are below their baselines; none if no loss has a baseline. */
export function lossLines(stage: TrainedStage): string[] {
  const known = knownLosses(stage);
  if (known.length === 0) return [];
  const titles = known.map(({ name, question }) => `${name.padEnd(14)}${question}`);
  const wide = Math.max(...titles.map(({ length }) => length));
  const row = (title: string, cells: readonly string[]): string =>
    [title.padEnd(wide), ...cells.map((cell) => cell.padStart(12))].join("").trimEnd();
  const rows = known.map(({ cells }, index) => row(titles[index]!, cells));
  return [row("loss", numbers), ...rows, note, ...verdict(known)];
}

/** As a table of a page; nothing if no loss has a baseline. */
export function lossTable(stage: TrainedStage): Html {
  const known = knownLosses(stage);
  if (known.length === 0) return html``;
  const columns = [textColumn("loss"), textColumn("question"), ...numbers.map(numberColumn)];
  const rows = known.map(({ name, question, cells }) => [name, question, ...cells]);
  return html`${table(columns, rows)}
    <p class="quiet">${[note, ...verdict(known)].join(" ")}</p>`;
}

function verdict(known: readonly KnownLoss[]): string[] {
  const judged = known.flatMap(({ name, baseline, value }) =>
    value === undefined ? [] : [{ name, isBelow: value < baseline }],
  );
  if (judged.length === 0) return [];
  const names = (wanted: boolean): string =>
    judged.flatMap(({ name, isBelow }) => (isBelow === wanted ? name : [])).join(", ");
  if (names(false) === "") return ["On validation data, every loss is below its baseline."];
  return [
    `On validation data, below their baselines: ${names(true) || "none"}; not below: ${names(false)}.`,
  ];
}

const questionOf = (loss: string): string =>
  (questionOfLoss as Readonly<Record<string, string | undefined>>)[loss] ?? "";
