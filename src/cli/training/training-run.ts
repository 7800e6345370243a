/** What the verbs that train share: runs that log, show progress and stop on Ctrl-C. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { BackendOptions } from "../../backend/open.js";
import type { Backend } from "../../backend/backend.js";
import { formatDuration } from "../../base/duration.js";
import type { StepsMade } from "../../train/loop.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, jsonOption } from "../json.js";
import { type BackendFlags, backendOption, threadsOption } from "../model-option.js";
import { ProgressLine } from "../progress.js";
import { wholeNumber } from "../whole-number.js";
import { type RestartFlags, launchOption, restartsOption } from "./restarts.js";
import { type SharedRunFlags, mpiOption, timeoutOption } from "./shared-run.js";

/** Options of a run that several processes can share. */
export interface TrainingFlags extends BackendFlags, SharedRunFlags, RestartFlags, JsonFlag {
  readonly workers: number;
  readonly zero: "0" | "1" | "3";
}

export function addTrainingOptions(command: Command): Command {
  return command
    .addOption(workersOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(
      new Option(
        "--zero <stage>",
        "divide among processes the optimizer's moments (ZeRO stage 1), or weights and gradients, too (3): the same results in less memory",
      )
        .choices(["0", "1", "3"])
        .default("0"),
    )
    .addOption(launchOption())
    .addOption(restartsOption())
    .addOption(timeoutOption())
    .addOption(mpiOption())
    .addOption(jsonOption());
}

/** One is enough for two cores: preparing batches takes a few percent of the time. */
export const workersOption = (): Option =>
  new Option("--workers <n>", "threads that prepare batches")
    .argParser(wholeNumber)
    .default(Math.max(1, Math.floor(availableParallelism() / 8)));

/** What a run is given. */
export interface TrainingRun {
  readonly backend: Backend;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly onProgress?: (made: StepsMade) => void;
  /** Shows a line of progress. */
  readonly show: (text: string) => void;
}

/** Shown on the first Ctrl-C. */
const saving = "Stopping; all steps made are saved. Press Ctrl-C again to stop at once.";

/** A launcher sends the same signal when a process is lost, and then no other can go on. */
const savingTogether = ({ stage, step }: Pick<StepsMade, "stage" | "step">): string =>
  `Asked to stop after step ${step} of stage "${stage}". The next step is saved if all processes make it; if one was lost, ` +
  "the last checkpoint is what the same command continues from.";

/**
 * Runs `train` on a backend of its own.
 * @param write prints a line
 */
export async function trainingRun<Result>(
  train: (run: TrainingRun) => Promise<Result>,
  options: BackendOptions,
  write: (line: string) => void,
): Promise<Result> {
  const { requestBackend } = await import("../../backend/open.js");
  const backend = await requestBackend(options);
  const progress = new ProgressLine();
  let made: Pick<StepsMade, "stage" | "step"> = { stage: "", step: 0 };
  const log = (line: string): void => {
    progress.end();
    write(line);
  };
  try {
    return await interruptible(saving, (signal) => {
      signal.addEventListener("abort", () => {
        log(`\n${options.processes && made.step > 0 ? savingTogether(made) : saving}`);
      });
      return train({
        ...{ backend, log, signal },
        show: (text) => progress.show(text),
        onProgress: ({ stage, step, steps, secondsLeft }) => {
          made = { stage, step };
          if (!progress.stream.isTTY) return;
          progress.show(`${stage}: ${step}/${steps}, ${formatDuration(secondsLeft)} left`);
        },
      });
    });
  } finally {
    progress.end();
    backend.dispose();
  }
}
