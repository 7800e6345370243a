/** Our side of the benchmark of fine-tuning: one step with a head for classes. */
import type { Backend } from "../src/backend/backend.js";
import { State } from "../src/backend/state.js";
import { keyOf } from "../src/base/random.js";
import { mapTree } from "../src/base/tree.js";
import { withImageSize } from "../src/data/image/fitted-processor.js";
import { defaultProcessor, viewShape } from "../src/data/image/processor.js";
import type { TensorSpec } from "../src/graph/tensor.js";
import { fill } from "../src/graph/ops/fill.js";
import type { FlavaConfig } from "../src/model/config.js";
import { flavaParameters } from "../src/model/flava.js";
import { taskHeadHidden, taskHeadParameters } from "../src/model/task-head.js";
import { type FlavaForTask, unusedParts } from "../src/model/task-model.js";
import { initialize } from "../src/nn/parameter.js";
import { freezing } from "../src/optim/rules.js";
import { optimizerStep } from "../src/train/optimizer-step.js";
import { finetuningLoss } from "../src/train/stages/task-loss.js";
import { optimizerState } from "../src/train/step/update.js";
import { Given, lengthsOf, randomWords } from "./model-inputs.js";
import { randomIntegers, randomNumbers } from "./random-numbers.js";
import type { Finetuning, Prepared } from "./work.js";

const classes = 3;

/** One step of fine-tuning in which everything that the head depends on is trained. */
export async function prepareFinetuning(
  backend: Backend,
  config: FlavaConfig,
  { encoder, batch, texts, imageSize, dtype }: Finetuning,
): Promise<Prepared> {
  const labels = { kind: "class", names: ["0", "1", "2"] } as const;
  const hidden = encoder === "text" ? undefined : taskHeadHidden;
  const parameters: FlavaForTask<TensorSpec> = {
    flava: flavaParameters(config),
    head: taskHeadParameters(config[encoder].width, classes, hidden),
  };
  const rules = freezing(unusedParts(encoder));
  const state = new State(backend, optimizerState(parameters, { rules }));
  await initialize(state, keyOf(0));
  const pixels = imageSize === undefined ? undefined : viewOf(imageSize);
  const sizes = {
    samples: batch,
    length: texts.padded,
    ...(pixels && { pixels }),
  };
  const loss = finetuningLoss(sizes, { config, precision: dtype, task: { encoder, labels } });
  const step = optimizerStep(state, loss, {
    optimizer: { rules },
    learningRate: () => fill([], 1e-5),
  });
  const inputs = {
    ids: randomWords(config, texts),
    lengths: lengthsOf(texts),
    target: new Given(randomIntegers(batch, 0, classes), [batch]),
    ...(pixels && {
      pixels: new Given(randomNumbers(batch * pixels.reduce((a, b) => a * b)), [batch, ...pixels]),
    }),
  };
  const values = mapTree(inputs, ({ values }: Given) => values);
  return { run: () => step.run(values) };
}

const viewOf = (size: number): readonly [number, number, number] =>
  viewShape({ width: size, height: size }, withImageSize(defaultProcessor(), size).encoder);
