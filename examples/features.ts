/**
 * Features and hidden states of the images of a data set, as a Parquet file:
 * the class token after the last block, the mean patch after the fourth, and every token of that layer.
 *
 *   features.ts [SOURCE] [OUT.parquet]
 */
import { load } from "flava";
import { openSource, writeParquet } from "flava/data";

const [path = "samples/mini-pmd/evaluation/zero-shot-ph", out = "features.parquet"] =
  process.argv.slice(2);

await using flava = await load();
const source = await openSource(path);

async function* rows() {
  for await (const { key, image } of source.read()) {
    if (!image) continue;
    yield {
      key,
      features: await flava.features(image), // [D]
      patches: await flava.features(image, { layer: 4, pool: "mean" }), // [D]
      tokens: await flava.features(image, { layer: 4, pool: "none" }), // [1 + P, D], row by row
    };
  }
}

await writeParquet(
  out,
  [
    { name: "key", type: "text" },
    { name: "features", type: "vector" },
    { name: "patches", type: "vector" },
    { name: "tokens", type: "vector" },
  ],
  rows(),
);
console.log(`Wrote ${out}.`);
