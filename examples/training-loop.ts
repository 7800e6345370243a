/**
 * A training loop written out: contrastive learning of a tiny FLAVA with the engine alone. `pretrain` of flava/train
 * adds checkpoints, validation, logs and resuming.
 *
 *   training-loop.ts [SOURCE] [STEPS]
 */
import { fittedProcessor, openPairLoader } from "flava/data";
import * as engine from "flava/engine";
import { flavaParameters, imageOutputs, initialize, models, textOutputs } from "flava/model";
import { add, affine, exp, fill, mean, multiply, product, softmaxCrossEntropy } from "flava/ops";

const [path = "samples/mini-pmd/pairs/icons/train", steps = "100"] = process.argv.slice(2);
const [batch, length, total, config] = [32, 16, Number(steps), models.tiny] as const;
const processor = fittedProcessor(config);
const loader = await openPairLoader(path, { batch, length, processor });

// State: parameters, and AdamW's moments.
const backend = engine.openBackend();
const parameters = { flava: flavaParameters(config) };
const moments = engine.adamWMoments(parameters);
const state = new engine.State(backend, { parameters, moments });
await initialize(state, engine.keyOf(0), Math.sqrt(768 / config.text.width)); // narrow: larger weights

/** The mean over rows of the cross-entropy of each row's own column. */
function contrast(own: engine.Tensor, others: engine.Tensor): engine.Tensor {
  const logits = product(own, others, { transposeB: true }); // [B, B]
  const labels = engine.constant(Int32Array.from(new Array(batch).keys()), [batch]);
  return mean(softmaxCrossEntropy(logits, labels, fill([batch], 1)));
}

// One program: both passes, clipping and the update.
const { channels, size } = config.image;
const inputs = {
  pixels: engine.spec([batch, channels, size, size]),
  ids: engine.spec([batch, length], "int32"),
  lengths: engine.spec([batch], "int32"),
  step: engine.spec([]),
};
const program = engine.compile({ state, inputs }, ({ parameters, moments }, { step, ...given }) => {
  const model = { config, parameters, precision: "float32" } as const;
  const images = imageOutputs(model, given).embedding; // [B, D], of length 1
  const texts = multiply(textOutputs(model, given).embedding, exp(parameters.flava.logitScale));
  const loss = affine(add(contrast(images, texts), contrast(texts, images)), 0.5, 0);
  const gradients = engine.gradient(loss, parameters);
  const { scale } = engine.clipByGlobalNorm(gradients, 1);
  const learningRate = engine.warmupCosine(step, { peak: 2e-3, warmup: total / 10, total });
  const updated = engine.adamW({ parameters, gradients, moments, step, learningRate, scale });
  return { outputs: { loss }, state: { parameters: updated.parameters, moments: updated.moments } };
});

for (let step = 1; step <= total; step++) {
  const { pixels, ids, lengths } = (await loader.next()).batch;
  const { loss } = await program.run({ pixels, ids, lengths, step: Float32Array.of(step) });
  if (step % 10 === 0 || step === total) console.log(`step ${step}: ${loss[0]!.toFixed(3)}`);
}
await loader.close();
backend.dispose();
