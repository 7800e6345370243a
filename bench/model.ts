/** Our side of the model benchmark: FLAVA trained, applied and loaded. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../src/backend/backend.js";
import { openBackend } from "../src/backend/open.js";
import { type Program, compile } from "../src/backend/program.js";
import { State } from "../src/backend/state.js";
import { cacheDirectory } from "../src/base/cache.js";
import { keyOf } from "../src/base/random.js";
import { mapTree } from "../src/base/tree.js";
import { writeHuggingFace } from "../src/checkpoint/huggingface.js";
import { loadWeights } from "../src/checkpoint/load.js";
import { openCheckpoint } from "../src/checkpoint/open.js";
import { models } from "../src/configs/models.js";
import { fill } from "../src/graph/ops/fill.js";
import type { Batch } from "../src/data/batch/batch.js";
import type { Tensor, TensorSpec } from "../src/graph/tensor.js";
import type { FlavaConfig } from "../src/model/config.js";
import {
  type Flava,
  type FlavaForPretraining,
  flavaParameters,
  pretrainingParameters,
} from "../src/model/flava.js";
import { type MatchHead, matchHeadParameters } from "../src/model/heads.js";
import { imageOutputs, matchProbability, pairOutputs, textOutputs } from "../src/model/outputs.js";
import type { TracedModel } from "../src/model/traced-model.js";
import { type Parameter, initialize } from "../src/nn/parameter.js";
import type { Precision } from "../src/nn/precision.js";
import { optimizerStep } from "../src/train/optimizer-step.js";
import {
  boundLogitScale,
  pretrainingLoss,
  pretrainingRules,
} from "../src/train/stages/pretraining-loss.js";
import { optimizerState } from "../src/train/step/update.js";
import { Given, lengthsOf, pretrainingBatch, randomImages, randomWords } from "./model-inputs.js";
import {
  type Application,
  type Loading,
  type Prepared,
  type Pretraining,
  fullTexts,
  threads,
} from "./work.js";

/** One pre-training step with its losses. */
export async function preparePretraining(
  backend: Backend,
  config: FlavaConfig,
  work: Pretraining,
): Promise<Prepared> {
  const rules = pretrainingRules();
  const parameters: FlavaForPretraining<TensorSpec> = pretrainingParameters(config);
  const state = new State(backend, optimizerState(parameters, { rules }));
  await initialize(state, keyOf(0));
  const { kind, ...inputs } = pretrainingBatch(config, work);
  const loss = pretrainingLoss({ kind, ...inputs } as Batch<Given>, {
    config,
    precision: work.dtype,
  });
  const step = optimizerStep(state, loss, {
    optimizer: { rules },
    learningRate: () => fill([], 1e-4),
    constrain: boundLogitScale,
  });
  const values = mapTree(inputs, ({ values }: Given) => values);
  return { run: () => step.run(values) };
}

/** The parameters that the outputs need. */
type ApplicationParameters<T> = {
  readonly flava: Flava<T>;
  readonly heads: { readonly itm: MatchHead<T> };
};
type ApplicationState = State<{ readonly parameters: ApplicationParameters<Parameter> }>;
type ApplicationInputs = { readonly pixels: Given; readonly ids: Given; readonly lengths: Given };

/** An embedding or a probability. The weights are rounded, quantized and packed in the first run. */
export async function prepareApplication(
  backend: Backend,
  config: FlavaConfig,
  work: Application,
): Promise<Prepared> {
  const state = await applicationState(backend, config);
  const inputs = applicationInputs(config, work);
  const program = compileApplication(state, config, inputs, work.dtype, (model, heads, given) =>
    work.output === "ITM score"
      ? matchProbability(
          heads,
          pairOutputs(model, given, given, { keepTokens: 1 }),
          model.precision,
        )
      : vectorOf(work.output, model, given),
  );
  const values = mapTree(inputs, ({ values }: Given) => values);
  return { run: () => program.run(values) };
}

