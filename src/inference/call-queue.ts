/** Runs asynchronous calls one after another, so that no call frees a program that another is using. */
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
