/** Runs golden cases on this implementation. */
import type { Backend } from "../../src/backend/backend.js";
import { compile } from "../../src/backend/program.js";
import { State } from "../../src/backend/state.js";
import { leavesOf, mapTree } from "../../src/base/tree.js";
import { fromStored, storedShape, toStored } from "../../src/checkpoint/layout.js";
import { toFamily } from "../../src/checkpoint/names.js";
import { gradient } from "../../src/graph/gradient.js";
import { multiply } from "../../src/graph/ops/arithmetic.js";
import { cast } from "../../src/graph/ops/elementwise.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { constant } from "../../src/graph/placeholder.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { type FlavaForPretraining, pretrainingParameters } from "../../src/model/flava.js";
import { type ImageInput, encodeImage } from "../../src/model/image-encoder.js";
import { type TextInput, encodeText } from "../../src/model/text-encoder.js";
import type { Parameter } from "../../src/nn/parameter.js";
import type { Precision } from "../../src/nn/precision.js";
import type { Batch } from "../../src/objective/batch.js";
import { type TracedModel, stackOptions } from "../../src/objective/model.js";
import { type LossName, lossNames, lossesOf, totalLoss } from "../../src/objective/objectives.js";
import { type Input, batchOf, encoderInputs } from "./case-inputs.js";
import { type Given, encodedOutputs, pretrainingOutputs } from "./case-outputs.js";
import { type Fixture, type GoldenCase, expectedOf, inputOf } from "./fixture.js";
import { numbers } from "./numbers.js";

export type GoldenState = State<{ readonly parameters: FlavaForPretraining<Parameter> }>;

/** What the code base of the golden file calls the tensor at a path, and how it lays it out. */
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
    const values = numbers(name, stored, weight.centre, weight.spread);
    state.write(`parameters/${path}`, fromStored(layout, shape, values));
  }
  return state;
}

/** Everything that the golden file holds of a case, as this implementation has it. */
export async function runCase(
  fixture: Fixture,
  golden: GoldenCase,
  state: GoldenState,
  precision: Precision = "float32",
): Promise<Map<string, Float32Array>> {
  const expected = expectedOf(fixture, golden.name);
  const alone = golden.kind.endsWith("encoder");
  // Rounded to bfloat16, nearly equal scores of visual tokens may change their order.
  const known = precision !== "float32" || golden.name.endsWith("visual-tokens");
  const inputs = alone
    ? encoderInputs(fixture, golden)
    : batchOf(fixture, golden, known ? "known" : "run");
  const program = compile({ state, inputs }, (s, given) => {
    const parameters = s.parameters as FlavaForPretraining<Tensor>;
    const model = { config: fixture.config, parameters, precision };
    const traced = (alone ? traceEncoder : tracePretraining)(model, fixture, golden, given as Given);
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
  return inTheirLayout(fixture, state, results as Record<string, Float32Array | Int32Array>);
}

interface Traced {
  readonly loss: Tensor;
  readonly outputs: Record<string, Tensor>;
}

function tracePretraining(
  model: TracedModel,
  fixture: Fixture,
  golden: GoldenCase,
  given: Given,
): Traced {
  const losses = lossesOf(model, { kind: golden.kind, ...given } as unknown as Batch);
  const isPaid = (name: LossName): boolean =>
    golden.losses.includes(name) || inputOf(fixture, golden.name, "mlmLabels") === undefined;
}
