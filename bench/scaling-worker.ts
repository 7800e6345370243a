/** One of the processes that `scaling.ts` starts: measures a training step, or the exchange of gradients alone. */
import { nativeBackend } from "../src/backend/native.js";
import { joinMpi } from "../src/backend/native-communicator.js";
import { compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { keyOf } from "../src/base/random.js";
import { mapTree } from "../src/base/tree.js";
import { models } from "../src/configs/models.js";
import type { Batch } from "../src/data/batch/batch.js";
import { allReduce } from "../src/graph/ops/collective.js";
import { concatenate } from "../src/graph/ops/concatenate.js";
import { slice } from "../src/graph/ops/slice.js";
import { fill } from "../src/graph/ops/fill.js";
import { type TensorSpec, spec } from "../src/graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../src/model/flava.js";
import { initialize } from "../src/nn/parameter.js";
import { divisionOf } from "../src/optim/zero.js";
import { launchOf, mpiLibraryPath } from "../src/parallel/launcher.js";
import { optimizerStep } from "../src/train/optimizer-step.js";
import { pretrainingLoss, pretrainingRules } from "../src/train/stages/pretraining-loss.js";
import { AccumulatedStep } from "../src/train/step/accumulated-step.js";
import { bucketBytes } from "../src/train/step/reduced-gradients.js";
import { optimizerState } from "../src/train/step/update.js";
import { median } from "./measure.js";
import { type Given, pretrainingBatch } from "./model-inputs.js";
import type { ScalingRequest } from "./scaling.js";
import { fullTexts } from "./work.js";

const request = JSON.parse(process.argv[2]!) as ScalingRequest;
const launch = launchOf(process.env);
const processes = launch && joinMpi(mpiLibraryPath(launch.library), 600);
const { size = 1, rank = 0 } = processes ?? {};
const backend = nativeBackend({ threads: request.threads, processes });

/** Seconds of the median of `count` runs, all begun together, after two that are not counted. */
async function seconds(count: number, run: () => Promise<unknown>): Promise<number> {
  const found: number[] = [];
  for (let index = 0; index < count + 2; index++) {
    await processes?.gather(0, new Float64Array(1));
    const began = performance.now();
    await run();
    if (index >= 2) found.push((performance.now() - began) / 1000);
  }
  return median(found);
}

/** A step on this process's part of the batch: with the others, or on its own. */
async function prepareStep(what: "step" | "divided" | "alone"): Promise<() => Promise<unknown>> {
  const config = models[request.model];
  const rules = pretrainingRules();
  const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
  const divided = divisionOf(what === "divided" ? 1 : 0, processes, parameters, rules);
  const state = new State(backend, optimizerState(parameters, { rules }), divided?.ranges);
  await initialize(state, keyOf(0));
  const { kind, ...inputs } = pretrainingBatch(config, {
    kind: "pretrain",
    samples: "pair",
    batch: request.batch / size,
    texts: fullTexts(request.batch / size, Math.min(77, config.text.positions)),
    dtype: "bfloat16",
  });
  const batch = { kind, ...inputs } as Batch<Given>;
  const loss = pretrainingLoss(batch, { config, precision: "bfloat16" });
  const options = { optimizer: { rules }, divided, clip: 1, learningRate: () => fill([], 1e-4) };
  const step =
    processes && what !== "alone"
      ? new AccumulatedStep(state, loss.split!(1), { ...options, processes })
      : optimizerStep(state, loss, options);
  const values = mapTree(inputs, ({ values }: Given) => values);
  return () => step.run(values);
}

/** The sum of so many bytes over all processes, in the portions of a step. */
function prepareExchange(bytes: number): () => Promise<unknown> {
  const length = bucketBytes / 4;
  const tensors = Array.from({ length: Math.ceil(bytes / bucketBytes) }, () => spec([length]));
  const state = new State(backend, { tensors });
  const program = compile({ state, inputs: {} }, (s) => {
    const sums = s.tensors.map((x, index) => allReduce([x], { size, rank }, 8 + index)[0]!);
    return {
      outputs: {
        first: concatenate(
          sums.map((sum) => slice(sum, 0, 0, 1)),
          0,
        ),
      },
    };
  });
  return () => program.run({});
}

const run =
  request.what === "exchange" ? prepareExchange(request.bytes) : await prepareStep(request.what);
const found = await seconds(request.repeats, run);
if (rank === 0) console.log(JSON.stringify({ seconds: found }));
backend.dispose();
processes?.leave();
