/**
 * Reads a checkpoint of any kind and writes it as a Hugging Face directory, for roundtrip.py:
 * node build/bench/bench/peers/rewrite.js FROM TO [float32|float16|bfloat16] [BYTES PER FILE] [HEADS]
 */
import { openBackend } from "../../src/backend/open.js";
import { State } from "../../src/backend/state.js";
import { loadWeights } from "../../src/checkpoint/load.js";
import { writeHuggingFace } from "../../src/checkpoint/huggingface.js";
import type { WeightDtype } from "../../src/checkpoint/huggingface-config.js";
import { openCheckpoint } from "../../src/checkpoint/open.js";
import { models } from "../../src/configs/models.js";
import type { FlavaConfig } from "../../src/model/config.js";
import { pretrainingParameters } from "../../src/model/flava.js";

const [from = "", to = "", dtype = "float32", shardBytes = "5e9", heads] = process.argv.slice(2);
const checkpoint = await openCheckpoint(from, {
  heads: heads === undefined ? undefined : Number(heads),
});
const { sizes, weights, family } = checkpoint;
if (!sizes) throw new Error(`transformers has no model for ${family} weights.`);
const config: FlavaConfig =
  sizes.kind === "flava" ? sizes.config : { ...models.base, codebook: sizes.config };
const has = (root: string): boolean =>
  [...weights.keys()].some((path) => path.startsWith(`${root}/`));
const parameters = Object.fromEntries(
  Object.entries(pretrainingParameters(config)).filter(([root]) => has(root)),
);
const backend = openBackend({ name: "reference" });
const state: State = new State(backend, { parameters });
const started = performance.now();
const { loaded } = await loadWeights(checkpoint, state);
const seconds = (performance.now() - started) / 1000;
await checkpoint.close();
await writeHuggingFace(to, state, config, {
  dtype: dtype as WeightDtype,
  shardBytes: Number(shardBytes),
});
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ family, loaded, seconds, peak }));
backend.dispose();
