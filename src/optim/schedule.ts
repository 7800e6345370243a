/** Learning rates as a function of the step, computed inside the program. */
import { counted } from "../base/counted.js";
import { minimum } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { clamp, cosine } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";

/** A learning rate that rises and falls, in steps. */
export interface ScheduleOptions {
  /** Maximum learning rate. */
  readonly peak: number;
  /** Steps of the linear rise to the peak. */
  readonly warmup: number;
  /** Total number of steps, after which the rate stays at the floor. */
  readonly total: number;
  /** Final learning rate; default 0. */
  readonly floor?: number;
}

/** A learning rate that rises, stays and falls, in steps. */
export interface PlateauOptions extends ScheduleOptions {
  /** Steps of the final decay. */
  readonly decay: number;
}

/** An invalid part of a schedule. */
export interface ScheduleFault {
  readonly part: "warmup" | "floor" | "decay";
  readonly message: string;
}

/** Checks a schedule; empty if it is valid. */
export function scheduleFaults(
  options: ScheduleOptions & Partial<PlateauOptions>,
): ScheduleFault[] {
  const { peak, warmup, total, floor = 0, decay } = options;
  const faults: ScheduleFault[] = [];
  const left = total - warmup;
  if (!(warmup >= 0))
    faults.push({ part: "warmup", message: `expected a number of steps, but got ${warmup}` });
  else if (!(left > 0)) {
    faults.push({
      part: "warmup",
      message: `expected fewer than ${counted(total, "step")}, all that the schedule has, but got ${warmup}`,
    });
  } else if (decay !== undefined && !(decay > 0 && decay <= left)) {
    faults.push({
      part: "decay",
      message: `the warm-up leaves only ${counted(left, "step")}, fewer than ${decay}`,
    });
  }
  if (!(floor >= 0)) faults.push({ part: "floor", message: `${floor} is below 0` });
  else if (!(floor <= peak)) {
    faults.push({ part: "floor", message: `${floor} is above the peak, ${peak}` });
  }
  return faults;
}

function check(options: ScheduleOptions & Partial<PlateauOptions>): void {
  const faults = scheduleFaults(options).map(({ part, message }) => `${part}: ${message}`);
  if (faults.length > 0) throw new RangeError(`Invalid schedule: ${faults.join("; ")}.`);
}

/** Progress of the decay: 0 until the end of the warm-up, 1 at the end. */
function progress(step: Tensor, { warmup, total }: ScheduleOptions): Tensor {
  const span = total - warmup;
  return clamp(affine(step, 1 / span, -warmup / span), 0, 1);
}

function warmedUp(step: Tensor, options: ScheduleOptions, decayed: Tensor): Tensor {
  const { peak, warmup } = options;
  return warmup === 0 ? decayed : minimum(affine(step, peak / warmup, 0), decayed);
}

/**
 * Linear warm-up to the peak, then half-cosine decay to the floor ("warmup_cosine", flava.md 5.1).
 *
 * @param step float32 [], counted from 1
 * @returns the learning rate, float32 []
 */
export function warmupCosine(step: Tensor, options: ScheduleOptions): Tensor {
  check(options);
  const { peak, floor = 0 } = options;
  const half = (peak - floor) / 2;
  const decayed = affine(cosine(affine(progress(step, options), Math.PI, 0)), half, half + floor);
  return warmedUp(step, options, decayed);
}

/**
 * The learning rate, float32 []: linear warm-up to the peak, then linear decay to the floor (fairseq's "polynomial",
 * flava.md 5.3).
 * @param step counted from 1, float32 []
 */
export function warmupLinear(step: Tensor, options: ScheduleOptions): Tensor {
  check(options);
  const { peak, floor = 0 } = options;
  const decayed = affine(progress(step, options), floor - peak, peak);
  return warmedUp(step, options, decayed);
}

/**
 * The learning rate, float32 []: linear warm-up to the peak, a plateau, and linear decay to the floor over the last `decay`
 * steps. A run can be extended while it is on the plateau.
 * @param step counted from 1, float32 []
 */
export function warmupPlateau(step: Tensor, options: PlateauOptions): Tensor {
  check(options);
  const { decay, total, warmup, ...rates } = options;
  const late = { ...rates, total, warmup: total - decay };
  const decayed = affine(progress(step, late), (rates.floor ?? 0) - rates.peak, rates.peak);
  return warmedUp(step, options, decayed);
}

export interface CosineOptions {
  readonly from: number;
  readonly to: number;
  /** Number of steps, after which the value stays at `to`. */
  readonly over: number;
}

/**
 * Half-cosine transition from one value to another (flava.md 2.6): float32 [].
 *
 * @param step float32 [], counted from 1
 */
export function cosineBetween(step: Tensor, { from, to, over }: CosineOptions): Tensor {
  if (!(over > 0))
    throw new RangeError(`Expected a positive number of steps for a schedule, but got ${over}.`);
  const passed = clamp(affine(step, 1 / over, 0), 0, 1);
  const half = (from - to) / 2;
  return affine(cosine(affine(passed, Math.PI, 0)), half, half + to);
}
