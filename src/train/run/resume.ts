/** Whether a stage's directory is empty, can be continued, or is finished. */
import { counted } from "../../base/counted.js";
import { exists } from "../../base/exists.js";
import { ChangedRunError, type Provenance, describe, differences } from "./provenance.js";
import type { RunDirectory } from "./run-directory.js";

export interface ResumeOptions {
  /** Continue even if settings differ from those of the run. */
  readonly allowChanges?: boolean;
  readonly log: (line: string) => void;
}

/**
 * Checks that the provenance of `run` matches `now`. Returns true if all its `steps` are already done.
 * @throws ChangedRunError if it does not match and changes are not allowed
 */
export async function checkRun(
  run: RunDirectory,
  now: Provenance,
  steps: number,
  { allowChanges = false, log }: ResumeOptions,
): Promise<boolean> {
  await run.recover();
  const hasFinal = await exists(run.file("final"));
  const last = (await run.checkpoints()).at(-1);
  if (!hasFinal && last === undefined) return false;
  const before = await run.readFacts();
  if (!before) {
    throw new Error(
      `${run.path} has checkpoints, but no run.json with the settings that made them. Choose another directory (--out).`,
    );
  }
  const changes = differences(before, now);
  if (changes.length > 0 && !allowChanges) throw new ChangedRunError(run.path, changes);
  if (last !== undefined && last > steps) {
    throw new Error(
      `${run.path} has already done ${counted(last, "step")}, more than ${steps}. Choose another directory (--out).`,
    );
  }
  // A finished run still has its last checkpoint and can be extended.
  if (hasFinal && (last === undefined || last === steps)) {
    if (changes.length > 0) log(`${run.path} is finished; these changes no longer apply to it:`);
    for (const change of changes) log(`  ${describe(change)}`);
    return true;
  }
  for (const change of changes) log(`Changed: ${describe(change)}`);
  if (before.level !== now.level) {
    log(
      `This run started with ${before.level} kernels and continues with ${now.level}: ` +
        "its weights will differ in their last bits from those of a run on a single level.",
    );
  }
  if (before.version !== now.version) {
    log(`This run started with version ${before.version} and continues with ${now.version}.`);
  }
  return false;
}
