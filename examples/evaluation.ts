/**
 * An evaluation of one's own: how well images find their captions among all captions of a data set, as the reciprocal
 * of the rank of the right one, with an interval.
 *
 *   evaluation.ts [SOURCE]
 */
import { load } from "flava";
import { keyOf, openSource } from "flava/data";
import { bootstrap, rankOf } from "flava/eval";

const [path = "samples/mini-pmd/evaluation/retrieval-ph"] = process.argv.slice(2);

await using flava = await load();
const images: Float32Array[] = [];
const captions: string[] = [];
for await (const { image, texts } of (await openSource(path)).read()) {
  const [caption] = texts;
  if (!image || caption === undefined) continue;
  images.push(await flava.embedImages(image));
  captions.push(caption);
}
const texts = await flava.embedTexts(captions);

const reciprocals = images.map((image, index) => {
  const scores = Float32Array.from(texts, (text) => dot(image, text));
  const right = [...captions.keys()].filter((other) => captions[other] === captions[index]);
  return 1 / (1 + rankOf(scores, right));
});
const { mean, low, high, count } = bootstrap(reciprocals, keyOf(0));
const [value, from, to] = [mean, low, high].map((share) => share.toFixed(3));
console.log(`mean reciprocal rank among ${count} captions: ${value} (${from} to ${to})`);

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
