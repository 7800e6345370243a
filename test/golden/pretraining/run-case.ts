/** Runs golden cases on this implementation. */
import type { Backend } from "../../../src/backend/backend.js";
import { compile } from "../../../src/backend/program.js";
import { State } from "../../../src/backend/state.js";
import type { Values } from "../../../src/backend/values.js";
import { leavesOf, mapTree } from "../../../src/base/tree.js";
import { fromStored, storedShape, toStored } from "../../../src/checkpoint/layout.js";
import { toFamily } from "../../../src/checkpoint/names.js";
import { gradient } from "../../../src/graph/gradient.js";
import { multiply } from "../../../src/graph/ops/arithmetic.js";
import { affine } from "../../../src/graph/ops/affine.js";
import { sum } from "../../../src/graph/ops/broadcast.js";
import { constant } from "../../../src/graph/placeholder.js";
import type { Tensor } from "../../../src/graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../../../src/model/flava.js";
import { encodeImages, encodeTexts } from "../../../src/model/traced-model.js";
import type { ImageInput } from "../../../src/model/image-encoder.js";
import type { TextInput } from "../../../src/model/text-encoder.js";
import type { Parameter } from "../../../src/nn/parameter.js";
import type { Precision } from "../../../src/nn/precision.js";
import type { Batch } from "../../../src/data/batch/batch.js";
import type { PretrainingModel } from "../../../src/objective/model.js";
import {
  type LossName,
  lossNames,
  lossesOf,
  totalLoss,
} from "../../../src/objective/objectives.js";
import { type Input, batchOf, encoderInputs } from "./case-inputs.js";
import { type Given, encodedOutputs, prefixed, pretrainingOutputs } from "./case-outputs.js";
import { type Fixture, type GoldenCase, expectedOf, inputOf } from "./fixture.js";
import { numbers } from "./numbers.js";

export type GoldenState = State<{ readonly parameters: FlavaForPretraining<Parameter> }>;

/** The name and layout, in the golden file's code base, of the tensor at a path. */
function theirs({ family }: Fixture, path: string): NonNullable<ReturnType<typeof toFamily>> {
  const found = toFamily(family, path);
  if (!found) throw new Error(`${family} has no name for ${path}.`);
  return found;
}

/** A state with the weights of the golden file. */
export function goldenState(fixture: Fixture, backend: Backend): GoldenState {
  const state = new State(backend, { parameters: pretrainingParameters(fixture.config) });
  for (const [path, { shape }] of leavesOf<Parameter>(state.specs.parameters)) {
    const { name, layout } = theirs(fixture, path);
    const weight = fixture.weights[name];
    const stored = storedShape(layout, shape, fixture.config.image);
    if (weight?.shape.join() !== stored.join())
      throw new Error(`${name} is not [${stored.join(", ")}] in the golden file.`);
    const values = numbers(name, stored, weight.center, weight.spread);
    state.write(`parameters/${path}`, fromStored(layout, shape, values));
  }
  return state;
}

/** This implementation's results for everything that the golden file holds of a case. */
export async function runCase(
  fixture: Fixture,
  golden: GoldenCase,
  state: GoldenState,
  precision: Precision = "float32",
): Promise<Map<string, Float32Array>> {
  const expected = expectedOf(fixture, golden.name);
  const alone = golden.kind.endsWith("encoder");
  // Rounded to bfloat16, nearly equal scores of visual tokens may swap.
  const given = precision !== "float32" || golden.name.endsWith("visual-tokens");
  const inputs = alone
    ? encoderInputs(fixture, golden)
    : batchOf(fixture, golden, given ? "given" : "named");
  const program = compile({ state, inputs }, (s, given) => {
    const parameters = s.parameters as FlavaForPretraining<Tensor>;
    const model = { config: fixture.config, parameters, precision };
    const traced = (alone ? traceEncoder : tracePretraining)(model, fixture, golden, given);
    const wanted = Object.entries(traced.outputs).filter(([name]) => expected.has(name));
    const outputs = {
      ...Object.fromEntries(wanted),
      ...gradientsByName(fixture, gradient(traced.loss, parameters)),
    };
    return { outputs };
  });
  const results = await withLogitScale(state, golden.logitScale, () =>
    program.run(mapTree(inputs, ({ values }: Input) => values)),
  );
  program.dispose();
  return inTheirLayout(fixture, state, results);
}

