/**
 * How fast each processor level multiplies on this machine. The newest instructions are not always the fastest, so the
 * level is chosen by measurement: at first use, for a quarter of a second; the result is kept in the cache folder.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { cacheDirectory } from "../base/cache.js";
import { loadCompiledKernels } from "../base/compiled-kernels.js";
import { packageVersion } from "../base/package-root.js";
import { type Addon, type Level, outdated, realLevels } from "./addon.js";
import { type Speeds, type SpeedsOfLevel, productSpeeds } from "./product-speeds.js";

export interface LevelSpeeds {
  readonly processor: string;
  /** By level, lowest first. */
  readonly levels: Speeds;
  readonly fastest: Level;
  /** When it was measured, as in 2026-11-28T12:00:00.000Z. */
  readonly date: string;
  /** The file that keeps the measurement. */
  readonly path: string;
}

/** A higher level must not lose to a lower one by the noise of measurements. */
const advantage = 1.1;

/**
 * The speeds that were measured before on this machine, with this build of the kernels; otherwise measures them. A file
 * that is damaged is replaced; one that cannot be written is done without.
 */
export function levelSpeeds(addon: Addon, directory = cacheDirectory()): LevelSpeeds {
  const levels = realLevels(addon);
  const path = join(directory, "levels", `${identity(levels)}.json`);
  const kept = read(path, levels);
  if (kept) return { ...kept, path };
  const speeds = measure(addon, levels);
  const found = {
    processor: processorName(),
    levels: speeds,
    fastest: fastestOf(speeds),
    date: new Date().toISOString(),
  };
  write(path, found);
  return { ...found, path };
}

function measure(addon: Addon, levels: readonly Level[]): Speeds {
  try {
    return productSpeeds(addon, levels);
  } catch (cause) {
    throw outdated(cause as Error);
  }
}

/** The level with the highest speeds, by the geometric mean over the precisions; in doubt, the highest level. */
export function fastestOf(levels: Speeds): Level {
  const mean = ({ float32, bfloat16, int8 }: SpeedsOfLevel): number =>
    Math.cbrt(float32 * bfloat16 * int8);
  const ranked = Object.entries(levels).reverse() as [Level, SpeedsOfLevel][];
  return ranked.reduce((best, other) =>
    mean(other[1]) > advantage * mean(best[1]) ? other : best,
  )[0];
}

const speedsSchema = z.object({ float32: z.number(), bfloat16: z.number(), int8: z.number() });
const schema = z.object({
  processor: z.string(),
  levels: z.record(z.string(), speedsSchema),
  fastest: z.string(),
  date: z.string(),
});

/** What an earlier process measured; undefined if there is nothing, or nothing that makes sense. */
function read(path: string, levels: readonly Level[]): Omit<LevelSpeeds, "path"> | undefined {
  try {
    const kept = schema.parse(JSON.parse(readFileSync(path, "utf8")));
    const fastest = levels.find((level) => level === kept.fastest);
    const complete = levels.every((level) => level in kept.levels);
    return fastest && complete ? { ...kept, fastest } : undefined;
  } catch {
    return undefined;
  }
}

function write(path: string, found: Omit<LevelSpeeds, "path">): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, `${JSON.stringify(found, undefined, 2)}\n`);
    renameSync(fresh, path);
  } catch {
    // Then the next process measures again.
  }
}

/** Stands for the processor, the kernels that it can run, and their build. */
function identity(levels: readonly Level[]): string {
  const { size, mtimeMs } = statSync(loadCompiledKernels().path);
  const facts = [processorFacts(), packageVersion(), size, mtimeMs, ...levels];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
}

const processorName = (): string => cpus()[0]?.model.trim() ?? "unknown processor";

/** The model in full: names are often shared by several, above all in virtual machines. */
function processorFacts(): string {
  try {
    const [first] = readFileSync("/proc/cpuinfo", "utf8").split("\n\n", 1);
    return first!.match(/^(vendor_id|cpu family|model|model name|stepping|flags)\s*:.*$/gm)!.join();
  } catch {
    return processorName(); // Not Linux on x86.
  }
}
