/**
 * A new head on frozen encoders: it learns to say how dark an image is, from the class token of the image encoder.
 *
 *   new-head.ts [SOURCE] [STEPS]
 */
import { decodeImage, fittedProcessor, openSource, pixelsOf } from "flava/data";
import { State, freezing, keyOf, openBackend, spec } from "flava/engine";
import {
  exactLinear,
  flavaParameters,
  imageFeatures,
  initialize,
  linearParameters,
  loadWeights,
  models,
  openCheckpoint,
} from "flava/model";
import { fill, mean, multiply, reshape, subtract } from "flava/ops";
import { optimizerState, optimizerStep } from "flava/train";

const [path = "samples/mini-pmd/evaluation/zero-shot-ph", steps = "50"] = process.argv.slice(2);
const [batch, config, precision] = [16, models.mini, "float32"] as const;

const backend = openBackend();
const parameters = {
  flava: flavaParameters(config),
  head: linearParameters(config.image.width, 1),
};
const rules = freezing(["flava"]);
const state = new State(backend, optimizerState(parameters, { rules }));
await initialize(state, keyOf(0));
const checkpoint = await openCheckpoint("models/mini");
await loadWeights(checkpoint, state, { parts: ["flava"], strict: false });
await checkpoint.close();

const { channels, size } = config.image;
const loss = {
  inputs: { pixels: spec([batch, channels, size, size]), darkness: spec([batch]) },
};
const step = optimizerStep(
  state,
  {
    ...loss,
    trace: (model, { pixels, darkness }) => {
      const features = imageFeatures({ config, parameters: model, precision }, { pixels }); // [B, D]
      const answers = reshape(exactLinear(model.head, features, precision), [batch]);
      const error = subtract(answers, darkness);
      return { total: mean(multiply(error, error)), scalars: {} };
    },
  },
  { optimizer: { rules }, learningRate: () => fill([], 0.01) },
);

const processor = fittedProcessor(config);
const pixels = new Float32Array(batch * channels * size * size);
const darkness = new Float32Array(batch);
let [filled, made] = [0, 0];
for await (const { image } of (await openSource(path)).read()) {
  if (!image || made === Number(steps)) continue;
  const decoded = await decodeImage(image);
  pixels.set(pixelsOf(decoded, processor), (filled * pixels.length) / batch);
  darkness[filled] =
    1 - decoded.pixels.reduce((sum, value) => sum + value, 0) / decoded.pixels.length / 255;
  if (++filled < batch) continue;
  const { total } = await step.run({ pixels, darkness });
  console.log(`step ${++made}: ${total.toFixed(4)}`);
  filled = 0;
}
backend.dispose();
