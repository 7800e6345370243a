/** A thread that makes batches of the plans it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { leavesOf } from "../../base/tree.js";
import type { WorkerAnswer, WorkerRequest } from "./loader.js";
import { type Plan, type ReaderName, type ReaderRequest, openReader } from "./readers.js";

const port = parentPort;
if (!port) throw new Error("This file is the body of a worker thread; open a Loader instead.");
const opened = openReader(workerData as ReaderRequest<ReaderName>);

async function answer(plan: Plan): Promise<void> {
  const { step } = plan;
  try {
    const reader = await opened;
    const { batch, skipped } = await reader.read(plan as never);
    const buffers = leavesOf(batch).flatMap(([, leaf]) =>
      ArrayBuffer.isView(leaf) ? [leaf.buffer as ArrayBuffer] : [],
    );
    port!.postMessage({ step, batch, skipped } satisfies WorkerAnswer, buffers);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    port!.postMessage({ step, error: message } satisfies WorkerAnswer);
  }
}

async function prefetch(plan: Plan): Promise<void> {
  const reader = await opened;
  await reader.prefetch?.(plan as never);
}

port.on("message", ({ plan, isNeeded }: WorkerRequest) => {
  if (isNeeded) void answer(plan);
  else prefetch(plan).catch(() => undefined); // reported when it is needed
});
