/** Reads the golden files of the model, written by ../make.py and ../make_torchmultimodal.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "../../../src/checkpoint/files/safetensors.js";
import type { Shape } from "../../../src/graph/tensor.js";
import type { FlavaConfig } from "../../../src/model/config.js";
import type { LossName } from "../../../src/objective/objectives.js";
import { places } from "./numbers.js";

export interface GoldenCase {
  readonly name: string;
  readonly kind: "image" | "text" | "pair" | "image encoder" | "text encoder";
  readonly batch: number;
  /** The losses of the case. */
  readonly losses: readonly LossName[];
  readonly weights: Readonly<Partial<Record<LossName, number>>>;
  /** Replaces the model's own. */
  readonly logitScale?: number;
  /** Of the images, if not the model's. */
  readonly height?: number;
  readonly width?: number;
  readonly interpolation?: "size" | "scale";
}

interface Description {
  readonly family: "FlavaForPreTraining" | "TorchMultimodal FLAVAForPreTraining";
  readonly config: FlavaConfig;
  /** Of larger tensors, only this many elements and the norm are kept. */
  readonly elements: number | null;
  readonly weights: Readonly<
    Record<string, { readonly shape: Shape; readonly center: number; readonly spread: number }>
  >;
  readonly cases: readonly GoldenCase[];
}

export interface Fixture extends Description {
  /** The values of "case/name". */
  readonly values: ReadonlyMap<string, Float32Array | Int32Array>;
}

export async function readFixture(name: string): Promise<Fixture> {
  const path = join(import.meta.dirname, name);
  const description = JSON.parse(readFileSync(`${path}.json`, "utf8")) as Description;
  const files = await openSafetensors(`${path}.safetensors`);
  const values = new Map<string, Float32Array | Int32Array>();
  for (const [key, tensor] of files.tensors) {
    const bytes = new Uint8Array(tensor.bytes);
    await tensor.read(bytes);
    const Elements = tensor.dtype === "int32" ? Int32Array : Float32Array;
    values.set(key, new Elements(bytes.buffer));
  }
  await files.close();
  return { ...description, values };
}

/** The integer input `name` of a case, if it has one. */
export function inputOf({ values }: Fixture, name: string, input: string): Int32Array | undefined {
  return values.get(`${name}/input/${input}`) as Int32Array | undefined;
}

/** The expected results of a case, by name. */
export function expectedOf({ values }: Fixture, name: string): Map<string, Float32Array> {
  const start = `${name}/`;
  return new Map(
    [...values]
      .filter(([key]) => key.startsWith(start) && !key.startsWith(`${start}input/`))
      .map(([key, found]) => [key.slice(start.length), Float32Array.from(found)]),
  );
}

/** The deviation of a tensor from the golden one. */
export interface Deviation {
  readonly name: string;
  /** The largest difference of an element, relative to the largest element. */
  readonly largest: number;
  /** The norm of the difference, relative to the norm. */
  readonly norm: number;
}

function normOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

function sizeOfLargest(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

const isGradient = (name: string): boolean => name.startsWith("gradient/");

/** Compares the results of a case with the expected ones. A gradient missing on one side must be zero on the other. */
export function compare(
  { elements }: Fixture,
  expected: ReadonlyMap<string, Float32Array>,
  actual: ReadonlyMap<string, Float32Array>,
): Deviation[] {
  const gradients = [...expected].filter(([name]) => isGradient(name));
  const largest = Math.max(...gradients.map(([, values]) => sizeOfLargest(values)));
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].map((name) => {
    const [golden, whole] = [expected.get(name), actual.get(name)];
    if (!isGradient(name) && !(golden && whole)) throw new Error(`${name} is on one side only.`);
    const length = (golden ?? whole)!.length;
    return deviation(
      name,
      golden ?? new Float32Array(length),
      whole ?? new Float32Array(length),
      elements ?? Infinity,
      isGradient(name) ? largest : 0,
    );
  });
}

/**
 * Gradients that are zero up to rounding, such as those of key biases, are measured relative to a hundredth of the
 * largest gradient of the case.
 */
function deviation(
  name: string,
  golden: Float32Array,
  whole: Float32Array,
  elements: number,
  largestGradient: number,
): Deviation {
  const sampled = whole.length > elements;
  const found = sampled
    ? Float32Array.from(places(name, whole.length, elements), (place) => whole[place]!)
    : whole;
  const expected = sampled ? golden.subarray(0, elements) : golden;
  if (found.length !== expected.length)
    throw new Error(`${name} has ${found.length} elements, not ${expected.length}.`);
  const difference = expected.map((value, i) => value - found[i]!);
  const vanishes = sizeOfLargest(expected) < 1e-6 * largestGradient;
  const unit = vanishes ? largestGradient / 100 : sizeOfLargest(expected) || 1;
  const norm = vanishes ? unit * Math.sqrt(expected.length) : normOf(expected) || 1;
  const goldenNorm = sampled ? golden.at(-1)! : norm;
  const ofNorms = sampled && !vanishes ? Math.abs(normOf(whole) - goldenNorm) / goldenNorm : 0;
  return {
    name,
    largest: Math.max(sizeOfLargest(difference) / unit, ofNorms),
    norm: Math.max(normOf(difference) / norm, ofNorms),
  };
}
