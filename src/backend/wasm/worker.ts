/** A thread of the WebAssembly backend in Node; started by `openWasm`. */
import { parentPort } from "node:worker_threads";
import { answering } from "./kernel-thread.js";

parentPort?.on(
  "message",
  answering((stop) => parentPort?.postMessage(stop)),
);
