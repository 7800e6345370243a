import type { JSX } from "preact";
import type { LogEntry, RunStage } from "../../../src/serve/schemas/runs.js";
import { DataTable } from "../parts/data-table.js";
import { percent } from "../parts/figures.js";
import { lineOf } from "../parts/run-curves.js";

interface LossTableProps {
  readonly training: readonly LogEntry[];
  readonly evaluations: readonly LogEntry[];
  readonly stage: RunStage;
}

/** The last values of the losses, and of the accuracies that belong to them, beside their baselines. */
export function LossTable({ training, evaluations, stage }: LossTableProps): JSX.Element {
  const names = Object.keys(stage.losses);
  const loss = (value: number | null | undefined): string => value?.toFixed(3) ?? "";
  const share = (value: number | undefined): string => (value === undefined ? "" : percent(value));
  const columns = [
    { name: "training", cells: names.map((name) => loss(lastOf(training, name))) },
    { name: "validation", cells: names.map((name) => loss(lastOf(evaluations, name))) },
    { name: "baseline", cells: names.map((name) => loss(stage.losses[name])) },
    {
      name: "accuracy",
      cells: names.map((name) => share(lastOf(evaluations, `${name} accuracy`))),
    },
    {
      name: "its baseline",
      cells: names.map((name) => share(stage.accuracies[`${name} accuracy`])),
    },
  ].filter(({ cells }) => cells.some((cell) => cell !== ""));
  return (
    <>
      <DataTable
        title="Last values of the losses"
        columns={[{ name: "loss" }, ...columns.map(({ name }) => ({ name, isNumber: true }))]}
        rows={names.map((name, row) => ({
          key: name,
          cells: [name, ...columns.map(({ cells }) => cells[row])],
        }))}
      />
      {columns.some(({ name }) => name === "baseline") && (
        <p class="hint">
          A baseline is what a model reaches that knows how often each answer occurs, but sees no
          input. Accuracies are on validation data.
        </p>
      )}
    </>
  );
}

const lastOf = (entries: readonly LogEntry[], name: string): number | undefined =>
  lineOf(entries, name, name).points.at(-1)?.y;
