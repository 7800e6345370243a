import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { measure } from "./measure.js";
import { openOurs } from "./ours.js";
import { startPeer } from "./peer.js";
import type { Work } from "./work.js";

/** Cost of a workload in a new process. */
export type Cost = { readonly seconds: number; readonly peakBytes: number };

export type FreshRequest = {
  readonly work: Work;
  readonly threads: number;
  readonly repetitions: number;
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
export async function peerCost({ work, threads, repetitions }: FreshRequest): Promise<Cost> {
  const peer = startPeer();
  try {
    const [seconds] = await measure([{ side: peer, work }], threads, repetitions);
    return { seconds: seconds!, peakBytes: await peer.peakBytes() };
  } finally {
    await peer.close();
  }
}

/** Called in the new process that `ourCost` starts. */
export async function measureHere({ work, threads, repetitions }: FreshRequest): Promise<Cost> {
  const ours = openOurs();
  const [seconds] = await measure([{ side: ours, work }], threads, repetitions);
  const peakBytes = peakResidentBytes();
  await ours.close();
  return { seconds: seconds!, peakBytes };
}

/** From the kernel: `process.resourceUsage().maxRSS` would include the parent's pages at the fork. */
function peakResidentBytes(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  if (kilobytes === undefined)
    throw new Error("Peak memory is read from /proc, which only Linux has.");
  return Number(kilobytes) * 1024;
}
