/** Texts for the sample that ships: randomly chosen whole documents. */
import type { Sample } from "flava/data";
import { builtSamples } from "../evaluation/built-pairs.js";
import { orderedBy, seededUnit } from "../seeded.js";

/** Passages stored as one sample, of which a reader takes one at a time. */
const passagesPerSample = 12;

/**
 * Documents of a built folder of passages, in a seeded order, until there are `words` words; the last one may be cut.
 * Neighboring passages of a document are the texts of one sample, which is smaller than one sample each.
 */
export async function passagesOfDocuments(folder: string, words: number): Promise<Sample[]> {
  const documents = new Map<string, Sample[]>();
  for await (const sample of builtSamples(folder)) {
    const name = sample.key.slice(0, sample.key.lastIndexOf("/"));
    const passages = documents.get(name);
    if (passages) passages.push(sample);
    else documents.set(name, [sample]);
  }
  const order = orderedBy([...documents], ([name]) => seededUnit("sample", name));
  const chosen: Sample[] = [];
  let left = words;
  for (const [name, passages] of order) {
    for (let first = 0; first < passages.length && left > 0; first += passagesPerSample) {
      const texts = passages.slice(first, first + passagesPerSample).flatMap((each) => each.texts);
      left -= wordsIn(texts);
      chosen.push({ key: `${name}/${first}`, texts, fields: {} });
    }
  }
  return chosen;
}

export const wordsIn = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
