import { LostProcessError } from "../../backend/communicator.js";
import { NonFiniteError } from "../../base/errors.js";
import type { RunDirectory } from "./run-directory.js";

/**
 * Explains an error that ends a run: what happened, what was kept and how to continue. Other errors are returned as is.
 *
 * @param rateSetting the path of the learning rate in the recipe
 * @param step the step that failed, counted from 1
 */
export async function describeFailure(
  error: unknown,
  run: RunDirectory,
  rateSetting: string,
  step: number,
): Promise<unknown> {
  if (error instanceof NonFiniteError) {
    return new Error(
      `Step ${step} produced an infinite value or NaN, first in ${error.operation}. ${await whatIsLeft(run)} ` +
        `Resume with a lower learning rate (--set ${rateSetting}=… --allow-changes), or check the data of this ` +
        "step.",
      { cause: error },
    );
  }
  if (error instanceof LostProcessError) {
    return new Error(
      `Step ${step} was not finished: ${error.message}. ${await whatIsLeft(run)} The same command continues from there, on ` +
        "this or another number of processes.",
      { cause: error },
    );
  }
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOSPC") {
    return new Error(
      `The disk of ${run.path} is full. ${await whatIsLeft(run)} Make room, then run the same command again.`,
      { cause: error },
    );
  }
  return error;
}

async function whatIsLeft(run: RunDirectory): Promise<string> {
  const last = (await run.checkpoints()).at(-1);
  if (last === undefined) return "No checkpoint was written yet.";
  return `The checkpoint of step ${last} is intact.`;
}
