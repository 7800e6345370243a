import { useEffect } from "preact/hooks";
import { type Answer, useRequest } from "./use-request.js";

/** Like `useRequest`, and again some seconds after each answer while the page is visible. */
export function useRepeated<Result>(
  send: (signal: AbortSignal) => Promise<Result>,
  inputs: readonly unknown[],
  seconds: number | undefined,
): Answer<Result> {
  const answer = useRequest(send, inputs);
  useEffect(() => {
    if (seconds === undefined || answer.isWaiting) return;
    const next = (): void => {
      if (document.visibilityState === "visible") answer.again();
    };
    const timer = setTimeout(next, 1000 * seconds);
    document.addEventListener("visibilitychange", next);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", next);
    };
  }, [answer.isWaiting, seconds]);
  return answer;
}
