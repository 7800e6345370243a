/** A small FLAVA whose weights all differ from zero and one, for tests of the model. */
import type { Backend } from "../src/backend/backend.js";
import { type Program, compileTrees } from "../src/backend/program.js";
import { referenceBackend } from "../src/backend/reference.js";
import { State } from "../src/backend/state.js";
import type { Values } from "../src/backend/values.js";
import { below, foldIn, keyOf, normal } from "../src/base/random.js";
import { type Mapped, leavesOf, mapTree } from "../src/base/tree.js";
import { type Shape, type Tensor, TensorSpec, sizeOf } from "../src/graph/tensor.js";
import type { FlavaConfig } from "../src/model/config.js";
import { type FlavaForPretraining, pretrainingParameters } from "../src/model/flava.js";
import type { Parameter } from "../src/nn/parameter.js";
import type { PretrainingModel } from "../src/objective/model.js";
import type { ImageBatch, PairBatch, TextBatch } from "../src/data/batch/batch.js";

const stack = { layers: 2, width: 16, hidden: 32, heads: 2 };

export const config = {
  image: { ...stack, size: 32, patch: 8, channels: 3, vocabulary: 23 },
  text: { ...stack, vocabulary: 40, positions: 16, types: 2 },
  multimodal: { ...stack, layers: 1 },
  codebook: { channels: 3, groups: 4, blocksPerGroup: 2, hidden: 4, vocabulary: 23 },
  projection: 12,
  epsilon: 1e-12,
  headEpsilon: 1e-12,
  maskPadding: true,
} as const satisfies FlavaConfig;
export const patches = 16;

const key = keyOf(3);
const backend = referenceBackend();

export type ModelState = State<{ readonly parameters: FlavaForPretraining<Parameter> }>;

/** The numbers of one parameter: wide enough that a change anywhere has an effect everywhere. */
function weightOf(path: string, { size }: Parameter): Float32Array {
  if (path.endsWith("logitScale")) return Float32Array.of(1.2);
  const values = normal(foldIn(key, path), size, 0.25);
  return path.endsWith("gain") ? values.map((value) => 1 + value) : values;
}

export function smallState(on: Backend = backend): ModelState {
  const state = new State(on, { parameters: pretrainingParameters(config) });
  for (const [path, leaf] of leavesOf<Parameter>(state.specs.parameters)) {
    state.write(`parameters/${path}`, weightOf(path, leaf));
  }
  return state;
}

/** The model while its losses are traced, in float32. */
export const modelOf = (
  parameters: FlavaForPretraining<Tensor>,
  changes: Partial<PretrainingModel> = {},
): PretrainingModel => ({ config, parameters, precision: "float32", ...changes });

/** An input with its values. */
export class Given extends TensorSpec {
  constructor(
    shape: Shape,
    readonly values: Values,
  ) {
    super(shape, values instanceof Int32Array ? "int32" : "float32");
  }
}

export const floats = (shape: Shape, values: ArrayLike<number>): Given =>
  new Given(shape, Float32Array.from(values));
export const integers = (shape: Shape, values: ArrayLike<number>): Given =>
  new Given(shape, Int32Array.from(values));

const randomFloats = (name: string, shape: Shape): Given =>
  new Given(shape, normal(foldIn(key, name), sizeOf(shape)));

/** Images with patches 0, 3, 5 and 9 masked. */
export function images(batch: number, name = "images"): Omit<ImageBatch<Given>, "kind"> {
  const hidden = Array.from({ length: batch }, () =>
    Array.from({ length: patches }, (_, patch) => ([0, 3, 5, 9].includes(patch) ? 1 : 0)),
  ).flat();
  const positions = [...hidden.keys()].filter((place) => hidden[place] === 1);
  return {
    pixels: randomFloats(`${name} pixels`, [batch, 3, 32, 32]),
    hidden: floats([batch, patches], hidden),
    positions: integers([positions.length], positions),
    visualTokens: integers(
      [batch, patches],
      hidden.map((_, i) => below(foldIn(foldIn(key, `${name} tokens`), i), 23)),
    ),
  };
}

/** Texts of `lengths` tokens, padded to `length`; their second token is masked. */
export function texts(
  lengths: readonly number[],
  length: number,
  name = "texts",
): Omit<TextBatch<Given>, "kind"> & { readonly ids: Given } {
  const shape = [lengths.length, length];
  const ids = lengths.flatMap((count, sample) =>
    Array.from({ length }, (_, i) =>
      i < count ? 1 + below(foldIn(foldIn(foldIn(key, name), sample), i), 38) : 0,
    ),
  );
  const positions = lengths.map((_, sample) => sample * length + 1);
  return {
    ids: integers(shape, ids),
    maskedIds: integers(
      shape,
      ids.map((id, place) => (positions.includes(place) ? 39 : id)),
    ),
    lengths: integers([lengths.length], lengths),
    targets: {
      positions: integers([positions.length], positions),
      labels: integers(
        [positions.length],
        positions.map((place) => ids[place]!),
      ),
    },
  };
}

/** Images with texts; `match` marks the pairs that match. */
export function pairs(
  match: readonly number[],
  lengths: readonly number[] = match.map((_, sample) => 4 + (sample % 3)),
): Omit<PairBatch<Given>, "kind"> {
  return {
    ...images(match.length),
    ...texts(lengths, 7),
    match: floats([match.length], match),
  };
}

type Traced<I> = (
  parameters: FlavaForPretraining<Tensor>,
  inputs: Mapped<I, TensorSpec, Tensor>,
) => Record<string, Tensor>;

export function compileOn<I>(
  state: ModelState,
  inputs: I,
  trace: Traced<I>,
): Program<I, Record<string, Tensor>> {
  return compileTrees({ state, inputs }, (s, given) => ({
    outputs: trace(s.parameters as FlavaForPretraining<Tensor>, given),
  }));
}

/** Runs a function of the model's parameters and of inputs once; returns its results by name. */
export async function evaluate<I>(
  inputs: I,
  trace: Traced<I>,
  { state = smallState() }: { state?: ModelState } = {},
): Promise<Record<string, number[]>> {
  const program = compileOn(state, inputs, trace);
  const values = mapTree(inputs, (given: Given) => given.values);
  const results = await program.run(values as unknown as Mapped<I, TensorSpec, Values>);
  program.dispose();
  const lists = Object.entries(results as Record<string, Values>);
  return Object.fromEntries(lists.map(([name, found]) => [name, Array.from(found)]));
}

/** Some samples of an input whose first axis is the batch. */
export function samplesOf(
  { shape: [batch = 0, ...rest], values }: Given,
  samples: readonly number[],
): Given {
  const size = values.length / batch;
  const kept = samples.flatMap((sample) => [
    ...values.subarray(sample * size, (sample + 1) * size),
  ]);
  const shape = [samples.length, ...rest];
  return values instanceof Int32Array ? integers(shape, kept) : floats(shape, kept);
}

/** The first `length` tokens of texts. */
export function shortened({ shape: [batch = 0, full = 0], values }: Given, length: number): Given {
  const kept = Array.from(values).filter((_, i) => i % full < length);
  return integers([batch, length], kept);
}

/** A copy of `given` with one value changed. */
export const changed = ({ shape, values }: Given, place: number, value: number): Given => {
  const copy = values.slice();
  copy[place] = value;
  return new Given(shape, copy);
};
