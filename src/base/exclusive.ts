import { CallQueue } from "./call-queue.js";

const queues = new WeakMap<object, CallQueue>();

/** Runs `task` after all earlier tasks on `owner`, whatever their outcome, such as runs that share its memory. */
export function exclusive<T>(owner: object, task: () => Promise<T>): Promise<T> {
  const queue = queues.get(owner) ?? new CallQueue();
  queues.set(owner, queue);
  return queue.run(task);
}
