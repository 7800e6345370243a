import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { LogEntry, RunStage } from "../../../src/serve/schemas/runs.js";
import { reconstructions } from "../api/runs.js";
import { Curve } from "../parts/curve.js";
import { duration, grouped, short } from "../parts/figures.js";
import { dataUrlOf } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { LossTable } from "./loss-table.js";
import { type CurveData, lossCurves, otherCurves } from "../parts/run-curves.js";
import { useLog } from "../parts/use-log.js";
import { useRequest } from "../parts/use-request.js";

interface TrainingStageProps {
  readonly runName: string;
  readonly stage: RunStage;
  /** Whether its log may grow. */
  readonly isLive: boolean;
}

export function TrainingStage({ runName, stage, isLive }: TrainingStageProps): JSX.Element {
  const answer = useLog(runName, stage.name, isLive);
  return (
    <>
      <Answered answer={answer} waiting="Reading the log…">
        {(log) =>
          log.length > 0 ? (
            <Logged log={log} stage={stage} />
          ) : (
            <div class="card">
              <Empty title="Nothing has been logged yet" />
            </div>
          )
        }
      </Answered>
      {stage.drawnAt !== null && (
        <Reconstructions runName={runName} stageName={stage.name} drawnAt={stage.drawnAt} />
      )}
    </>
  );
}

interface ReconstructionsProps {
  readonly runName: string;
  readonly stageName: string;
  /** When the image was drawn: a later one is loaded again. */
  readonly drawnAt: string;
}

function Reconstructions({ runName, stageName, drawnAt }: ReconstructionsProps): JSX.Element {
  const answer = useRequest(
    async (signal) => dataUrlOf(await reconstructions(runName, stageName, { signal })),
    [runName, stageName, drawnAt],
  );
  return (
    <section>
      <h2>Reconstructions</h2>
      <p class="quiet">Validation images, each above its reconstruction from visual tokens.</p>
      <Answered answer={answer} waiting="Loading the image…">
        {(image) => (
          <img class="reconstructions" src={image} alt="Images above their reconstructions" />
        )}
      </Answered>
    </section>
  );
}

interface LoggedProps {
  readonly log: readonly LogEntry[];
  readonly stage: RunStage;
}

function Logged({ log, stage }: LoggedProps): JSX.Element {
  const training = log.filter(({ kind }) => kind === "training");
  const evaluations = log.filter(({ kind }) => kind === "evaluation");
  const baselines = JSON.stringify([stage.losses, stage.accuracies]); // each look at the run brings the same in new objects
  const curves = useMemo(() => lossCurves(training, evaluations, stage), [log, baselines]);
  const others = useMemo(() => otherCurves(training, evaluations, stage), [log, baselines]);
  const [curvesOfOthers, measuredOnce] = [
    others.filter(hasCurve),
    others.filter((one) => !hasCurve(one)),
  ];
  return (
    <>
      <Progress stage={stage} last={training.at(-1)} />
      <section>
        <h2>Losses</h2>
        <div class="curves">
          {curves.map((curve) => (
            <Curve key={curve.title} {...curve} />
          ))}
        </div>
        <LossTable training={training} evaluations={evaluations} stage={stage} />
      </section>
      <section>
        <h2>Everything else</h2>
        <div class="curves">
          {curvesOfOthers.map((curve) => (
            <Curve key={curve.title} {...curve} />
          ))}
        </div>
        {measuredOnce.length > 0 && <MeasuredOnce values={measuredOnce} />}
      </section>
    </>
  );
}

interface ProgressProps {
  readonly stage: RunStage;
  readonly last: LogEntry | undefined;
}

function Progress({ stage: { name, steps }, last }: ProgressProps): JSX.Element {
  if (!last || steps === null) return <></>;
  const left = ((steps - last.step) * (last.scalars["step ms"] ?? 0)) / 1000;
  return (
    <div class="progress">
      <progress max={steps} value={last.step} aria-label={`Progress of stage ${name}`} />
      <span>
        step {grouped(last.step)} of {grouped(steps)}
      </span>
      <span class="quiet">
        {duration(last.seconds)} of training
        {last.step < steps ? `, ${duration(left)} left` : ""}
        {`, ${short(last.scalars["samples/s"] ?? 0)} samples/s`}
      </span>
    </div>
  );
}

/** Whether a line has at least two points. */
const hasCurve = ({ lines }: CurveData): boolean => lines.some(({ points }) => points.length > 1);

const MeasuredOnce = ({ values }: { readonly values: readonly CurveData[] }): JSX.Element => (
  <dl class="facts">
    {values.map(({ title, lines }) => (
      <div key={title}>
        <dt>{title}</dt>
        <dd>{lines.map(({ points }) => points.map(({ y }) => short(y)))}</dd>
      </div>
    ))}
  </dl>
);
