/** What `flava doctor` looks at, except for models. */
import { counted } from "../../base/counted.js";
import { spawnSync } from "node:child_process";
import { access, constants, mkdir, statfs } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { formatBytes } from "../../backend/available-memory.js";
import { type Machine, inspectMachine } from "../../backend/machine.js";
import { cacheDirectory } from "../../base/cache.js";

export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly state: "fine" | "slow" | "broken";
  readonly found: string;
  /** How to mend it, or make it faster. */
  readonly remedy?: string;
}

/** Bytes that a build of the mini-PMD takes, roughly. */
const roomForData = 10e9;

export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isSupported = major === 20 ? minor >= 16 : major > 22 || (major === 22 && minor >= 3);
  const found = `${process.versions.node}, ${process.platform} ${process.arch}`;
  if (isSupported) return { check: "Node", state: "fine", found };
  const remedy = "Install Node 20.16 or newer, 22.3 or newer, or a later release.";
  return { check: "Node", state: "broken", found, remedy };
}

/** The compiler that builds the kernels; only they need it. */
export function checkCompiler(): Finding {
  const candidates = [process.env.CXX, "c++", "g++", "clang++"].filter(
    (name) => name !== undefined,
  );
  for (const name of candidates) {
    const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    if (status === 0) {
      return { check: "compiler", state: "fine", found: stdout.split("\n")[0]!.trim() };
    }
  }
  return {
    ...{ check: "compiler", state: "fine", found: "none; only installation needs one" },
    remedy: "To compile the kernels: apt-get install g++ (or clang), then npm rebuild flava",
  };
}

/** The backend and its processor level. */
export function checkKernels(): Finding {
  const check = "kernels";
  if (process.env.FLAVA_BACKEND === "reference") {
    return {
      ...{ check, state: "slow", found: "the reference backend, as FLAVA_BACKEND says" },
      remedy: "It is many times slower than the compiled kernels: unset FLAVA_BACKEND.",
    };
  }
  const machine = inspectMachine();
  if (machine.backend === "native") return levelFinding(machine);
  return {
    ...{ check, state: "slow", found: "in WebAssembly, several times slower than compiled ones" },
    remedy: machine.reason,
  };
}

function levelFinding(machine: Extract<Machine, { backend: "native" }>): Finding {
  const { processor, cores, kernels, level, fastest, levels } = machine;
  const { float32 = 0, bfloat16 = 0 } = levels[level as keyof typeof levels] ?? {};
  const found = `native, ${kernels}, level ${level}, on ${processor} with ${cores} cores`;
  if (level !== fastest) {
    return {
      ...{ check: "kernels", state: "slow", found: `${found}, as FLAVA_LEVEL says` },
      remedy: `Here, level ${fastest} is the fastest: unset FLAVA_LEVEL.`,
    };
  }
  const threads = Number(process.env.FLAVA_THREADS ?? cores);
  if (threads < cores) {
    return {
      ...{ check: "kernels", state: "slow", found: `${found}; FLAVA_THREADS is ${threads}` },
      remedy: "Unset FLAVA_THREADS to compute on all cores.",
    };
  }
  const ratio = bfloat16 / float32;
  const hint = `--precision bfloat16 multiplies ${ratio.toFixed(1)} times as fast here as float32, slightly less precisely.`;
  return { check: "kernels", state: "fine", found, ...(ratio >= 1.3 && { remedy: hint }) };
}

/** How busy other processes keep the machine. */
export function checkLoad(): Finding {
  const [minute = 0] = loadavg();
  const cores = availableParallelism();
  const found = `${minute.toFixed(1)} processes running on ${counted(cores, "core")}, in the last minute`;
  if (minute < 1.5 * cores) return { check: "load", state: "fine", found };
  return {
    ...{ check: "load", state: "slow", found },
    remedy:
      "Other processes take their share of the processor: all speeds are lower than this machine's.",
  };
}

/** Where data, runs and measurements are kept. */
export async function checkCache(): Promise<Finding> {
  const place = cacheDirectory();
  try {
    await mkdir(place, { recursive: true });
    await access(place, constants.W_OK);
  } catch (error) {
    return {
      ...{ check: "cache", state: "broken", found: `${place} cannot be written: ${String(error)}` },
      remedy: "Set FLAVA_CACHE to a directory that can be.",
    };
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const found = `${place}, ${formatBytes(free)} free`;
  if (free >= roomForData) return { check: "cache", state: "fine", found };
  return {
    ...{ check: "cache", state: "slow", found },
    remedy: `Data sets and runs need some ${formatBytes(roomForData)}: make room, or set FLAVA_CACHE to another disk.`,
  };
}
