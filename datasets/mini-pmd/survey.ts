/** The contents of a built mini-PMD, for its report. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sample } from "flava/data";
import { builtSamples } from "./evaluation/built-pairs.js";
import { count } from "./report.js";

/** Samples of one folder, such as "pairs/icons/train". */
export interface FolderSurvey {
  readonly folder: string;
  readonly samples: number;
  readonly texts: number;
  readonly words: number;
  /** Texts by their number of words; the last entry counts all longer ones. */
  readonly lengths: readonly number[];
  readonly licenses: Readonly<Record<string, number>>;
  /** The first samples: shards are in a random order unless the order of the source matters. */
  readonly examples: readonly Sample[];
}

const mostLength = 60;

/** All folders of pairs, images and texts in the cache, each read completely. */
export async function* surveyFolders(
  cache: string,
  examples: number,
): AsyncGenerator<FolderSurvey> {
  for (const kind of ["pairs", "images", "text"]) {
    for (const source of await namesIn(join(cache, kind))) {
      for (const split of await namesIn(join(cache, kind, source))) {
        const folder = `${kind}/${source}/${split}`;
        yield surveyOf(folder, builtSamples(join(cache, folder)), examples);
      }
    }
  }
}

/** Counts samples, texts, lengths and licenses, and keeps the first samples. */
export async function surveyOf(
  folder: string,
  samples: AsyncIterable<Sample>,
  mostExamples: number,
): Promise<FolderSurvey> {
  const lengths = Array<number>(mostLength + 1).fill(0);
  const licenses: Record<string, number> = {};
  const examples: Sample[] = [];
  const sum = { samples: 0, texts: 0, words: 0 };
  for await (const sample of samples) {
    sum.samples++;
    if (examples.length < mostExamples) examples.push(sample);
    const { license } = sample.fields;
    if (typeof license === "string") count(licenses, license);
    for (const text of sample.texts) {
      const words = text.split(/\s+/).length;
      sum.texts++;
      sum.words += words;
      lengths[Math.min(words, mostLength)]!++;
    }
  }
  return { folder, ...sum, lengths, licenses, examples };
}

/** The README.json of each evaluation set, by the set's folder. */
export async function surveyEvaluation(cache: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const path of ["evaluation", "evaluation/text"]) {
    for (const name of await namesIn(join(cache, path))) {
      const text = await readFile(join(cache, path, name, "README.json"), "utf8").catch(() => "");
      if (text !== "") found.push({ ...(JSON.parse(text) as object), folder: `${path}/${name}` });
    }
  }
  return found;
}

/** The visible names in a folder in alphabetical order; none if there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).sort();
}
