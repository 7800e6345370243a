/** A training stage as lines of text: a small curve for each loss, beside its last values and its baseline. */
import { formatDuration } from "../base/duration.js";
import { type TrainedStage, lastOf, pointsOf } from "./trained-stage.js";

export interface StageInText extends TrainedStage {
  /** Steps of the whole stage. */
  readonly steps: number;
  readonly state: RunState;
}

/** Whether a run is being trained, has written its model, or waits to be continued. */
export type RunState = "training" | "finished" | "stopped";

/** How far the stage is: "joint 40/350, 2 min left". */
function progressText({ name, steps, state, log }: StageInText): string {
  const last = log.findLast(({ kind }) => kind === "training");
  if (!last) return `${name}: nothing has been logged yet`;
  const done = `${name} ${last.step}/${steps}`;
  if (state !== "training") return `${done}, ${state}`;
  if (last.step === steps) return `${done}, writing the model`;
  const milliseconds = last.scalars["step ms"] ?? 0;
  return `${done}, ${formatDuration(((steps - last.step) * milliseconds) / 1000)} left`;
}

/** Progress and the last value of each loss in one line. */
export function oneLine(stage: StageInText): string {
  const values = Object.keys(stage.losses).flatMap((name) => {
    const value = lastOf(stage.log, "training", name);
    return value === undefined ? [] : [`${name} ${value.toFixed(3)}`];
  });
  return [progressText(stage), ...values].join("  ");
}

const valueWidth = 11;

/** A table with a curve for each loss, of at most `columns` characters a line. */
export function curves(stage: StageInText, columns: number): string[] {
  const { losses, log } = stage;
  const names = Object.keys(losses);
  const nameWidth = Math.max(4, ...names.map((name) => name.length)) + 2;
  const width = Math.max(8, Math.min(60, columns - nameWidth - 3 * valueWidth - 1));
  const cell = (value: number | null | undefined): string =>
    (value?.toFixed(3) ?? "").padStart(valueWidth);
  const head = ["training", "validation", "baseline"].map((text) => text.padStart(valueWidth));
  return [
    progressText(stage),
    `${"loss".padEnd(nameWidth)}${" ".repeat(width)}${head.join("")}`,
    ...names.map((name) => {
      const training = log.filter(({ kind }) => kind === "training");
      const curve = sparkline(
        pointsOf(training, name).map(({ y }) => y),
        width,
      );
      const values = [lastOf(log, "training", name), lastOf(log, "evaluation", name), losses[name]];
      return `${name.padEnd(nameWidth)}${curve.padEnd(width)}${values.map(cell).join("")}`;
    }),
  ];
}

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Values as bars of at most `width` characters, from the least to the greatest; neighbors are averaged. */
export function sparkline(values: readonly number[], width: number): string {
  const group = Math.max(1, Math.ceil(values.length / width));
  const means = Array.from({ length: Math.ceil(values.length / group) }, (_, index) => {
    const some = values.slice(index * group, (index + 1) * group);
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  });
  const finite = means.filter(Number.isFinite);
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  return means
    .map((value) => {
      if (!Number.isFinite(value)) return "?";
      const height = most > least ? (value - least) / (most - least) : 0.5;
      return bars[Math.round(height * (bars.length - 1))]!;
    })
    .join("");
}
