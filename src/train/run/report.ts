/** A page on a run: its recipe, curves of every loss against what guessing reaches, evaluations, and reconstructions. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../../configs/recipe.js";
import { type Chart, charts } from "../../report/chart.js";
import { type Html, html } from "../../report/html.js";
import { type Section, page } from "../../report/page.js";
import { formatDuration } from "./duration.js";
import { type LogEntry, readLog } from "./log.js";
import { RunDirectory, type RunFacts } from "./run-directory.js";

export const reportName = "report.html";

/** Most points of a curve; longer logs are thinned by means of neighbors. */
const mostPoints = 300;

/**
 * Writes `report.html` about the stages of a recipe that have begun, in the directory that they lie in.
 *
 * @param more sections after those of the stages
 */
export async function writeReport(
  directory: string,
  title: string,
  { stages }: Pick<Recipe, "stages">,
  more: readonly Section[] = [],
): Promise<void> {
  const sections = await Promise.all(
    stages.map(({ name }) => stageSection(name, new RunDirectory(join(directory, name)))),
  );
  const facts = `Written ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.`;
  const text = page(title, facts, [...sections.flat(), ...more]);
  await writeFile(join(directory, reportName), text);
}

async function stageSection(name: string, run: RunDirectory): Promise<Section[]> {
  const facts = await run.readFacts();
  if (!facts) return [];
  const { losses } = facts;
  const log = await readLog(run);
  const training = log.filter(({ kind }) => kind === "training");
  const evaluations = log.filter(({ kind }) => kind === "evaluation");
  const last = training.at(-1);
  const length = last
    ? html`<p>
        ${last.step} steps in ${formatDuration(last.seconds)};
        ${Math.round(last.scalars["samples/s"] ?? 0)} samples a second at the end.
      </p>`
    : html`<p>Nothing has been logged yet.</p>`;
  const body = html`${length} ${charts(lossCharts(training, evaluations, losses))}
  ${charts(otherCharts(training, evaluations, losses))} ${await drawings(run)}`;
  return [{ title: `Stage "${name}"`, body }];
}

function lossCharts(
  training: readonly LogEntry[],
  evaluations: readonly LogEntry[],
  losses: RunFacts["losses"],
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

/** Everything else that was evaluated or is good to watch, one chart each. */
function otherCharts(
  training: readonly LogEntry[],
  evaluations: readonly LogEntry[],
  losses: RunFacts["losses"],
): Chart[] {
  const watched = ["gradient norm", "update norm", "learning rate", "samples/s", "memory MiB"];
  const names = new Set(evaluations.flatMap(({ scalars }) => Object.keys(scalars)));
  return [
    ...[...names].filter((name) => !(name in losses)).map((name) => [name, evaluations] as const),
    ...watched.map((name) => [name, training] as const),
  ].flatMap(([name, entries]) => {
    const points = thinned(pointsOf(entries, name));
    return points.length === 0 ? [] : [{ title: name, lines: [{ name, points }] }];
  });
}

type Point = { readonly x: number; readonly y: number };

function pointsOf(entries: readonly LogEntry[], name: string): Point[] {
  return entries.flatMap(({ step, scalars }) => {
    const y = scalars[name];
    return y === undefined ? [] : [{ x: step, y }];
  });
}

function thinned(points: readonly Point[]): Point[] {
  const group = Math.ceil(points.length / mostPoints);
  if (group <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / group) }, (_, index) => {
    const some = points.slice(index * group, (index + 1) * group);
    const mean = (of: (point: Point) => number): number =>
      some.reduce((sum, point) => sum + of(point), 0) / some.length;
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) };
  });
}

async function drawings(run: RunDirectory): Promise<Html> {
  const png = await readFile(run.file("reconstructions.png")).catch(() => undefined);
  if (!png) return html``;
  const source = `data:image/png;base64,${png.toString("base64")}`;
  return html`<h3>Reconstructions</h3>
    <p class="quiet">
      Images that were not trained on, each above what its visual tokens keep of it.
    </p>
    <p><img src="${source}" alt="images and their reconstructions" style="width: 100%" /></p>`;
}
