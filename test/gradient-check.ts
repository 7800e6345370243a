import { expect } from "vitest";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { gradient } from "../src/graph/gradient.js";
import { add, multiply } from "../src/graph/ops/arithmetic.js";
import { sum } from "../src/graph/ops/broadcast.js";
import { placeholder } from "../src/graph/placeholder.js";
import { type Dtype, type Shape, type Tensor, sizeOf, spec } from "../src/graph/tensor.js";
import { evaluate } from "./evaluate.js";

/** An input of a function under test: normal random numbers unless it is given. */
export interface Argument {
  readonly shape: Shape;
  readonly dtype?: Dtype;
  readonly values?: ArrayLike<number>;
  /** Whether the gradient with respect to it is checked (default), or expected to be absent. */
  readonly differentiable?: boolean;
}

/** Normal random numbers, determined by the seed. */
export function randomValues(size: number, seed: number): number[] {
  return Array.from(normal(foldIn(keyOf(20), seed), size));
}

/** Traces `f` on placeholders for `args` and evaluates its results. */
export function run(
  f: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  ...args: readonly Argument[]
): number[][] {
  const { inputs, feeds } = trace(args);
  return evaluate([f(...inputs)].flat(), feeds);
}

function trace(args: readonly Argument[]): { inputs: Tensor[]; feeds: Map<Tensor, number[]> } {
  const inputs = args.map(({ shape, dtype }, i) => placeholder(spec(shape, dtype), `argument${i}`));
  const feeds = new Map(
    inputs.map((input, i) => [input, Array.from(args[i]?.values ?? randomValues(input.size, i))]),
  );
  return { inputs, feeds };
}

const step = 1e-5;

/**
 * Compares the gradient of a random linear combination of the results of `f` with central differences, in double
 * precision, for every element of every differentiable argument.
 */
export function checkGradient(
  f: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  ...args: readonly Argument[]
): void {
  const { inputs, feeds } = trace(args);
  const loss = [f(...inputs)]
    .flat()
    .map((result, i) => {
      const direction = placeholder(spec(result.shape), `direction${i}`);
      feeds.set(direction, randomValues(sizeOf(result.shape), 100 + i));
      return sum(multiply(result, direction), undefined, "float32");
    })
    .reduce(add);
  const gradients: readonly (Tensor | undefined)[] = gradient<readonly Tensor[]>(loss, inputs);
  for (const [i, input] of inputs.entries()) {
    const ofInput = gradients[i];
    if (args[i]?.differentiable === false) {
      expect(ofInput, `the gradient of argument ${i}`).toBeUndefined();
      continue;
    }
    if (!ofInput) throw new Error(`argument ${i} has no gradient`);
    expect(ofInput.dtype).toBe(input.dtype);
    const [analytic] = evaluate([ofInput], feeds) as [number[]];
    const numeric = differences(loss, input, feeds);
    for (const [j, value] of analytic.entries()) {
      const error = Math.abs(value - numeric[j]!) / Math.max(1, Math.abs(numeric[j]!));
      expect(error, `element ${j} of argument ${i}: ${value}, not ${numeric[j]!}`).toBeLessThan(
        1e-7,
      );
    }
  }
}

/** The central differences of the loss with respect to every element of `input`. */
function differences(loss: Tensor, input: Tensor, feeds: Map<Tensor, number[]>): number[] {
  const values = feeds.get(input)!;
  const lossWith = (j: number, value: number): number =>
    evaluate([loss], new Map(feeds).set(input, values.with(j, value)))[0]![0]!;
  return values.map(
    (value, j) => (lossWith(j, value + step) - lossWith(j, value - step)) / (2 * step),
  );
}
