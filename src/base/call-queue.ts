/** Runs asynchronous calls one after another, such as those that may free a program that another is using. */
export class CallQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `call` after all calls added before it; a failed call does not stop the next. */
  run<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(call);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all calls added so far have finished. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

const queues = new WeakMap<object, CallQueue>();

/** Runs `task` after all earlier tasks on `owner`, whatever their outcome, such as runs that share its memory. */
export function exclusive<T>(owner: object, task: () => Promise<T>): Promise<T> {
  const queue = queues.get(owner) ?? new CallQueue();
  queues.set(owner, queue);
  return queue.run(task);
}
