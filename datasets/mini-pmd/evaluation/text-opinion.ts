/** Sentiment and hedging: corpora in the source of Debian's python-pattern, for personal use only. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { Packages } from "../packages.js";
import { cleanLine } from "../text/prose.js";
import { stratified, type TextExample, type TextSet } from "./text-set.js";

const license = "for personal use only: evaluate with it, don't publish it again";

interface OpinionSet extends TextSet {
  readonly file: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sizes: { readonly dev: number; readonly test: number };
}

export const opinionSets: readonly OpinionSet[] = [
  {
    name: "sentiment-sentences",
    task: "Does a sentence out of a film review speak well of the film?",
    analogue: "SST-2",
    source: "Pang and Lee's sentence polarity data, in the source of Debian's python-pattern",
    license,
    splitRule: "seeded, the same share of each label",
    file: "polarity-en-pang&lee2.csv",
    labels: { "1": "positive", "-1": "negative" },
    sizes: { dev: 500, test: 500 },
  },
  {
    name: "sentiment-reviews",
    task: "Does a whole film review speak well of the film?",
    analogue: "IMDB",
    source: "Pang and Lee's review polarity data, in the source of Debian's python-pattern",
    license,
    splitRule: "seeded, the same share of each label",
    file: "polarity-en-pang&lee1.csv",
    labels: { "1": "positive", "-1": "negative" },
    sizes: { dev: 200, test: 200 },
  },
  {
    name: "hedging",
    task: "Is a sentence out of Wikipedia vague about what it states?",
    analogue: "CoLA, as a judgement about one sentence",
    source: "CoNLL-2010 shared task, in the source of Debian's python-pattern",
    license,
    splitRule:
      "seeded, the same share of each label; sentences of one article may be in several splits",
    file: "uncertainty-conll2010.csv",
    labels: { "1": "certain", "-1": "uncertain" },
    sizes: { dev: 400, test: 400 },
  },
];

/** The examples of one of the sets; none if the package is not available. */
export async function opinionExamples(
  packages: Packages,
  set: OpinionSet,
): Promise<readonly TextExample[]> {
  const directory = await packages.directory("python-pattern");
  if (directory === undefined) return [];
  const csv = await readFile(join(directory, "test/corpora", set.file), "utf8");
  return stratified(parseOpinions(csv, set.labels), set.sizes);
}

/** Rows "mark","text"; marks without a label are left out. */
export function parseOpinions(
  csv: string,
  labels: Readonly<Record<string, string>>,
): { sentence: string; label: string }[] {
  const rows: string[][] = parse(csv, { bom: true, relax_quotes: true, relax_column_count: true });
  return rows.flatMap(([mark = "", text = ""]) => {
    const label = labels[mark.trim()];
    const sentence = cleanLine(text);
    return label === undefined || sentence === "" ? [] : [{ sentence, label }];
  });
}
