/**
 * A training loop written out: contrastive learning of a tiny FLAVA, with nothing but the engine, the model and the
 * loader. `pretrain` of flava/train adds checkpoints, validation, logs and resuming.
 *
 *   training-loop.ts [SOURCE] [STEPS]
 */
import {
  Loader,
  Mixture,
  fittedProcessor,
  indexesOf,
  openSampleSet,
  openVocabulary,
  sizesOf,
} from "flava/data";
import {
  State,
  type Tensor,
  adamW,
  adamWMoments,
  clipByGlobalNorm,
  compile,
  constant,
  gradient,
  keyOf,
  openBackend,
  spec,
  warmupCosine,
} from "flava/engine";
import { flavaParameters, imageOutputs, initialize, models, textOutputs } from "flava/model";
import { add, affine, exp, fill, mean, multiply, product, softmaxCrossEntropy } from "flava/ops";

const [path = "samples/mini-pmd/pairs/icons/train", steps = "100"] = process.argv.slice(2);
const [batch, length, total, config] = [32, 16, Number(steps), models.tiny] as const;

// Data: batches of pairs, unmasked, in an order that follows from a seed.
const sets = { pair: [await openSampleSet(path, "mine")], image: [], text: [] };
const loader = await Loader.open({
  planner: new Mixture({
    seed: 0,
    batch: { pair: batch, image: batch, text: batch },
    shares: { pair: 1, image: 0, text: 0 },
    sets: sizesOf(sets),
    temperature: 1,
    mismatched: 0,
  }),
  reader: "pretraining",
  options: {
    indexes: indexesOf(sets),
    vocabulary: await openVocabulary(),
    batch: {
      processor: fittedProcessor(config),
      views: { scale: [0.9, 1], ratio: [0.75, 1.33], flip: 0, jitter: 0 },
      captions: { lengths: [length], masked: 0.15, unit: "word" },
      texts: { lengths: [length], masked: 0.15, unit: "piece" },
    },
  },
  workers: 1,
});

// State: parameters, and AdamW's moments.
const backend = openBackend();
const parameters = { flava: flavaParameters(config) };
const state = new State(backend, { parameters, moments: adamWMoments(parameters) });
await initialize(state, keyOf(0), 3.46);

// One program: both passes, clipping and the update.
const { channels, size } = config.image;
const inputs = {
  pixels: spec([batch, channels, size, size]),
  ids: spec([batch, length], "int32"),
  lengths: spec([batch], "int32"),
  step: spec([]),
};
const program = compile({ state, inputs }, ({ parameters, moments }, { step, ...given }) => {
  const model = { config, parameters, precision: "float32" } as const;
  const [images, texts] = [
    imageOutputs(model, given).embedding,
    textOutputs(model, given).embedding,
  ];
  const scale = exp(parameters.flava.logitScale);
  const labels = constant(
    Int32Array.from({ length: batch }, (_, i) => i),
    [batch],
  );
  const crossEntropy = (own: Tensor, others: Tensor): Tensor => {
    const logits = product(multiply(own, scale), others, { transposeB: true }); // [B, B]
    return mean(softmaxCrossEntropy(logits, labels, fill([batch], 1)));
  };
  const loss = affine(add(crossEntropy(images, texts), crossEntropy(texts, images)), 0.5, 0);
  const gradients = gradient(loss, parameters);
  const updated = adamW({
    ...{ parameters, gradients, moments, step },
    learningRate: warmupCosine(step, { peak: 2e-3, warmup: Math.ceil(total / 10), total }),
    scale: clipByGlobalNorm(gradients, 1).scale,
  });
  return { outputs: { loss }, state: { parameters: updated.parameters, moments: updated.moments } };
});

for (let step = 1; step <= total; step++) {
  const { batch: pairs } = await loader.next();
  if (pairs.kind !== "pair") continue;
  const { pixels, ids, lengths } = pairs;
  const { loss } = await program.run({ pixels, ids, lengths, step: Float32Array.of(step) });
  if (step % 10 === 0 || step === total) console.log(`step ${step}: ${loss[0]!.toFixed(3)}`);
}
await loader.close();
backend.dispose();
