/** A training run, live: its stages, curves, latest values and reconstructions. */
import type { JSX } from "preact";
import type { RunResponse, RunSummary } from "../../../src/serve/schemas/runs.js";
import * as api from "../api/runs.js";
import { ago } from "../parts/figures.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageChoice } from "../parts/page-choice.js";
import { PageHead } from "../parts/page-head.js";
import { NotShown } from "../parts/not-shown.js";
import { useRepeated } from "../parts/use-repeated.js";
import { addressOf } from "../route.js";
import { TrainingStage } from "./training-stage.js";

interface TrainingPageProps {
  /** The names of a run and of a stage; by default the latest ones. */
  readonly rest: readonly string[];
}

const secondsBetween = 3;

export function TrainingPage({ rest: [runName, stageName] }: TrainingPageProps): JSX.Element {
  const answer = useRepeated(
    async (signal) => {
      const { data: runs, enabled } = await api.runs({ signal });
      const name = runName ?? runs[0]?.name;
      return { runs, enabled, ...(name !== undefined && { run: await api.run(name, { signal }) }) };
    },
    [runName],
    secondsBetween,
  );
  return (
    <>
      <PageHead title="Training">
        Runs of flava pretrain and flava finetune, finished or in progress.
      </PageHead>
      <Answered answer={answer} waiting="Looking for runs…">
        {({ runs, run, enabled }) => {
          if (!enabled) return <NotShown what="runs" />;
          if (!run) return <NoRuns />;
          return <Run key={run.name} runs={runs} run={run} stageName={stageName} />;
        }}
      </Answered>
    </>
  );
}

const NoRuns = (): JSX.Element => (
  <div class="card">
    <Empty title="No runs yet">
      <p>Start one in this directory, and it appears here within seconds.</p>
    </Empty>
  </div>
);

interface RunProps {
  readonly runs: readonly RunSummary[];
  readonly run: RunResponse;
  readonly stageName: string | undefined;
}

function Run({ runs, run, stageName }: RunProps): JSX.Element {
  const started = run.stages.filter(({ step }) => step !== null);
  const stage = started.find(({ name }) => name === stageName) ?? started.at(-1);
  return (
    <>
      <div class="toolbar">
        <RunChoice runs={runs} chosen={run.name} />
        <span class={`state ${run.state}`}>{run.state}</span>
        <span class="quiet">last logged {ago(run.loggedAt)}</span>
      </div>
      <nav class="tabs" aria-label="Stages">
        <ol>
          {run.stages.map(({ name, step, steps }) => (
            <li key={name}>
              {step === null ? (
                <span class="tab" aria-disabled="true">
                  {name} <small>not started</small>
                </span>
              ) : (
                <a
                  class="tab"
                  href={addressOf("training", run.name, name)}
                  {...(name === stage?.name && { "aria-current": "true" })}
                >
                  {name}{" "}
                  <small>{steps === null ? step : `${Math.floor((100 * step) / steps)} %`}</small>
                </a>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {stage && (
        <TrainingStage
          key={stage.name}
          runName={run.name}
          stage={stage}
          isLive={run.state === "training"}
        />
      )}
      <p class="quiet">
        flava {run.version}, {run.level} kernels.
      </p>
    </>
  );
}

interface RunChoiceProps {
  readonly runs: readonly RunSummary[];
  readonly chosen: string;
}

const RunChoice = ({ runs, chosen }: RunChoiceProps): JSX.Element => {
  const live = new Set(runs.filter(({ state }) => state === "training").map(({ name }) => name));
  return (
    <PageChoice
      label="Run"
      page="training"
      names={runs.map(({ name }) => name)}
      chosen={chosen}
      describe={(name) => (live.has(name) ? `${name} (training)` : name)}
    />
  );
};
