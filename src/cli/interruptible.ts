/**
 * Runs work that Ctrl-C stops cleanly, and a second Ctrl-C immediately. Either way the exit code is 130.
 *
 * @param message of the error that becomes the signal's reason
 */
export async function interruptible<Result>(
  message: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.exitCode = 130;
    stop.abort(new Error(message));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
