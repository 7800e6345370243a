/** Learning rates as a function of the step, computed inside the program. */
import { minimum } from "../graph/ops/arithmetic.js";
import { affine } from "../graph/ops/affine.js";
import { clamp, cosine } from "../graph/ops/elementwise.js";
import type { Tensor } from "../graph/tensor.js";

export interface ScheduleOptions {
  /** The highest learning rate. */
  readonly peak: number;
  /** Steps over which the rate rises linearly to the peak. */
  readonly warmup: number;
  /** Steps in all; afterwards the rate stays at the floor. */
  readonly total: number;
  /** The rate at the end; default 0. */
  readonly floor?: number;
}

export interface PlateauOptions extends ScheduleOptions {
  /** Steps of the decay at the end. */
  readonly decay: number;
}

/** What is wrong with one part of a schedule. */
export interface ScheduleFault {
  readonly part: "warmup" | "floor" | "decay";
  readonly message: string;
}

/** The parts of a schedule that do not fit the others. */
export function scheduleFaults(
  options: ScheduleOptions & Partial<PlateauOptions>,
): ScheduleFault[] {
  const { peak, warmup, total, floor = 0, decay } = options;
  const faults: ScheduleFault[] = [];
  const left = total - warmup;
  if (!(warmup >= 0)) faults.push({ part: "warmup", message: `${warmup} is no number of steps` });
  else if (!(left > 0)) {
    faults.push({
      part: "warmup",
      message: `${warmup} steps are all of the ${total}; choose fewer`,
    });
  } else if (decay !== undefined && !(decay > 0 && decay <= left)) {
    faults.push({
      part: "decay",
      message: `only ${left} steps are left for it after the warm-up, not ${decay}`,
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
  if (faults.length > 0) throw new RangeError(`This is no schedule. ${faults.join("; ")}.`);
}

/** How much of the decay has passed, from 0 at the end of the warm-up to 1 at the end. */
function progress(step: Tensor, { warmup, total }: ScheduleOptions): Tensor {
  const span = total - warmup;
  return clamp(affine(step, 1 / span, -warmup / span), 0, 1);
}

function warmedUp(step: Tensor, options: ScheduleOptions, decayed: Tensor): Tensor {
  const { peak, warmup } = options;
  return warmup === 0 ? decayed : minimum(affine(step, peak / warmup, 0), decayed);
}

/**
 * Linear warm-up to the peak, then half a cosine down to the floor ("warmup_cosine", flava.md 5.1).
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

/** Linear warm-up to the peak, then linear decay to the floor (fairseq's "polynomial", flava.md 5.3). */
export function warmupLinear(step: Tensor, options: ScheduleOptions): Tensor {
  check(options);
  const { peak, floor = 0 } = options;
  const decayed = affine(progress(step, options), floor - peak, peak);
  return warmedUp(step, options, decayed);
}

/**
 * Linear warm-up to the peak, a plateau, and linear decay to the floor over the last `decay` steps: such a run can be made
 * longer while it is under way, since the plateau does not know where it ends.
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
  /** Steps from the one to the other; afterwards the value stays. */
  readonly over: number;
}

/** Half a cosine from one value to another (flava.md 2.6): float32 [] of a step that is counted from 1. */
export function cosineBetween(step: Tensor, { from, to, over }: CosineOptions): Tensor {
  if (!(over > 0)) throw new RangeError(`A schedule takes some steps, not ${over}.`);
  const passed = clamp(affine(step, 1 / over, 0), 0, 1);
  const half = (from - to) / 2;
  return affine(cosine(affine(passed, Math.PI, 0)), half, half + to);
}
