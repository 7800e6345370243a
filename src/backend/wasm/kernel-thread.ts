/** What a worker of the WebAssembly backend is sent, and what it does, in Node and in browsers. */
import { type Section, type Stop, WasmInstance } from "./instance.js";
import type { Module, SharedMemory } from "./webassembly.js";

interface Start {
  readonly kind: "start";
  readonly module: Module;
  readonly memory: SharedMemory;
  readonly thread: number;
  readonly stack: number;
  /** Address of a number that is not zero when the run should stop. */
  readonly abort: number;
}

/** First the start, then, for thread 0 alone, sections to execute. */
export type WorkerMessage = Start | { readonly kind: "execute"; readonly section: Section };

/** Answers the messages of a worker. All threads but thread 0 never return from the first one. */
export function answering(answer: (stop: Stop) => void): (message: WorkerMessage) => void {
  let execute: ((section: Section) => Stop) | undefined;
  return (message) => {
    if (message.kind === "start") execute = started(message);
    else if (execute) answer(execute(message.section));
  };
}

function started({ module, memory, thread, stack, abort }: Start): (section: Section) => Stop {
  const instance = new WasmInstance(module, memory, stack);
  if (thread > 0) instance.join(thread);
  const flag = new Int32Array(memory.buffer, abort, 1);
  return (section) => instance.execute(section, () => Atomics.load(flag, 0) !== 0);
}
