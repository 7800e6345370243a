/** A training stage as a section of a page: curves with their baselines, and sample images. */
import { counted } from "../base/counted.js";
import { formatDuration } from "../base/duration.js";
import { type Chart, charts } from "./chart.js";
import { type Html, html } from "./html.js";
import { lossTable } from "./loss-table.js";
import type { Section } from "./page.js";
import { type LoggedStep, type Point, type TrainedStage, pointsOf } from "./trained-stage.js";

/** Largest number of points of a curve; longer ones are thinned by averaging neighbors. */
const maximumPoints = 300;
/** Training scalars plotted besides the losses. */
const watched = ["gradient norm", "update norm", "learning rate", "samples/s", "memory MiB"];

export function runSection(stage: TrainedStage): Section {
  const { name, losses, log, reconstructions } = stage;
  const training = log.filter(({ kind }) => kind === "training");
  const evaluations = log.filter(({ kind }) => kind === "evaluation");
  const last = training.at(-1);
  const summary = last
    ? html`<p>
        ${counted(last.step, "step")} in ${formatDuration(last.seconds)};
        ${Math.round(last.scalars["samples/s"] ?? 0)} samples a second at the end.
      </p>`
    : html`<p>Nothing has been logged yet.</p>`;
  const images = reconstructions
    ? html`<h3>Reconstructions</h3>
        <p class="quiet">Validation images, each above its reconstruction from visual tokens.</p>
        <p>
          <img
            src="data:image/png;base64,${Buffer.from(reconstructions).toString("base64")}"
            alt="images and their reconstructions"
            style="width: 100%"
          />
        </p>`
    : html``;
  const body = html`${summary} ${lossTable(stage)}
  ${charts(lossCharts(training, evaluations, losses))} ${images}
  ${folded("Other measures on validation data", metricCharts(evaluations, stage))}
  ${folded("Gradients, rates, speed and memory", watchedCharts(training))}`;
  return { title: `Stage "${name}"`, body };
}

/** Charts that are shown on demand; nothing if there are none. */
function folded(title: string, all: readonly Chart[]): Html {
  if (all.length === 0) return html``;
  return html`<details>
    <summary>${title}</summary>
    ${charts(all)}
  </details>`;
}

function lossCharts(
  training: readonly LoggedStep[],
  evaluations: readonly LoggedStep[],
  losses: TrainedStage["losses"],
): Chart[] {
  return Object.entries(losses).map(([name, baseline]) => {
    const lines = [
      { name: "training", points: thinned(pointsOf(training, name)) },
      { name: "validation", points: pointsOf(evaluations, name) },
    ].filter(({ points }) => points.length > 0);
    return {
      title: name,
      lines,
      ...levelAt(baseline),
    };
  });
}

const levelAt = (baseline: number | null | undefined): Pick<Chart, "level"> =>
  baseline === null || baseline === undefined ? {} : { level: { name: "baseline", y: baseline } };

/** A chart for every other validation metric. */
function metricCharts(
  evaluations: readonly LoggedStep[],
  { losses, accuracies = {} }: TrainedStage,
): Chart[] {
  const metrics = new Set(evaluations.flatMap(({ scalars }) => Object.keys(scalars)));
  return [...metrics]
    .filter((name) => !(name in losses))
    .map((name) => ({ ...chartOf(name, evaluations), ...levelAt(accuracies[name]) }));
}

function chartOf(name: string, steps: readonly LoggedStep[]): Chart {
  return { title: name, lines: [{ name, points: thinned(pointsOf(steps, name)) }] };
}

/** A chart for each of the training scalars that are watched, where it was logged. */
function watchedCharts(training: readonly LoggedStep[]): Chart[] {
  return watched
    .map((name) => chartOf(name, training))
    .filter(({ lines }) => lines.some(({ points }) => points.length > 0));
}

function thinned(points: readonly Point[]): Point[] {
  const group = Math.ceil(points.length / maximumPoints);
  if (group <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / group) }, (_, index) => {
    const neighbors = points.slice(index * group, (index + 1) * group);
    const mean = (of: (point: Point) => number): number =>
      neighbors.reduce((sum, point) => sum + of(point), 0) / neighbors.length;
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  });
}
