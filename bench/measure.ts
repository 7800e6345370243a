import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { median as middleOf } from "../src/eval/metrics.js";
import type { Side, Work } from "./work.js";

/** A side and its work. */
type Contender = { readonly side: Side; readonly work: Work };

/** How long a measurement takes. */
export type Effort = {
  /** Rounds that are kept: at least so many, more where they are short. */
  readonly rounds: number;
  readonly seconds: number;
  /** How long to wait for a quiet machine; after that, disturbed rounds count, too. */
  readonly patienceSeconds: number;
};

export const thorough: Effort = { rounds: 5, seconds: 2, patienceSeconds: 180 };
export const quick: Effort = { rounds: 2, seconds: 0.5, patienceSeconds: 15 };

const mostRounds = 25;
/** Rounds are kept or discarded as a whole, so they are long enough to be measured in ticks of 10 ms. */
const roundSeconds = 0.5;
/** A round is disturbed if other processes use more than this share of the processors' time. */
const disturbance = 0.05;
/** Between turns, so that waiting threads of the previous side go to sleep. */
const pauseMilliseconds = 10;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("The median needs at least one value.");
  return middleOf(values);
}

/** Median seconds of each contender; `noisy` if disturbed rounds are among them. */
export type Measurement = { readonly seconds: readonly number[]; readonly noisy: boolean };

/**
 * Measures the work of each contender, who are on different sides. They take turns, so that a slow minute affects all of
 * them, and rounds in which other processes were busy are repeated: a single stolen core slows a side that waits for both
 * of its threads many times over.
 */
export async function measure(
  contenders: readonly Contender[],
  threads: number,
  { rounds, seconds, patienceSeconds }: Effort,
): Promise<Measurement> {
  for (const { side, work } of contenders) await side.prepare(work, threads);
  const sides = contenders.map(({ side }) => side);
  await takeTurns(sides); // touches all memory for the first time
  const usual = await takeTurns(sides);
  const target = Math.ceil(seconds / Math.max(...usual));
  const count = Math.min(mostRounds, Math.max(rounds, target));
  const pauses = (sides.length * pauseMilliseconds) / 1000;
  const turns = Math.ceil(roundSeconds / usual.reduce((sum, seconds) => sum + seconds, pauses));
  const kept: number[][] = [];
  const disturbed: number[][] = [];
  const end = performance.now() + patienceSeconds * 1000;
  let patient = true;
  while (kept.length + (patient ? 0 : disturbed.length) < count) {
    const before = await usage(sides);
    const round: number[][] = [];
    for (let turn = 0; turn < turns; turn++) round.push(await takeTurns(sides));
    const quiet = othersShare(before, await usage(sides)) <= disturbance;
    (quiet ? kept : disturbed).push(...round);
    patient = performance.now() < end;
  }
  const noisy = kept.length < count;
  const counted = noisy ? [...kept, ...disturbed] : kept;
  return { seconds: sides.map((_, side) => median(counted.map((turn) => turn[side]!))), noisy };
}

/** The least seconds of each work; they take turns, so that a slow minute affects all of them. */
export async function fastest(
  works: readonly (() => Promise<unknown>)[],
  rounds: number,
): Promise<number[]> {
  const least = works.map(() => Infinity);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, work] of works.entries()) {
      const time = await secondsOf(work);
      if (round > 0) least[index] = Math.min(least[index]!, time); // the first touches its memory, and compiles
    }
  }
  return least;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Seconds of each side. */
async function takeTurns(sides: readonly Side[]): Promise<number[]> {
  const seconds: number[] = [];
  for (const side of sides) {
    await sleep(pauseMilliseconds);
    seconds.push(await side.time());
  }
  return seconds;
}

/** Processor seconds since the start of the machine or of the sides. */
type Usage = { readonly busy: number; readonly idle: number; readonly sides: number };

async function usage(sides: readonly Side[]): Promise<Usage> {
  const used = await Promise.all(sides.map((side) => side.processorSeconds()));
  return { ...machineUsage(), sides: used.reduce((sum, seconds) => sum + seconds, 0) };
}

/** From the first line of /proc/stat, in ticks; time stolen by other virtual machines counts as busy. */
function machineUsage(): { busy: number; idle: number } {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const idle = ticks[3]! + ticks[4]!; // idle, and waiting for a disk
  return { busy: (ticks.reduce((sum, tick) => sum + tick, 0) - idle) / 100, idle: idle / 100 };
}

/** The share of all processors' time used by other processes. */
function othersShare(before: Usage, after: Usage): number {
  const busy = after.busy - before.busy;
  const others = busy - (after.sides - before.sides);
  return others / Math.max(0.01, busy + after.idle - before.idle);
}