interface Traced {
  readonly loss: Tensor;
  readonly outputs: Record<string, Tensor>;
}

function tracePretraining(
  model: PretrainingModel,
  fixture: Fixture,
  golden: GoldenCase,
  given: Given,
): Traced {
  const all = lossesOf(model, { kind: golden.kind, ...given } as unknown as Batch);
  // A text without labels has an empty selection, whose loss of 0 must not disturb the total.
  const unlabeled = inputOf(fixture, golden.name, "mlmLabels") === undefined;
  const unpaid = lossNames.filter(
    (name) => !golden.losses.includes(name) && !(name === "mmmText" && unlabeled),
  );
  const weights = { ...golden.weights, ...Object.fromEntries(unpaid.map((name) => [name, 0])) };
  const total = totalLoss(all, weights);
  const weighted = Object.entries(all).map(([name, loss]) => {
    const weight = golden.weights[name as LossName] ?? 1;
    return [`loss/${name}`, affine(loss, weight, 0)];
  });
  return {
    loss: total,
    outputs: {
      ...pretrainingOutputs(model, fixture, golden, given),
      ...(Object.fromEntries(weighted) as Record<string, Tensor>),
      "loss/total": total,
    },
  };
}

/** A single encoder, with a linear function of its sequence to differentiate. */
function traceEncoder(
  model: PretrainingModel,
  _fixture: Fixture,
  { name, kind, interpolation }: GoldenCase,
  given: Given,
): Traced {
  const { image, text } = model.parameters.flava;
  const interpolating = { ...model, ...(interpolation && { interpolation }) };
  const encoded =
    kind === "image encoder"
      ? encodeImages(interpolating, given as ImageInput)
      : encodeTexts(model, given as TextInput);
  const { shape } = encoded.sequence;
  const direction = constant(numbers(`${name} direction`, shape), shape);
  const { pooler } = kind === "image encoder" ? image : text;
  return {
    loss: sum(multiply(encoded.sequence, direction)),
    outputs: prefixed("encoded", encodedOutputs(model, pooler, encoded)),
  };
}

/** The gradients, under their names in the golden file. */
function gradientsByName(fixture: Fixture, gradients: unknown): Record<string, Tensor> {
  return Object.fromEntries(
    leavesOf<Tensor>(gradients).map(([path, tensor]) => [
      `gradient/${theirs(fixture, path).name}`,
      tensor,
    ]),
  );
}

/** Results laid out as in the golden file. */
function inTheirLayout(
  fixture: Fixture,
  state: GoldenState,
  results: Readonly<Record<string, Values>>,
): Map<string, Float32Array> {
  const values = new Map(
    Object.entries(results).map(([name, found]) => [name, Float32Array.from(found)]),
  );
  for (const [path, { shape }] of leavesOf<Parameter>(state.specs.parameters)) {
    const { name, layout } = theirs(fixture, path);
    const gradient = values.get(`gradient/${name}`);
    if (gradient) values.set(`gradient/${name}`, toStored(layout, shape, gradient));
  }
  return values;
}

/** Runs `task` with another logit scale. */
async function withLogitScale<R>(
  state: GoldenState,
  logitScale: number | undefined,
  task: () => Promise<R>,
): Promise<R> {
  if (logitScale === undefined) return task();
  const path = "parameters/flava/logitScale";
  const own = await state.read(path);
  state.write(path, Float32Array.of(logitScale));
  return task().finally(() => state.write(path, own));
}
