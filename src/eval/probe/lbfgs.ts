/** Minimization of smooth functions of many variables: L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5). */
import type { Abortable } from "../../base/call-options.js";

/** A function with its gradient. */
export type Objective = (
  point: Float64Array,
) => Promise<{ readonly value: number; readonly gradient: Float64Array }>;

/** When a minimization ends. */
export interface MinimizeOptions extends Abortable {
  /** Largest number of iterations; default: 1,000. */
  readonly iterations?: number;
  /** Converged when no element of the gradient is larger than this in absolute value; default: 1e-5. */
  readonly tolerance?: number;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the gradient reached the tolerance before iterations or numerical precision ran out. */
  readonly converged: boolean;
}

/** Number of recent steps whose curvature is kept. */
const history = 10;
/** Constants c1 and c2 of the weak Wolfe conditions: sufficient decrease, and curvature. */
const [sufficientDecrease, curvatureFactor] = [1e-4, 0.9];
const maximumTrials = 30;

/** The memory that `minimize` needs for a function of `variables` variables, in bytes. */
export function bytesToMinimize(variables: number): number {
  const [kept, working] = [2 * history, 12];
  return Float64Array.BYTES_PER_ELEMENT * variables * (kept + working);
}

type Evaluated = Awaited<ReturnType<Objective>> & { readonly point: Float64Array };

/** A step, the gradient change, and the inverse of their dot product. */
interface Curvature {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly inverse: number;
}

/** Minimizes `objective`, starting at `start`. */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  { iterations = 1000, tolerance = 1e-5, signal }: MinimizeOptions = {},
): Promise<Minimum> {
  const evaluate = async (point: Float64Array): Promise<Evaluated> => ({
    point,
    ...(await objective(point)),
  });
  const known: Curvature[] = [];
  let here = await evaluate(start);
  for (let iteration = 0; ; iteration++) {
    signal?.throwIfAborted();
    const { point, value, gradient } = here;
    const converged = isWithin(gradient, tolerance);
    if (converged || iteration >= iterations) {
      return { point, value, iterations: iteration, converged };
    }
    const direction = directionFrom(gradient, known);
    const first = known.length > 0 ? 1 : 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
    const next = await lineSearch(evaluate, here, direction, first);
    if (!next) return { point, value, iterations: iteration, converged };
    const step = combine(next.point, -1, point);
    const change = combine(next.gradient, -1, gradient);
    const curvature = dot(step, change);
    if (curvature > 0) known.push({ step, change, inverse: 1 / curvature });
    if (known.length > history) known.shift();
    here = next;
  }
}

/** The quasi-Newton direction: the negative gradient times the inverse Hessian approximated by the kept steps. */
function directionFrom(gradient: Float64Array, known: readonly Curvature[]): Float64Array {
  const direction = new Float64Array(gradient.length);
  const last = known.at(-1);
  if (!last) {
    addScaled(direction, -1, gradient, direction);
    return direction;
  }
  const weights: number[] = [];
  let product = addScaled(direction, -1, gradient, last.step);
  for (const [place, { change, inverse }] of known.toReversed().entries()) {
    const weight = inverse * product;
    const older = known[known.length - 2 - place];
    product = addScaled(direction, -weight, change, older?.step ?? direction);
    weights.push(weight);
  }
  const scale = 1 / (last.inverse * dot(last.change, last.change));
  for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  product = dot(known[0]!.change, direction);
  for (const [place, { step, inverse }] of known.entries()) {
    const newer = known[place + 1];
    const factor = weights.pop()! - inverse * product;
    product = addScaled(direction, factor, step, newer?.change ?? direction);
  }
  return direction;
}

/** A point along `direction` that satisfies the weak Wolfe conditions, by bisection; undefined if none is found. */
async function lineSearch(
  evaluate: (point: Float64Array) => Promise<Evaluated>,
  from: Evaluated,
  direction: Float64Array,
  firstLength: number,
): Promise<Evaluated | undefined> {
  const derivative = dot(from.gradient, direction);
  if (!(derivative < 0)) return undefined;
  let [low, high, length] = [0, Infinity, firstLength];
  let lowest: Evaluated | undefined;
  for (let trial = 0; trial < maximumTrials; trial++) {
    const there = await evaluate(combine(from.point, length, direction));
    if (!(there.value <= from.value + sufficientDecrease * length * derivative)) high = length;
    else {
      if (!lowest || there.value < lowest.value) lowest = there;
      if (dot(there.gradient, direction) >= curvatureFactor * derivative) return there;
      low = length;
    }
    length = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return lowest;
}

function dot(a: Float64Array, b: Float64Array): number {
  let [sum, index] = [0, a.length];
  while (index-- > 0) sum += a[index]! * b[index]!;
  return sum;
}

/** a + factor · b. */
function combine(a: Float64Array, factor: number, b: Float64Array): Float64Array {
  const sum = new Float64Array(a.length);
  for (let index = 0; index < sum.length; index++) sum[index] = a[index]! + factor * b[index]!;
  return sum;
}

/**
 * Adds factor · b to `target`; returns the dot product of the result with `c`, found in the same pass over memory: in four
 * partial sums, since a single one would wait for each addition.
 */
function addScaled(target: Float64Array, factor: number, b: Float64Array, c: Float64Array): number {
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
  const whole = target.length - (target.length % 4);
  for (let index = 0; index < whole; index += 4) {
    const value0 = (target[index]! += factor * b[index]!);
    const value1 = (target[index + 1]! += factor * b[index + 1]!);
    const value2 = (target[index + 2]! += factor * b[index + 2]!);
    const value3 = (target[index + 3]! += factor * b[index + 3]!);
    sum0 += c[index]! * value0;
    sum1 += c[index + 1]! * value1;
    sum2 += c[index + 2]! * value2;
    sum3 += c[index + 3]! * value3;
  }
  for (let index = whole; index < target.length; index++) {
    target[index]! += factor * b[index]!;
    sum0 += c[index]! * target[index]!;
  }
  return sum0 + sum1 + sum2 + sum3;
}

/** Whether no element is larger than `bound` in absolute value. */
function isWithin(values: Float64Array, bound: number): boolean {
  let index = values.length;
  while (index > 0 && Math.abs(values[index - 1]!) <= bound) index--;
  return index === 0;
}
