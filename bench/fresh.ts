import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { type Effort, measure } from "./measure.js";
import { openOurs } from "./ours.js";
import { startPeer } from "./peer.js";
import type { Work } from "./work.js";

/** Cost of a workload in a new process; `noisy` if others disturbed it. */
export type Cost = {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly noisy: boolean;
};

export type FreshRequest = {
  readonly work: Work;
  readonly threads: number;
  readonly effort: Effort;
};

/** Runs the work in a new Node process, by `main.js fresh`, which calls `measureHere`. */
export async function ourCost(request: FreshRequest): Promise<Cost> {
  const script = process.argv[1]!;
  const child = await promisify(execFile)(process.execPath, [
    script,
    "fresh",
    JSON.stringify(request),
  ]);
  return JSON.parse(child.stdout) as Cost;
}

/** Runs the work in a new Python process. */
export async function peerCost({ work, threads, effort }: FreshRequest): Promise<Cost> {
  const peer = startPeer();
  try {
    const { seconds, noisy } = await measure([{ side: peer, work }], threads, effort);
    return { seconds: seconds[0]!, peakBytes: await peer.peakBytes(), noisy };
  } finally {
    await peer.close();
  }
}

/** Called in the new process that `ourCost` starts. */
export async function measureHere({ work, threads, effort }: FreshRequest): Promise<Cost> {
  const ours = openOurs();
  const { seconds, noisy } = await measure([{ side: ours, work }], threads, effort);
  const peakBytes = peakResidentBytes();
  await ours.close();
  return { seconds: seconds[0]!, peakBytes, noisy };
}

/** From the kernel: `process.resourceUsage().maxRSS` would include the parent's pages at the fork. */
function peakResidentBytes(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  if (kilobytes === undefined)
    throw new Error("Peak memory is read from /proc, which only Linux has.");
  return Number(kilobytes) * 1024;
}
