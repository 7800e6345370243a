/** Accuracy of `match` on held-out pairs, against texts of other images. */
import { join } from "node:path";
import { load } from "../src/api/load.js";
import { cacheDirectory } from "../src/base/cache.js";
import { below, foldIn, keyOf } from "../src/base/random.js";
import type { Sample } from "../src/data/sample.js";
import { openSource } from "../src/data/formats/open.js";

const key = keyOf(20211208);

const set = "retrieval-ph";

interface Scores {
  readonly own: number;
  readonly other: number;
}

/**
 * Prints, for Phosphor icons, which are held out: how often an image's own text scores above 0.5, how often the text
 * of another image scores below, and how often the own text scores higher (guessing: one half each).
 */
export async function benchMatching(model?: string): Promise<void> {
  const scores = await scoresOf(join(cacheDirectory(), "pmd", "evaluation", set), { model });
  const share = (holds: (score: Scores) => boolean): string =>
    `${((100 * scores.filter(holds).length) / scores.length).toFixed(1)} %`;
  console.log(`${set}: ${scores.length} images, each with its first text and that of another.`);
  console.log(`own text above 0.5: ${share(({ own }) => own > 0.5)}`);
  console.log(`other text below 0.5: ${share(({ other }) => other < 0.5)}`);
  console.log(`own text above the other: ${share(({ own, other }) => own > other)}`);
}

/** The scores of the first `limit` samples of a set, by default of all. */
export async function scoresOf(
  directory: string,
  { model, limit = Infinity }: { readonly model?: string | undefined; readonly limit?: number },
): Promise<Scores[]> {
  const pairs = await openSource(directory);
  const flava = await load(model);
  const samples: Sample[] = [];
  for await (const sample of pairs.read()) if (samples.length < limit) samples.push(sample);
  const scores: Scores[] = [];
  for (const [index, { image, texts }] of samples.entries()) {
    const other = samples[otherOf(index, samples)]!;
    if (!image || texts[0] === undefined || other.texts[0] === undefined) continue;
    scores.push({
      own: await flava.match(image, texts[0]),
      other: await flava.match(image, other.texts[0]),
    });
  }
  await flava.close();
  return scores;
}

/** A random sample that shares no text with this one. */
function otherOf(index: number, samples: readonly Sample[]): number {
  const { texts } = samples[index]!;
  for (let draw = 0; ; draw++) {
    const other = below(foldIn(foldIn(key, index), draw), samples.length);
    const text = samples[other]!.texts[0];
    if (other !== index && text !== undefined && !texts.includes(text)) return other;
  }
}
