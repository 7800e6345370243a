import { useRef } from "preact/hooks";
import type { LogEntry } from "../../../src/serve/schemas/runs.js";
import * as api from "../api/runs.js";
import { useRepeated } from "./use-repeated.js";
import type { Answer } from "./use-request.js";

/** Seconds between looks at a log that grows. */
const secondsBetween = 2;

/** The log of a stage, all of it at first, then what was added. */
export function useLog(
  runName: string,
  stage: string,
  isLive: boolean,
): Answer<readonly LogEntry[]> {
  const known = useRef<readonly LogEntry[]>([]);
  return useRepeated(
    async (signal) => {
      const from = known.current.at(-1)?.step ?? 0; // its step may have got further lines since
      const added = await api.log(runName, stage, from, { signal });
      const before = known.current.filter(({ step }) => step < from);
      const same = JSON.stringify(known.current.slice(before.length)) === JSON.stringify(added);
      if (!same) known.current = [...before, ...added]; // a new array draws the curves again
      return known.current;
    },
    [runName, stage, isLive],
    isLive ? secondsBetween : undefined,
  );
}
