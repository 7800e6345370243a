/** Options of the verbs that read labeled data: the names of columns, and how tables are read. */
import { counted, listed } from "../../base/counted.js";
import type { Command } from "commander";
import type { SampleColumns } from "../../data/labeled/labeled-row.js";
import type { LabeledSet, ReadLabeledOptions } from "../../data/labeled/read-labeled.js";
import type { Labels } from "../../data/labeled/labels.js";
import { isKnown, lookalikes } from "../../data/labeled/labels.js";
import type { Task } from "../../model/task.js";
import { separatorOption } from "../data-options.js";
import { wholeNumberFrom } from "../whole-number.js";

export interface LabeledFlags {
  readonly text?: string;
  readonly textPair?: string;
  readonly image?: string;
  readonly label?: string;
  readonly imageRoot?: string;
  readonly separator?: string;
  readonly quotes: boolean;
  readonly maxSamples?: number;
}

/** Adds the options that `readOptions` reads. */
export function addLabeledOptions(command: Command): Command {
  return command
    .option("--text <column>", "column of the texts")
    .option("--text-pair <column>", "column of the second texts of pairs, such as hypotheses")
    .option("--image <column>", "column of the images: paths, or the files themselves")
    .option("--label <column>", "column of the labels or values")
    .option("--image-root <dir>", "folder of the images; default: that of the table")
    .addOption(separatorOption())
    .option("--no-quotes", "take quotes around cells as part of the text, as GLUE's TSV has them")
    .option("--max-samples <n>", "maximum number of samples to read", wholeNumberFrom(1));
}

export function readOptions(
  flags: LabeledFlags,
  target: ReadLabeledOptions["target"],
): ReadLabeledOptions {
  const { text, textPair, image, label, imageRoot, separator, quotes, maxSamples } = flags;
  return {
    columns: { text, textPair, image, label },
    target,
    ...{ separator, quotes, imageRoot, maxSamples },
  };
}

/** The columns named by flags, and for the others those that a model was fine-tuned on. */
export function columnsOf(named: SampleColumns, { columns }: Pick<Task, "columns">): SampleColumns {
  return {
    text: named.text ?? columns.text,
    textPair: named.textPair ?? columns.textPair,
    image: named.image ?? columns.image,
    label: named.label ?? columns.label,
  };
}

/** What of a set cannot be learned from or scored, in one line for each reason. */
export function describeLeftOut(set: LabeledSet, labels: Labels): string[] {
  const { name, samples, skipped } = set;
  const lines = skipped.total > 0 ? [`${name}: ${skipped.summary(samples.length)}.`] : [];
  const unlabeled = samples.filter(({ target }) => !target).length;
  const unknown = new Map<string, number>();
  for (const { target } of samples) {
    if (!target || isKnown(labels, target) || target.kind !== "class") continue;
    unknown.set(target.label, (unknown.get(target.label) ?? 0) + 1);
  }
  const names = [...unknown].map(([label, count]) => `${label} (${count})`);
  const counts = [
    ...(unlabeled > 0 ? [`${counted(unlabeled, "has", "have")} no label`] : []),
    ...(unknown.size > 0
      ? [
          `${counted(total(unknown), "has a label", "have labels")} not learned: ${listed(names, 5)}`,
        ]
      : []),
  ];
  return counts.length > 0
    ? [...lines, `${name}: of ${counted(samples.length, "sample")}, ${counts.join("; ")}.`]
    : lines;
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** A line on labels that look alike but are learned as different ones; undefined if there are none. */
export function describeLookalikes(labels: Labels): string | undefined {
  if (labels.kind === "value") return undefined;
  const groups = lookalikes(labels.names);
  if (groups.length === 0) return undefined;
  const alike = groups.map((group) => group.map((name) => JSON.stringify(name)).join(" and "));
  return (
    `Labels that differ only in case, spaces, how a character is encoded or how a number is written are learned as different ones: ` +
    `${listed(alike, 5)}.`
  );
}
