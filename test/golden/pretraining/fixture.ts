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
  /** Of the pictures, where they are not of the model's size. */
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
    Record<string, { readonly shape: Shape; readonly centre: number; readonly spread: number }>
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

/**
 * Compares what a case gives with what it shall give. A gradient that is missing on one side must be zero on the other.
 * Gradients below a
 * hundredth of the largest of the case are measured by that: those of key biases are zero but for rounding.
 */
export function compare(
  { elements }: Fixture,
  expected: ReadonlyMap<string, Float32Array>,
  actual: ReadonlyMap<string, Float32Array>,
): Deviation[] {
  const isGradient = (name: string): boolean => name.startsWith("gradient/");
  const gradients = [...expected].filter(([name]) => isGradient(name));
  const floor = Math.max(...gradients.map(([, values]) => sizeOfLargest(values))) / 100;
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].map((name) => {
    const whole = actual.get(name);
    const golden = expected.get(name) ?? new Float32Array(whole!.length);
    if (!isGradient(name) && !(expected.has(name) && whole))
      throw new Error(`${name} is on one side only.`);
    return deviation(name, golden, whole ?? new Float32Array(golden.length), {
      elements,
      floor: isGradient(name) ? floor : 0,
    });
  });
}

function deviation(
  name: string,
  golden: Float32Array,
  whole: Float32Array,
  { elements, floor }: { readonly elements: number | null; readonly floor: number },
): Deviation {
  const sampled = elements !== null && whole.length > elements;
  const found = sampled
    ? Float32Array.from(places(name, whole.length, elements), (place) => whole[place]!)
    : whole;
  const wanted = sampled ? golden.subarray(0, elements) : golden;
  if (found.length !== wanted.length)
    throw new Error(`${name} has ${found.length} elements, not ${wanted.length}.`);
  const difference = wanted.map((value, i) => value - found[i]!);
  const largest = sizeOfLargest(difference) / Math.max(sizeOfLargest(wanted), floor, 1e-30);
  const scale = Math.max(normOf(wanted), floor * Math.sqrt(wanted.length), 1e-30);
  const ofElements = normOf(difference) / scale;
  if (!sampled) return { name, largest, norm: ofElements };
  const goldenNorm = golden.at(-1)!;
  const ofNorms = Math.abs(normOf(whole) - goldenNorm) / Math.max(goldenNorm, floor);
  return { name, largest: Math.max(largest, ofNorms), norm: Math.max(ofElements, ofNorms) };
}
