/** Zero-shot classification beside the linear probes: the same test images, classified by prompts. */
import type { Interval } from "../eval/bootstrap.js";
import type { Outcome } from "./outcome.js";
import { inPercent } from "./rows.js";

/** A set of images whose classes were found by prompts. All values are in percent. */
export interface ZeroShotRow {
  readonly title: string;
  readonly task: string;
  readonly classes: number;
  /** Prompts of each class. */
  readonly prompts: number;
  readonly value: Interval;
  /** Whether the images are others than the official ones. */
  readonly partial: boolean;
}

/** What stands above the rows; the paper's table has no such column. */
export const zeroShotExplanation =
  "The test images of the linear probes, classified without training: by the class with the nearest prompts. The paper gives no " +
  "numbers for it.";

/** The sets of images that were classified by prompts, in the order of the tasks. */
export function zeroShotRows(outcomes: readonly Outcome[]): ZeroShotRow[] {
  return outcomes.flatMap((outcome) => {
    const { task } = outcome;
    if (!("scores" in outcome) || task.kind === "zero-shot retrieval") return [];
    const { metrics, partial } = outcome.scores;
    const { title, name, classes, templates = [] } = task;
    const accuracy = metrics["zero-shot accuracy"];
    if (!accuracy) return [];
    const counts = { classes: classes.length, prompts: templates.length };
    return [{ title, task: name, ...counts, value: inPercent(accuracy), partial }];
  });
}

export const zeroShotColumns = [
  ...["task", "this model", "95 % interval", "chance", "classes", "prompts per class"],
];

/** The cells of a row. */
export function zeroShotCells(row: ZeroShotRow): string[] {
  const { title, value, classes, prompts, partial } = row;
  return [
    title,
    `${value.mean.toFixed(2)}${partial ? " *" : ""}`,
    `${value.low.toFixed(2)} to ${value.high.toFixed(2)}`,
    (100 / classes).toFixed(2),
    String(classes),
    String(prompts),
  ];
}
