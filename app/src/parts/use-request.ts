/** Requests as part of rendering: repeated when what they depend on changes, aborted when it changes again. */
import { useEffect, useState } from "preact/hooks";

/** Milliseconds without a change after which a request is sent while someone is typing or clicking. */
export const typingPause = 250;

interface State<Result> {
  /** The last result; kept while the next one is awaited. */
  readonly result?: Result;
  /** Why the last request failed. */
  readonly fault?: Error;
  readonly isWaiting: boolean;
}

export interface Answer<Result> extends State<Result> {
  /** Sends the request once more. */
  readonly again: () => void;
}

/**
 * Sends a request whenever an entry of `inputs` changes.
 *
 * @param send undefined while there is nothing to ask; the last result is then dropped
 * @param delay milliseconds without a further change before the request is sent, such as while someone is typing
 */
export function useRequest<Result>(
  send: ((signal: AbortSignal) => Promise<Result>) | undefined,
  inputs: readonly unknown[],
  delay = 0,
): Answer<Result> {
  const [answer, setAnswer] = useState<State<Result>>({ isWaiting: send !== undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!send) {
      setAnswer({ isWaiting: false });
      return;
    }
    const controller = new AbortController();
    setAnswer(({ result }) => ({ ...(result !== undefined && { result }), isWaiting: true }));
    const timer = setTimeout(() => {
      send(controller.signal).then(
        (result) => {
          if (!controller.signal.aborted) setAnswer({ result, isWaiting: false });
        },
        (error: unknown) => {
          if (!controller.signal.aborted) setAnswer({ fault: error as Error, isWaiting: false });
        },
      );
    }, delay);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [...inputs, round]);
  return { ...answer, again: () => setRound((last) => last + 1) };
}
