/** The inputs of golden cases: integers are stored in the file, others are made by formula. */
import type { Values } from "../../../src/backend/values.js";
import { type Shape, TensorSpec } from "../../../src/graph/tensor.js";
import { patchCount } from "../../../src/model/config.js";
import { type Fixture, type GoldenCase, inputOf } from "./fixture.js";
import { codebookPixels, pixels } from "./numbers.js";

/** An input with its values. */
export class Input extends TensorSpec {
  constructor(
    shape: Shape,
    readonly values: Values,
  ) {
    super(shape, values instanceof Int32Array ? "int32" : "float32");
  }
}

export type Inputs = Readonly<Record<string, Input | Readonly<Record<string, Input>>>>;

function required(fixture: Fixture, golden: GoldenCase, name: string): Int32Array {
  const values = inputOf(fixture, golden.name, name);
  if (!values) throw new Error(`The case ${golden.name} has no ${name}.`);
  return values;
}

const vector = (values: Values): Input => new Input([values.length], values);

/** The positions at which `chosen` holds, and one of padding. */
function placesOf(values: Int32Array, chosen: (value: number) => boolean): Int32Array {
  const found = [...values.keys()].filter((place) => chosen(values[place]!));
  return Int32Array.of(...found, -1);
}

/**
 * The batch of a case, without its kind; texts also have their unmasked ids.
 *
 * @param tokens whether visual tokens are given, or computed by the codebook
 */
export function batchOf(fixture: Fixture, golden: GoldenCase, tokens: "given" | "named"): Inputs {
  const { kind, name, batch } = golden;
  const match = inputOf(fixture, name, "match") ?? new Int32Array(batch).fill(1);
  return {
    ...(kind === "text" ? {} : imagesOf(fixture, golden, tokens)),
    ...(kind === "image" ? {} : textsOf(fixture, golden)),
    ...(kind === "pair" ? { match: vector(Float32Array.from(match)) } : {}),
  };
}

function imagesOf(fixture: Fixture, golden: GoldenCase, tokens: "given" | "named"): Inputs {
  const { name, batch } = golden;
  const { image } = fixture.config;
  const patches = patchCount(image);
  const [side, shape] = [Math.sqrt(patches), [batch, 3, image.size, image.size]];
  const hidden = required(fixture, golden, "hidden");
  const seen = new Input([batch, 3, 8 * side, 8 * side], codebookPixels(name, batch, side));
  const visualTokens = new Input([batch, patches], required(fixture, golden, "visualTokens"));
  return {
    pixels: new Input(shape, pixels(name, shape)),
    hidden: new Input([batch, patches], Float32Array.from(hidden)),
    positions: vector(placesOf(hidden, (value) => value === 1)),
    codebookPixels: seen,
    ...(tokens === "given" ? { visualTokens } : {}),
  };
}

function textsOf(fixture: Fixture, golden: GoldenCase): Inputs {
  const { batch } = golden;
  const ids = required(fixture, golden, "ids");
  const shape = [batch, ids.length / batch];
  const labels = inputOf(fixture, golden.name, "mlmLabels") ?? new Int32Array(ids.length).fill(-1);
  const positions = placesOf(labels, (label) => label >= 0);
  return {
    ids: new Input(shape, ids),
    maskedIds: new Input(shape, required(fixture, golden, "maskedIds")),
    lengths: vector(required(fixture, golden, "lengths")),
    targets: {
      positions: vector(positions),
      labels: vector(positions.map((place) => labels[place] ?? 0)),
    },
  };
}

/** The inputs of a single encoder. */
export function encoderInputs(fixture: Fixture, golden: GoldenCase): Inputs {
  const { kind, name, batch, height = 0, width = 0 } = golden;
  if (kind === "image encoder") {
    const hidden = required(fixture, golden, "hidden");
    const shape = [batch, 3, height, width];
    return {
      pixels: new Input(shape, pixels(name, shape)),
      hidden: new Input([batch, hidden.length / batch], Float32Array.from(hidden)),
    };
  }
  const ids = required(fixture, golden, "ids");
  const shape = [batch, ids.length / batch];
  return {
    ids: new Input(shape, ids),
    types: new Input(shape, required(fixture, golden, "types")),
    lengths: vector(required(fixture, golden, "lengths")),
  };
}

/** The samples that count for losses of matched pairs: those that match, or all if none does. */
export function countedSamples(fixture: Fixture, { name, batch }: GoldenCase): number[] {
  const samples = Array.from({ length: batch }, (_, sample) => sample);
  const match = inputOf(fixture, name, "match");
  return match?.includes(1) ? samples.filter((sample) => match[sample] === 1) : samples;
}
