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
  const share = (value: number | undefined): string => (value === undefined ? "" : percent(value));
  const numbers = ["training", "validation", "baseline", "accuracy", "its baseline"];
  return (
    <>
      <DataTable
        title="Last values of the losses"
        columns={[{ name: "loss" }, ...numbers.map((name) => ({ name, isNumber: true }))]}
        rows={Object.entries(stage.losses).map(([name, baseline]) => {
          const accuracy = `${name} accuracy`;
          const losses = [lastOf(training, name), lastOf(evaluations, name), baseline];
          return {
            key: name,
            cells: [
              name,
              ...losses.map((value) => value?.toFixed(3) ?? ""),
              ...[lastOf(evaluations, accuracy), stage.accuracies[accuracy]].map(share),
            ],
          };
        })}
      />
      <p class="hint">
        A baseline is what a model reaches that knows how often each answer occurs, but sees no
        input. Accuracies are on validation data.
      </p>
    </>
  );
}

const lastOf = (entries: readonly LogEntry[], name: string): number | undefined =>
  lineOf(entries, name, name).points.at(-1)?.y;
