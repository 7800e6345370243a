import { counted } from "../../base/counted.js";
import { formatDuration } from "../../base/duration.js";
import type { Backend } from "../../backend/backend.js";
import { compile } from "../../backend/program.js";
import { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import { leavesOf } from "../../base/tree.js";
import { gradient } from "../../graph/gradient.js";
import { sum } from "../../graph/ops/broadcast.js";
import { sumOfSquares } from "../../graph/ops/update.js";
import { type Tensor, spec } from "../../graph/tensor.js";
import type { StackConfig } from "../../model/config.js";
import { block, blockParameters } from "../../nn/block.js";
import { initialize } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";

const tokens = 64;
/** Operations per round: enough for a stable figure, roughly a tenth of a second with or without the kernels. */
const enough = { native: 5e9, wasm: 5e8, webgpu: 5e8, reference: 1e7 };
/** The least part of them that still keeps all threads busy. */
const least = 1 / 10;
const rounds = 3;
/** Part of the operations of a training that may go into measuring how long it takes. */
const worthwhile = 1 / 10;

/** How fast this machine trains. */
export interface Speed {
  /** Multiplications and additions per second while nothing else runs. */
  readonly idle: number;
  /** The same now, beside whatever else runs. */
  readonly now: number;
}

/** Runs of several seeds, or of short stages, would spend more time on measuring than on training. */
const holdsFor = 60_000;
const measured = new Map<string, Measurement>();

interface Measurement {
  readonly at: number;
  /** Operations per round. */
  readonly operations: number;
  readonly speed: Promise<Speed>;
}

/** How many operations a round takes before a training of `work` operations: a short one should not wait for its estimate. */
export function operationsPerRound({ name }: Pick<Backend, "name">, work: number): number {
  const affordable = (worthwhile * work) / (1 + rounds);
  return Math.max(least * enough[name], Math.min(enough[name], affordable));
}

/**
 * The speed at which one encoder block of these sizes trains on this machine, best of a few rounds; measured again after a minute.
 * What other processes take is told from the processor time that the threads got. The rest of a training, which
 * is more of that of a small model, takes longer for as many operations, so estimates from it are rough.
 *
 * @param work multiplications and additions of the whole training
 */
export function blockSpeed(
  backend: Backend,
  { width, hidden, heads }: StackConfig,
  precision: Precision,
  work: number,
): Promise<Speed> {
  const { name, level, threads } = backend;
  const operations = operationsPerRound(backend, work);
  const key = [name, level, threads, width, hidden, heads, precision].join();
  const known = measured.get(key);
  const isCurrent = known && performance.now() - known.at < holdsFor;
  if (isCurrent && known.operations >= operations) return known.speed;
  const speed = measure(backend, { width, hidden, heads }, precision, operations);
  measured.set(key, { at: performance.now(), operations, speed });
  speed.catch(() => measured.delete(key));
  return speed;
}

async function measure(
  backend: Backend,
  { width, hidden, heads }: Pick<StackConfig, "width" | "hidden" | "heads">,
  precision: Precision,
  operations: number,
): Promise<Speed> {
  const flopsOfSample = 6 * tokens * (4 * width * width + 2 * width * hidden);
  const samples = Math.ceil(operations / flopsOfSample);
  const state = new State(backend, { parameters: blockParameters(width, hidden) });
  await initialize(state, keyOf(0));
  const shape = [samples, tokens, width];
  const program = compile({ state, inputs: { x: spec(shape) } }, ({ parameters }, { x }) => {
    const y = block(parameters, x, { heads, epsilon: 1e-6, precision });
    const gradients = leavesOf<Tensor>(gradient(sum(y), parameters)).map(([, leaf]) => leaf);
    return { outputs: { size: sumOfSquares(gradients) } };
  });
  // Any numbers do that are not all equal.
  const x = Float32Array.from({ length: samples * tokens * width }, (_, i) => (i % 17) / 8 - 1);
  let [fastest, alone] = [Infinity, Infinity];
  for (let round = 0; round <= rounds; round++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await program.run({ x });
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(used); // microseconds
    if (round === 0) continue; // slower, because it touches new memory
    fastest = Math.min(fastest, seconds);
    alone = Math.min(alone, (user + system) / 1e6 / backend.threads);
  }
  const { flops } = program;
  program.dispose();
  state.dispose();
  return { idle: flops / Math.min(alone, fastest), now: flops / fastest };
}

/** More than this part of the time that other processes take away is worth a word. */
const noticeable = 0.25;

/**
 * How much longer than its products and convolutions a training takes at most, with all else: updates, batches that are made,
 * evaluations that are read. Measured were 1.2 for mini, 1.3 and 2 for stages of the quickstart, whose model is the smallest.
 */
const allElse = 2;

/** As in "3 min to 6 min", of the seconds that products and convolutions take. */
export function timeRange(seconds: number): string {
  const [least, most] = [seconds, allElse * seconds].map(formatDuration);
  return least === most ? most! : `${least!} to ${most!}`;
}

/** As in "roughly 3 min to 6 min for 600 steps; 9 min to 18 min while other programs keep the processors as busy as now". */
export function describeTime(steps: number, flopsOfStep: number, { idle, now }: Speed): string {
  const time = (speed: number): string => timeRange((steps * flopsOfStep) / speed);
  const alone = `roughly ${time(idle)} for ${counted(steps, "step")}`;
  if (now > (1 - noticeable) * idle || time(now) === time(idle)) return alone;
  return `${alone}; ${time(now)} while other programs keep the processors as busy as now`;
}
