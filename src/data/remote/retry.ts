/** Attempts at transfers over networks that stall and break. */
import { setTimeout as pause } from "node:timers/promises";
import { reasonOf } from "../formats/source-error.js";
import { RemoteError } from "./store.js";

export interface Patience {
  readonly attempts: number;
  /** Milliseconds after the first failure; doubled after each further one. */
  readonly firstPause: number;
  /** Milliseconds without a byte after which an attempt is given up. */
  readonly stall: number;
}

/** A first request: what is wrong with a URL should be known soon. */
export const opening: Patience = { attempts: 4, firstPause: 250, stall: 20_000 };
/** A run should survive half a minute without network. */
export const reading: Patience = { attempts: 8, firstPause: 250, stall: 20_000 };

/** One attempt. */
export interface Attempt {
  /** Aborted when nothing was received for too long. */
  readonly signal: AbortSignal;
  /** Says that something was received. */
  readonly received: () => void;
}

/**
 * The result of the first attempt that succeeds.
 * @throws RemoteError with the reason of the last one, or the first that is permanent
 */
export async function persistently<Result>(
  { attempts, firstPause, stall }: Patience,
  work: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), stall);
    try {
      return await work({ signal: stop.signal, received: () => timer.refresh() });
    } catch (error) {
      const stalled = `nothing was received for ${stall / 1000} seconds`;
      const fault = stop.signal.aborted ? new RemoteError(stalled, false) : remoteError(error);
      if (fault.permanent) throw fault;
      if (attempt === attempts)
        throw new RemoteError(`${fault.message} (${attempt} attempts)`, true, fault.status);
    } finally {
      clearTimeout(timer);
    }
    await pause(firstPause * 2 ** (attempt - 1));
  }
}

/** What `fetch` throws says nothing but "fetch failed"; its cause says more. */
function remoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return new RemoteError(reasonOf(cause), false);
}
