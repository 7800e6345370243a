/** A training stage as a section of a page: loss curves with their chance levels, and sample images. */
import { formatDuration } from "../base/duration.js";
import { type Chart, charts } from "./chart.js";
import { html } from "./html.js";
import type { Section } from "./page.js";

/** The values logged at one step. */
export interface LoggedStep {
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  readonly kind: "training" | "evaluation";
  readonly scalars: Readonly<Record<string, number>>;
}

export interface TrainedStage {
  readonly name: string;
  /** The losses by name, each with the value reached by guessing, or null if unknown. */
  readonly losses: Readonly<Record<string, number | null>>;
  readonly log: readonly LoggedStep[];
  /** A PNG file of images above their reconstructions. */
  readonly reconstructions?: Uint8Array;
}

/** Largest number of points of a curve; longer ones are thinned by averaging neighbors. */
const maximumPoints = 300;
/** Training scalars plotted besides the losses. */
const watched = ["gradient norm", "update norm", "learning rate", "samples/s", "memory MiB"];

export function runSection({ name, losses, log, reconstructions }: TrainedStage): Section {
  const training = log.filter(({ kind }) => kind === "training");
  const evaluations = log.filter(({ kind }) => kind === "evaluation");
  const last = training.at(-1);
  const summary = last
    ? html`<p>
        ${last.step} steps in ${formatDuration(last.seconds)};
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
  const body = html`${summary} ${charts(lossCharts(training, evaluations, losses))}
  ${charts(otherCharts(training, evaluations, losses))} ${images}`;
  return { title: `Stage "${name}"`, body };
}

function lossCharts(
  training: readonly LoggedStep[],
  evaluations: readonly LoggedStep[],
  losses: TrainedStage["losses"],
): Chart[] {
  return Object.entries(losses).map(([name, chance]) => {
    const lines = [
      { name: "training", points: thinned(pointsOf(training, name)) },
      { name: "validation", points: pointsOf(evaluations, name) },
    ].filter(({ points }) => points.length > 0);
    return {
      title: name,
      lines,
      ...(chance !== null && { level: { name: "chance", y: chance } }),
    };
  });
}

/** Every other validation metric and the plotted training scalars: one chart each. */
function otherCharts(
  training: readonly LoggedStep[],
  evaluations: readonly LoggedStep[],
  losses: TrainedStage["losses"],
): Chart[] {
  const metrics = new Set(evaluations.flatMap(({ scalars }) => Object.keys(scalars)));
  return [
    ...[...metrics].filter((name) => !(name in losses)).map((name) => [name, evaluations] as const),
    ...watched.map((name) => [name, training] as const),
  ].flatMap(([name, steps]) => {
    const points = thinned(pointsOf(steps, name));
    return points.length === 0 ? [] : [{ title: name, lines: [{ name, points }] }];
  });
}

type Point = { readonly x: number; readonly y: number };

export function pointsOf(steps: readonly LoggedStep[], name: string): Point[] {
  return steps.flatMap(({ step, scalars }) => {
    const y = scalars[name];
    return y === undefined ? [] : [{ x: step, y }];
  });
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
