/** The training loop: steps, evaluations and checkpoints of one stage, from its last checkpoint to its end. */
import { counted } from "../base/counted.js";
import type { NextBatch } from "../data/batch/loader.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import type { Communicator } from "../backend/communicator.js";
import { any } from "../parallel/agreement.js";
import { requireSameWeights } from "./run/same-weights.js";
import { skippedByAll } from "./run/shared-run.js";
import { formatDuration, formatRate } from "../base/duration.js";
import { Averages } from "./run/averages.js";
import { describeFailure } from "./run/failure.js";
import { type LogEntry, RunLog } from "./run/log.js";
import { type ReportOptions, writeReport } from "./run/report.js";
import type { Progress, RunDirectory } from "./run/run-directory.js";
import { type BestMeasure, describeChosen, isBetter } from "./stages/best-measure.js";
import type { Log, Scalars, Stage } from "./stages/stage.js";

export interface TrainOptions<B> {
  readonly run: RunDirectory;
  /** The processes that make the steps together; default: there is only this one. */
  readonly processes?: Communicator | undefined;
  /** Loads the batches that follow `progress`. */
  readonly loader: { next(): Promise<NextBatch<B>> };
  /** Progress at the last checkpoint; undefined if there is none. */
  readonly progress: Progress | undefined;
  /** Intervals in steps. */
  readonly every: { readonly log: number; readonly evaluate: number; readonly save: number };
  /** Chooses the best model; undefined if there is no validation data. */
  readonly best: BestMeasure | undefined;
  /** Whether the model that training starts from is evaluated, too, and may be the best one; default: no. */
  readonly evaluatesStart?: boolean;
  /** The path of the learning rate in the recipe, for messages; default: that of the stage. */
  readonly rateSetting?: string;
  /** Training ends after this many evaluations without a better value of that measure; default: never early. */
  readonly patience?: number | undefined;
  /** The page to write after each evaluation. */
  readonly report: ReportOptions;
  readonly log: Log;
  /** Called after each step. */
  readonly onProgress?: (made: StepsMade) => void;
  /** Called with each entry of the log. */
  readonly onEntry?: (entry: LogEntry) => void;
  /** When aborted, training saves and stops after the current step. */
  readonly signal?: AbortSignal;
}

/** The progress of a stage. */
export interface StepsMade {
  /** The stage's name. */
  readonly stage: string;
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Estimated seconds left, at the mean speed since the run was opened. */
  readonly secondsLeft: number;
}

/** Either all steps are done, or the run was stopped and has a checkpoint to resume from. */
export type Ending = "finished" | "stopped";

const beginning: Progress = { step: 0, cursor: { step: 0, drawn: {} }, seconds: 0 };

/** Runs the remaining steps of `stage`, then writes `final/`. */
export async function train<B>(stage: Stage<B>, options: TrainOptions<B>): Promise<Ending> {
  const { rateSetting = `stages.${stage.name}.rate.peak` } = options;
  const progress = options.progress ?? beginning;
  const session = { ...options, progress, skipped: new SkippedSamples() };
  try {
    return await makeSteps(stage, session);
  } catch (error) {
    throw await describeFailure(error, options.run, rateSetting, session.progress.step + 1);
  }
}

/** The options, and the state that changes from step to step. */
type Session<B> = Omit<TrainOptions<B>, "progress"> & {
  /** Progress after the last step. */
  progress: Progress;
  /** Samples left out since the last log line. */
  skipped: SkippedSamples;
};

async function makeSteps<B>(stage: Stage<B>, session: Session<B>): Promise<Ending> {
  const { run, every, log, signal, onProgress, processes, evaluatesStart = false } = session;
  const start = session.progress;
  const runLog = await RunLog.open(run, start.step, session.onEntry);
  if (evaluatesStart && start.step === 0) session.progress = await evaluate(stage, session, runLog);
  const averages = new Averages();
  const began = performance.now();
  while (session.progress.step < stage.steps && !hasStalled(session)) {
    session.progress = await makeStep(stage, session, averages);
    const { step } = session.progress;
    const seconds = (performance.now() - began) / 1000;
    session.progress = { ...session.progress, seconds: start.seconds + seconds };
    const secondsLeft = ((stage.steps - step) * seconds) / (step - start.step);
    onProgress?.({ stage: stage.name, step, steps: stage.steps, secondsLeft });

    const isEnd = step === stage.steps;
    if (step % every.log === 0 || isEnd) {
      session.skipped = await skippedByAll(processes, session.skipped);
      logSkipped(session, averages.samples);
      const scalars = averages.take();
      await runLog.add({ ...placeOf(session.progress), kind: "training", scalars });
      log(trainingLine(stage, step, scalars));
    }
    if (step % every.evaluate === 0 || isEnd) {
      session.progress = await evaluate(stage, session, runLog);
    }
    const isLast = isEnd || hasStalled(session);
    const isStopped = await any(processes, signal?.aborted === true);
    if (step % every.save === 0 || isLast || isStopped) {
      await requireSameWeights(processes, stage.state, step);
      await run.save(stage.state, session.progress);
    }
    if (isStopped && !isLast) {
      log(`Stopped after step ${step}; the same command continues from there.`);
      return "stopped";
    }
  }
  if (session.progress.step < stage.steps) {
    log(
      `Ended early after step ${session.progress.step}: no better value for ${counted(session.patience!, "evaluation")}.`,
    );
  }
  await run.replace("final", (directory) => stage.write(directory, log));
  if (session.progress.best) log(describeChosen(session.progress.best));
  return "finished";
}

