/** Reads the golden files of the model: what ../make.py and ../make_torchmultimodal.py wrote. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "../../../src/checkpoint/safetensors.js";
import type { Shape } from "../../../src/graph/tensor.js";
import type { FlavaConfig } from "../../../src/model/config.js";
import type { LossName } from "../../../src/objective/objectives.js";
import { places } from "./numbers.js";

export interface GoldenCase {
  readonly name: string;
  readonly kind: "image" | "text" | "pair" | "image encoder" | "text encoder";
  readonly batch: number;
  /** Those that are paid. */
  readonly losses: readonly LossName[];
  readonly weights: Readonly<Partial<Record<LossName, number>>>;
  /** Instead of the model's own. */
  readonly logitScale?: number;
  /** Of the images, where they are not of the model's size. */
  readonly height?: number;
  readonly width?: number;
  readonly interpolation?: "size" | "scale";
}

interface Description {
  readonly family: "FlavaForPreTraining" | "TorchMultimodal FLAVAForPreTraining";
  readonly config: FlavaConfig;
  /** Of larger tensors, only so many elements and the norm are kept. */
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

/** The whole-number input `name` of a case, if it has one. */
export function inputOf({ values }: Fixture, name: string, input: string): Int32Array | undefined {
  return values.get(`${name}/input/${input}`) as Int32Array | undefined;
}

/** What a case shall give, by name. */
export function expectedOf({ values }: Fixture, name: string): Map<string, Float32Array> {
  const start = `${name}/`;
  return new Map(
    [...values]
      .filter(([key]) => key.startsWith(start) && !key.startsWith(`${start}input/`))
      .map(([key, found]) => [key.slice(start.length), Float32Array.from(found)]),
  );
}

/** How far a tensor is from the golden one. */
export interface Deviation {
  readonly name: string;
  /** The largest difference of an element, as a part of the largest element. */
  readonly largest: number;
  /** The norm of the difference as a part of the norm. */
  readonly norm: number;
}

const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
const sizeOfLargest = (values: Float32Array): number =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

const isGradient = (name: string): boolean => name.startsWith("gradient/");

/** Compares what a case gives with what it shall give. A gradient that one side lacks must be zero on the other. */
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
 * Gradients that are zero but for rounding, such as those of key biases, are measured by a hundredth of the largest
 * gradient of the case.
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
  const wanted = sampled ? golden.subarray(0, elements) : golden;
  if (found.length !== wanted.length)
    throw new Error(`${name} has ${found.length} elements, not ${wanted.length}.`);
  const difference = wanted.map((value, i) => value - found[i]!);
  const vanishes = sizeOfLargest(wanted) < 1e-6 * largestGradient;
  const unit = vanishes ? largestGradient / 100 : sizeOfLargest(wanted) || 1;
  const norm = vanishes ? unit * Math.sqrt(wanted.length) : normOf(wanted) || 1;
  const goldenNorm = sampled ? golden.at(-1)! : norm;
  const ofNorms = sampled && !vanishes ? Math.abs(normOf(whole) - goldenNorm) / goldenNorm : 0;
  return {
    name,
    largest: Math.max(sizeOfLargest(difference) / unit, ofNorms),
    norm: Math.max(normOf(difference) / norm, ofNorms),
  };
}