/** The least cosine, over a batch, between results of `work` and those in float32. */
export async function cosineToFloat32(config: FlavaConfig, work: Application): Promise<number> {
  const backend = openBackend({ name: "native", threads });
  const state = await applicationState(backend, config);
  const inputs = applicationInputs(config, work);
  const vectors = async (precision: Precision): Promise<Float32Array> => {
    const program = compileApplication(state, config, inputs, precision, (model, _, given) =>
      vectorOf(work.output, model, given),
    );
    const { result } = await program.run(mapTree(inputs, ({ values }: Given) => values));
    return Float32Array.from(result);
  };
  const [exact, approximate] = [await vectors("float32"), await vectors(work.dtype)];
  backend.dispose();
  return leastCosine(exact, approximate, work.batch);
}

/** The least cosine between `count` consecutive vectors in `a` and those in `b`. */
export function leastCosine(a: Float32Array, b: Float32Array, count: number): number {
  const width = a.length / count;
  const product = (x: Float32Array, y: Float32Array, row: number): number => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += x[i]! * y[i]!;
    return sum;
  };
  const cosines = Array.from(
    { length: count },
    (_, row) => product(a, b, row) / Math.sqrt(product(a, a, row) * product(b, b, row)),
  );
  return Math.min(...cosines);
}

async function applicationState(backend: Backend, config: FlavaConfig): Promise<ApplicationState> {
  const heads = { itm: matchHeadParameters(config.multimodal.width) };
  const state = new State(backend, { parameters: { flava: flavaParameters(config), heads } });
  await initialize(state, keyOf(0));
  return state;
}

/** All inputs, whatever the output needs: a program takes only what it reads. */
function applicationInputs(config: FlavaConfig, work: Application): ApplicationInputs {
  const { batch, texts = fullTexts(batch, 1) } = work;
  return {
    pixels: randomImages(config, batch),
    ids: randomWords(config, texts),
    lengths: lengthsOf(texts),
  };
}

type Traced = { readonly pixels: Tensor; readonly ids: Tensor; readonly lengths: Tensor };

function compileApplication(
  state: ApplicationState,
  config: FlavaConfig,
  inputs: ApplicationInputs,
  precision: Precision,
  resultOf: (
    model: TracedModel,
    heads: ApplicationParameters<Tensor>["heads"],
    given: Traced,
  ) => Tensor,
): Program<ApplicationInputs, { result: Tensor }> {
  return compile({ state, inputs }, ({ parameters }, given) => ({
    outputs: { result: resultOf({ config, parameters, precision }, parameters.heads, given) },
  }));
}

/** One vector per sample: the embedding or, for pairs, the class token from which the match score is computed. */
function vectorOf(output: Application["output"], model: TracedModel, given: Traced): Tensor {
  switch (output) {
    case "image embedding":
      return imageOutputs(model, given, { keepTokens: 1 }).embedding;
    case "text embedding":
      return textOutputs(model, given, { keepTokens: 1 }).embedding;
    case "ITM score":
      return pairOutputs(model, given, given, { keepTokens: 1 }).vector;
  }
}

/** Each run reads the weights into new memory. */
export function prepareLoading(backend: Backend, { directory }: Loading): Prepared {
  let state: State | undefined;
  return {
    run: async () => {
      const checkpoint = await openCheckpoint(directory);
      if (checkpoint.sizes?.kind !== "flava") throw new Error(`${directory} holds no FLAVA model.`);
      const parameters = pretrainingParameters(checkpoint.sizes.config);
      state = new State(backend, { parameters });
      await loadWeights(checkpoint, state);
      await checkpoint.close();
    },
    release: () => state?.dispose(),
  };
}

/** A directory with random weights of base size in Hugging Face's layout, written if it is missing. */
export async function randomCheckpoint(): Promise<string> {
  const directory = join(cacheDirectory(), "bench", "random-weights");
  if (existsSync(join(directory, "config.json"))) return directory; // which is written last
  await writeRandomWeights(directory, models.base);
  return directory;
}

/** Writes random weights, those of the codebook included, in Hugging Face's layout. */
export async function writeRandomWeights(directory: string, config: FlavaConfig): Promise<void> {
  const backend = openBackend();
  const state = new State(backend, { parameters: pretrainingParameters(config) });
  await initialize(state, keyOf(0));
  await writeHuggingFace(directory, state, config);
  backend.dispose();
}
