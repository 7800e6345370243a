import type { JSX } from "preact";
import type { SuiteReport } from "../../../src/serve/schemas/evaluations.js";
import { type Row, DataTable } from "../parts/data-table.js";

type SuiteRow = SuiteReport["rows"][number];
type Average = SuiteReport["averages"][number];

/** A suite's scores beside the paper's, in percent, and the averages of the task families. */
export function SuiteTable({ report }: { readonly report: SuiteReport }): JSX.Element {
  const { suite, model, rows, averages } = report;
  const columns = Object.keys(rows[0]?.paper ?? {}).filter((column) =>
    rows.some(({ paper }) => typeof paper[column] === "number"),
  );
  const scored = rows.filter(({ mean }) => mean !== undefined).length;
  return (
    <section>
      <h2>{suite}</h2>
      <p class="quiet">
        {model.path}, {model.precision}. {scored} of {rows.length} rows have scores, in percent.
        {columns.length > 0 && " The other columns are the paper's Table 4."} An average stands only
        where all of its rows do; * marks scores on other data than the official ones, which do not
        count.
      </p>
      <DataTable
        title={`Scores of ${suite}`}
        columns={[
          { name: "task" },
          { name: "this model", isNumber: true },
          { name: "95 % interval", isNumber: true },
          ...columns.map((name) => ({ name, isNumber: true })),
        ]}
        rows={[
          ...rows.map((row) => scoreRow(row, columns)),
          ...averages.map((average) => averageRow(average, columns)),
        ]}
      />
      <Absences rows={rows} />
    </section>
  );
}

const figure = (value: number | null | undefined): string => value?.toFixed(2) ?? "";

function scoreRow(
  { title, mean, low, high, partial, status, paper }: SuiteRow,
  columns: readonly string[],
): Row {
  const value =
    mean === undefined ? (
      <span class="quiet">{status ?? "not measured"}</span>
    ) : (
      <strong>
        {figure(mean)}
        {partial ? " *" : ""}
      </strong>
    );
  const interval = low === undefined ? "" : `${figure(low)} to ${figure(high)}`;
  return {
    key: title,
    cells: [title, value, interval, ...columns.map((name) => figure(paper[name]))],
  };
}

function averageRow(
  { title, value, rows, missing, paper }: Average,
  columns: readonly string[],
): Row {
  const own = value === undefined ? `${rows - missing} of ${rows} rows` : figure(value);
  return {
    key: `average ${title}`,
    cells: [title, own, "", ...columns.map((name) => figure(paper[name]))],
    isSummary: true,
  };
}

/** Why rows have no scores, by task. */
function Absences({ rows }: { readonly rows: readonly SuiteRow[] }): JSX.Element {
  const reasons = new Map(
    rows.flatMap(({ task, reason }) => (reason === undefined ? [] : [[task, reason]])),
  );
  if (reasons.size === 0) return <></>;
  return (
    <details>
      <summary>Why {reasons.size} tasks have no scores</summary>
      <dl>
        {[...reasons].map(([task, reason]) => (
          <div key={task}>
            <dt>{task}</dt>
            <dd>{reason}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
