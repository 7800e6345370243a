import type { JSX } from "preact";
import type { ComparisonReport } from "../../../src/serve/schemas/evaluations.js";
import { DataTable } from "../parts/data-table.js";

type Means = ComparisonReport["models"][number]["scores"];
type Paper = ComparisonReport["models"][number]["paper"];

/** The averages of differently trained models over seeds, and what changes of the training bring, beside the paper's. */
export function ComparisonTables({ report }: { readonly report: ComparisonReport }): JSX.Element {
  const { seeds, rows, models, changes } = report;
  const averages = [...Object.keys(rows), "macro"];
  const counts = Object.entries(rows).map(
    ([family, { used, all }]) => `${used} of ${all} ${family}`,
  );
  return (
    <>
      <h2>Averages</h2>
      <p class="quiet">
        Means over {seeds.length === 1 ? "one seed" : `${seeds.length} seeds`} in percent, with 95 %
        intervals if there are several, over the rows that all models have scores of:{" "}
        {counts.join(", ")}. The other columns are the paper's, of other data and sizes.
      </p>
      <Table
        title="Averages of the models"
        what="model"
        averages={averages}
        rows={models.map(({ title, scores, paper }) => ({ title, means: scores, paper }))}
      />
      {changes.length > 0 && (
        <>
          <h2>What changes bring</h2>
          <p class="quiet">
            Differences in points, seed by seed. Where an interval holds 0, they may be chance.
          </p>
          <Table
            title="Differences by change"
            what="change"
            averages={averages}
            isSigned
            rows={changes.map(({ title, points, paper }) => ({ title, means: points, paper }))}
          />
        </>
      )}
    </>
  );
}

interface TableProps {
  readonly title: string;
  readonly what: string;
  /** In their order; only those that some row has are columns. */
  readonly averages: readonly string[];
  /** Whether numbers above 0 have a sign. */
  readonly isSigned?: boolean;
  readonly rows: readonly {
    readonly title: string;
    readonly means: Means;
    readonly paper: Paper;
  }[];
}

function Table({ title, what, averages, isSigned = false, rows }: TableProps): JSX.Element {
  const figure = (value: number): string =>
    `${isSigned && value > 0 ? "+" : ""}${value.toFixed(2)}`;
  const measured = averages.filter((name) => rows.some(({ means }) => name in means));
  const papers = averages.filter((name) => rows.some(({ paper }) => name in paper));
  return (
    <DataTable
      title={title}
      columns={[
        { name: what },
        ...measured.map((name) => ({ name, isNumber: true })),
        ...papers.map((name) => ({ name: `paper, ${name}`, isNumber: true })),
      ]}
      rows={rows.map((row) => ({
        key: row.title,
        cells: [
          row.title,
          ...measured.map((name) => {
            const found = row.means[name];
            if (!found) return "";
            const { mean, margin } = found;
            return margin === undefined ? figure(mean) : `${figure(mean)} ± ${margin.toFixed(2)}`;
          }),
          ...papers.map((name) => {
            const value = row.paper[name];
            return value === undefined ? "" : figure(value);
          }),
        ],
      }))}
    />
  );
}
