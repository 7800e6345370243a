const queues = new WeakMap<object, Promise<unknown>>();

/** Runs `task` after all earlier tasks on `owner`, whatever their outcome, such as runs that share its memory. */
export function exclusive<T>(owner: object, task: () => Promise<T>): Promise<T> {
  const earlier = queues.get(owner) ?? Promise.resolve();
  const result = earlier.then(task, task);
  queues.set(
    owner,
    result.catch(() => undefined),
  );
  return result;
}
