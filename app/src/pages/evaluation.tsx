/** What flava evaluate and flava ablate found: a table beside the paper's numbers, or single sets with their mistakes. */
import type { JSX } from "preact";
import * as api from "../api/runs.js";
import { ago } from "../parts/figures.js";
import { Answered, Empty } from "../parts/notice.js";
import { NotShown } from "../parts/not-shown.js";
import { PageChoice } from "../parts/page-choice.js";
import { PageHead } from "../parts/page-head.js";
import { useRequest } from "../parts/use-request.js";
import { ComparisonTables } from "./comparison-tables.js";
import { SetSection } from "./evaluated-set.js";
import { SuiteTable } from "./suite-table.js";

interface EvaluationPageProps {
  /** The name of an evaluation; by default the latest one. */
  readonly rest: readonly string[];
}

export function EvaluationPage({ rest: [chosen] }: EvaluationPageProps): JSX.Element {
  const list = useRequest((signal) => api.evaluations({ signal }), []);
  const name = chosen ?? list.result?.data[0]?.name;
  return (
    <>
      <PageHead title="Evaluation">
        Results of flava evaluate and flava ablate, with 95 % intervals and what guessing gives.
      </PageHead>
      <Answered answer={list} waiting="Looking for evaluations…">
        {({ data, enabled }) => {
          if (!enabled) return <NotShown what="evaluations" />;
          if (name === undefined) return <NoEvaluations />;
          return (
            <>
              <EvaluationChoice evaluations={data} chosen={name} />
              <Evaluation key={name} name={name} />
            </>
          );
        }}
      </Answered>
    </>
  );
}

const NoEvaluations = (): JSX.Element => (
  <div class="card">
    <Empty title="No evaluations yet">
      <p>Write one below the directory of flava serve --runs:</p>
      <pre>npx flava evaluate path/to/images --out ~/.cache/flava/runs/my-evaluation</pre>
    </Empty>
  </div>
);

interface EvaluationChoiceProps {
  readonly evaluations: readonly api.EvaluationSummary[];
  readonly chosen: string;
}

const EvaluationChoice = ({ evaluations, chosen }: EvaluationChoiceProps): JSX.Element => (
  <div class="toolbar">
    <PageChoice
      label="Evaluation"
      page="evaluation"
      names={evaluations.map(({ name }) => name)}
      chosen={chosen}
    />
    <span class="quiet">
      {evaluations
        .filter(({ name }) => name === chosen)
        .map(({ writtenAt }) => `written ${ago(writtenAt)}`)}
    </span>
  </div>
);

function Evaluation({ name }: { readonly name: string }): JSX.Element {
  const answer = useRequest((signal) => api.evaluation(name, { signal }), [name]);
  return (
    <Answered answer={answer} waiting="Reading the results…">
      {(report) => {
        if ("suite" in report) return <SuiteTable report={report} />;
        if ("changes" in report) return <ComparisonTables report={report} />;
        return (
          <>
            <p class="quiet">
              {report.model}, {report.precision}
            </p>
            {report.evaluations.map((evaluation) => (
              <SetSection key={evaluation.set} evaluation={evaluation} />
            ))}
          </>
        );
      }}
    </Answered>
  );
}