/** Whether the last evaluations brought no better model, as many as there is patience for. */
function hasStalled<B>({ progress, patience = Infinity, every }: Session<B>): boolean {
  const { step, best } = progress;
  return best !== undefined && step - best.step >= patience * every.evaluate;
}

/** Runs one step; returns the progress after it. */
async function makeStep<B>(
  stage: Stage<B>,
  session: Session<B>,
  averages: Averages,
): Promise<Progress> {
  const { loader, progress } = session;
  const waiting = performance.now();
  const { batch, samples, cursor, skipped } = await loader.next();
  const began = performance.now();
  const scalars = await stage.step(batch, progress.step);
  averages.add(scalars, { samples, waited: began - waiting, run: performance.now() - began });
  session.skipped.addAll(skipped);
  return { ...progress, step: progress.step + 1, cursor };
}

/** @param used samples trained on since the last log line */
function logSkipped(session: Pick<Session<unknown>, "skipped" | "log">, used: number): void {
  if (session.skipped.total === 0) return;
  session.log(`  ${session.skipped.summary(used)}`);
  session.skipped = new SkippedSamples();
}

/** Evaluates, and saves the model if it is the best so far. Returns the progress with the best evaluation. */
async function evaluate<B>(
  stage: Stage<B>,
  session: Session<B>,
  runLog: RunLog,
): Promise<Progress> {
  const { run, progress, report, best: measure, log } = session;
  const scalars = await stage.evaluate();
  await runLog.add({ ...placeOf(progress), kind: "evaluation", scalars });
  if (Object.keys(scalars).length > 0) log(`  evaluation: ${describe(scalars)}`);
  if (run.isWriter) await writeReport(report);
  const value = measure && scalars[measure.name];
  if (measure === undefined || value === undefined) return progress;
  requireValue(value, measure);
  const { best } = progress;
  const { name, tieBreak = "" } = measure;
  const isFirst = best?.measure !== name; // the recipe may name another one than before
  const earlier = best && {
    [name]: best.value,
    ...(best.loss !== undefined && { [tieBreak]: best.loss }),
  };
  if (!isFirst && !isBetter(scalars, earlier!, measure)) return progress;
  await run.replace("best", (directory) => stage.write(directory, () => undefined));
  const loss = scalars[tieBreak];
  const { step } = progress;
  return { ...progress, best: { step, measure: name, value, ...(loss !== undefined && { loss }) } };
}

/** @throws Error if it is NaN: no model is better than another by that, and the first one would be kept */
function requireValue(value: number, { name }: BestMeasure): void {
  if (!Number.isNaN(value)) return;
  throw new Error(
    `No model can be chosen by "${name}", which is not a number on the validation data: perhaps training has diverged, none of its ` +
      "samples can be used, or all are of one class. Give other validation data, or choose by another measure (best).",
  );
}

const placeOf = ({ step, seconds }: Progress): Pick<Progress, "step" | "seconds"> => ({
  step,
  seconds,
});

function trainingLine(
  { steps, losses: known }: Pick<Stage, "steps" | "losses">,
  step: number,
  scalars: Scalars,
): string {
  const losses = known.flatMap((name) =>
    scalars[name] === undefined ? [] : [`${name} ${scalars[name].toFixed(3)}`],
  );
  const { "samples/s": speed = 0, "step ms": milliseconds = 0 } = scalars;
  const left = formatDuration(((steps - step) * milliseconds) / 1000);
  return `${String(step).padStart(String(steps).length)}/${steps}  ${losses.join("  ")}  ${formatRate(speed)}/s  ${left} left`;
}

function describe(scalars: Scalars): string {
  return Object.entries(scalars)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join("  ");
}
