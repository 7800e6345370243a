import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { median as middleOf } from "../src/eval/metrics.js";
import type { Side, Work } from "./work.js";

/** A side and its work. */
type Contender = { readonly side: Side; readonly work: Work };

/** Repetitions: at least five, more where they are short. */
const repetitions = { least: 5, most: 25, seconds: 2 } as const;
/** Rounds are kept or discarded as a whole, so they are long enough to be measured in ticks of 10 ms. */
const roundSeconds = 0.5;
/** A round is disturbed if other processes use more than this share of the processors' time. */
const disturbance = 0.05;
const patienceSeconds = 600;
const disturbedMessage =
  "Other processes have kept the processors busy for ten minutes: measurements would be meaningless.";
/** Between turns, so that waiting threads of the previous side go to sleep. */
const pauseMilliseconds = 10;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("The median needs at least one value.");
  return middleOf(values);
}

/**
 * Median seconds of the work of each contender, who are on different sides. They take turns, so that a slow minute affects
 * all of them, and rounds in which other processes were busy are repeated: a single stolen core slows a side that waits
 * for both of its threads many times over.
 */
export async function measure(
  contenders: readonly Contender[],
  threads: number,
  least: number = repetitions.least,
): Promise<number[]> {
  for (const { side, work } of contenders) await side.prepare(work, threads);
  const sides = contenders.map(({ side }) => side);
  await takeTurns(sides); // touches all memory for the first time
  const usual = await takeTurns(sides);
  const target = Math.ceil(repetitions.seconds / Math.max(...usual));
  const count = Math.min(repetitions.most, Math.max(least, target));
  const turns = Math.ceil(roundSeconds / usual.reduce((sum, seconds) => sum + seconds, 0));
  const kept: number[][] = [];
  const start = performance.now();
  while (kept.length < count) {
    const before = await usage(sides);
    const round: number[][] = [];
    for (let turn = 0; turn < turns; turn++) round.push(await takeTurns(sides));
    const disturbed = othersShare(before, await usage(sides)) > disturbance;
    if (!disturbed) kept.push(...round);
    else if (performance.now() - start > patienceSeconds * 1000) throw new Error(disturbedMessage);
  }
  return sides.map((_, side) => median(kept.map((turn) => turn[side]!)));
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
