/** A thread of the WebAssembly backend in a browser; started by `kernelWorkers`. */
import { type WorkerMessage, answering } from "../backend/wasm/kernel-thread.js";

/** The part of a worker's interface in use: TypeScript's types for Node lack it. */
const worker = globalThis as unknown as {
  onmessage: (event: { readonly data: WorkerMessage }) => void;
  postMessage(message: unknown): void;
};

const answer = answering((stop) => worker.postMessage(stop));
worker.onmessage = ({ data }) => answer(data);
worker.postMessage("ready");
