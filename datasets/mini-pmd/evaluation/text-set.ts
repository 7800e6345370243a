/** A labeled set of texts on disk, in GLUE's layout: train.tsv, dev.tsv, test.tsv, and README.json with its description. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { orderedBy, share } from "../seeded.js";
import type { Split } from "../text/split.js";

/** One row. Labels are words, such as "positive". */
export interface TextExample {
  readonly sentence: string;
  /** Only in tasks on pairs. */
  readonly sentence2?: string;
  readonly label: string;
  readonly split: Split;
}

/** Description of the set, for its README. */
export interface TextSet {
  /** The name of its folder. */
  readonly name: string;
  /** The task. */
  readonly task: string;
  readonly source: string;
  readonly license: string;
  readonly splitRule: string;
  /** The corresponding GLUE-like set. */
  readonly analogue: string;
  /** Facts needed to interpret results. */
  readonly note?: string;
}

export interface TextSetReport extends TextSet {
  /** In alphabetical order: the index of a label is its class. */
  readonly labels: readonly string[];
  /** Rows by split and label. */
  readonly counts: Readonly<Record<Split, Readonly<Record<string, number>>>>;
  /** Accuracy of always predicting the commonest label in train. */
  readonly majorityBaseline: { readonly dev: number; readonly test: number };
}

const splits = ["train", "dev", "test"] as const;

/**
 * Writes the set into the folder `directory/<name>`; columns index, sentence, (sentence2,) label, separated by tabs,
 * unquoted. The order of rows in a split is unrelated to labels. Without examples, writes nothing and returns
 * undefined.
 */
export async function writeTextSet(
  directory: string,
  set: TextSet,
  examples: readonly TextExample[],
): Promise<TextSetReport | undefined> {
  if (examples.length === 0) return undefined;
  const folder = join(directory, set.name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const pairs = examples.some((example) => example.sentence2 !== undefined);
  for (const split of splits) {
    const rows = shuffled(examples.filter((example) => example.split === split));
    const lines = rows.map(({ sentence, sentence2, label }, index) =>
      [index, plain(sentence), ...(pairs ? [plain(sentence2 ?? "")] : []), label].join("\t"),
    );
    const header = ["index", "sentence", ...(pairs ? ["sentence2"] : []), "label"].join("\t");
    await writeFile(join(folder, `${split}.tsv`), [header, ...lines, ""].join("\n"));
  }
  const report = { ...set, ...summary(examples) };
  await writeFile(join(folder, "README.json"), JSON.stringify(report, undefined, 2) + "\n");
  return report;
}

function plain(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Sorted by a hash of their texts. */
export function shuffled<Example extends Pick<TextExample, "sentence" | "sentence2">>(
  examples: readonly Example[],
): Example[] {
  return orderedBy(examples, ({ sentence, sentence2 }) => share(`${sentence}\t${sentence2 ?? ""}`));
}

/** Labels, counts and the baseline of a set. */
export function summary(
  examples: readonly TextExample[],
): Pick<TextSetReport, "labels" | "counts" | "majorityBaseline"> {
  const labels = [...new Set(examples.map((example) => example.label))].sort();
  const count = (split: Split): Record<string, number> =>
    Object.fromEntries(
      labels.map((label) => [
        label,
        examples.filter((example) => example.split === split && example.label === label).length,
      ]),
    );
  const counts = { train: count("train"), dev: count("dev"), test: count("test") };
  const commonest = labels.reduce((best, label) =>
    counts.train[label]! > counts.train[best]! ? label : best,
  );
  const baseline = (split: "dev" | "test"): number => {
    const total = Object.values(counts[split]).reduce((sum, rows) => sum + rows, 0);
    return total === 0 ? 0 : counts[split][commonest]! / total;
  };
  return { labels, counts, majorityBaseline: { dev: baseline("dev"), test: baseline("test") } };
}

/**
 * Splits texts label by label, so that every split has the same share of each: for each label, sorted by hash,
 * the first `test / labels` texts are for testing, the next `dev / labels` for development. Repeated texts are taken once.
 */
export function stratified(
  rows: readonly { readonly sentence: string; readonly label: string }[],
  sizes: { readonly dev: number; readonly test: number },
): TextExample[] {
  const distinct = [...new Map(rows.map((row) => [row.sentence, row])).values()];
  const labels = [...new Set(distinct.map((row) => row.label))].sort();
  return labels.flatMap((label) => {
    const own = shuffled(distinct.filter((row) => row.label === label));
    const test = Math.round(sizes.test / labels.length);
    const dev = test + Math.round(sizes.dev / labels.length);
    return own.map((row, index) => ({
      ...row,
      split: index < test ? "test" : index < dev ? "dev" : "train",
    }));
  });
}
