/** Steps, evaluations and checkpoints of one stage, from where it stands to its end. */
import { formatBytes } from "../backend/available-memory.js";
import type { Loader } from "../data/batch/loader.js";
import type { MixtureCursor } from "../data/batch/mixture.js";
import { Averages } from "./run/averages.js";
import { formatDuration } from "../base/duration.js";
import { describeFailure } from "./run/failure.js";
import { RunLog } from "./run/log.js";
import type { Progress, RunDirectory } from "./run/run-directory.js";
import type { Say, Scalars, Stage } from "./stages/stage.js";

export interface LoopOptions {
  readonly run: RunDirectory;
  readonly every: { readonly log: number; readonly evaluate: number; readonly save: number };
  /** Opens the batches that follow `cursor`. */
  readonly openLoader: (cursor: MixtureCursor | undefined) => Promise<Loader>;
  /** How fast this machine trains such a model, in multiplications and additions a second. */
  readonly speed: () => Promise<number>;
  readonly say: Say;
  readonly afterEvaluation?: () => Promise<void>;
  /** Asks the run to save and stop after the present step. */
  readonly signal?: AbortSignal;
}

/** How a run ended: all steps made, or stopped on request with a checkpoint to go on from. */
export type Ending = "finished" | "stopped";

/** Runs `stage` from its last checkpoint, or from the start, and writes `final/` when all steps are made. */
export async function runStage(stage: Stage, options: LoopOptions): Promise<Ending> {
  const { run, say } = options;
  await run.create();
  const found = await run.resume(stage.state);
  if (!found) await stage.begin();
  const start: Progress = found ?? { step: 0, cursor: { step: 0, drawn: {} }, seconds: 0 };
  if (found) say(`Going on after step ${found.step} of ${stage.steps}.`);
  if (start.step >= stage.steps) return finish(stage, options);
  await sayNeeds(stage, stage.steps - start.step, options);
  const loader = await options.openLoader(found?.cursor);
  try {
    const log = await openLog(run, start.step);
    return await new Loop(stage, options, loader, log, start).run();
  } finally {
    await loader.close();
  }
}

async function openLog(run: RunDirectory, step: number): Promise<RunLog> {
  try {
    return await RunLog.open(run, step);
  } catch (error) {
    throw await describeFailure(error, run, step + 1);
  }
}

/** What is to come, before it is begun. */
async function sayNeeds(stage: Stage, steps: number, { speed, say }: LoopOptions): Promise<void> {
  const { bytes, flops } = stage.prepare();
  say(`Memory: ${formatBytes(bytes)} for the state and the largest step.`);
  const duration = formatDuration((steps * flops) / (await speed()));
  say(`Time: roughly ${duration} for ${steps} steps, if nothing else keeps this machine busy.`);
}

async function finish(stage: Stage, { run }: LoopOptions): Promise<Ending> {
  await run.replace("final", (directory) => stage.write(directory));
  return "finished";
}

class Loop {
  #progress: Progress;
  readonly #averages = new Averages();
  readonly #started = performance.now();

  constructor(
    private readonly stage: Stage,
    private readonly options: LoopOptions,
    private readonly loader: Loader,
    private readonly log: RunLog,
    private readonly start: Progress,
  ) {
    this.#progress = start;
  }

  async run(): Promise<Ending> {
    try {
      return await this.#makeSteps();
    } catch (error) {
      throw await describeFailure(error, this.options.run, this.#progress.step + 1);
    }
  }

  async #makeSteps(): Promise<Ending> {
    const { stage, options } = this;
    const { every, signal } = options;
    while (this.#progress.step < stage.steps) {
      await this.#step();
      const { step } = this.#progress;
      const isLast = step === stage.steps;
      if (step % every.log === 0 || isLast) await this.#report();
      if (step % every.evaluate === 0 || isLast) await this.#evaluate();
      if (step % every.save === 0 || isLast || signal?.aborted) {
        await options.run.save(stage.state, this.#progress);
      }
      if (signal?.aborted && !isLast) {
        this.options.say(`Stopped after step ${step}; the same command goes on from there.`);
        return "stopped";
      }
    }
    return finish(stage, options);
  }

  async #step(): Promise<void> {
    const waiting = performance.now();
    const { batch, samples, cursor, skipped } = await this.loader.next();
    const begun = performance.now();
    const scalars = await this.stage.step(batch, this.#progress.step);
    const ended = performance.now();
    this.#averages.add(scalars, {
      samples,
      waited: begun - waiting,
      run: ended - begun,
    });
    for (const { key, message } of skipped) this.options.say(`Skipped ${key}: ${message}`);
    const seconds = this.start.seconds + (ended - this.#started) / 1000;
    this.#progress = { ...this.#progress, step: this.#progress.step + 1, cursor, seconds };
  }

  async #report(): Promise<void> {
    const { step, seconds } = this.#progress;
    const scalars = this.#averages.take();
    await this.log.add({ step, seconds, kind: "training", scalars });
    this.options.say(trainingLine(this.stage, step, scalars));
  }

  async #evaluate(): Promise<void> {
    const { stage, options } = this;
    const { step, seconds, best } = this.#progress;
    const scalars = await stage.evaluate();
    await this.log.add({ step, seconds, kind: "evaluation", scalars });
    this.options.say(`  evaluation: ${describe(scalars)}`);
    await options.afterEvaluation?.();
    const value = scalars[stage.bestBy];
    if (value === undefined || (best && best.value >= value)) return;
    await options.run.replace("best", (directory) => stage.write(directory));
    this.#progress = { ...this.#progress, best: { step, value } };
  }
}

function trainingLine({ steps, losses: known }: Stage, step: number, scalars: Scalars): string {
  const losses = Object.keys(known).flatMap((name) =>
    scalars[name] === undefined ? [] : [`${name} ${scalars[name].toFixed(3)}`],
  );
  const { "samples/s": speed = 0, "step ms": milliseconds = 0 } = scalars;
  const left = formatDuration(((steps - step) * milliseconds) / 1000);
  return `${String(step).padStart(String(steps).length)}/${steps}  ${losses.join("  ")}  ${speed.toFixed(0)}/s  ${left} left`;
}

function describe(scalars: Scalars): string {
  return Object.entries(scalars)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join("  ");
}
