/** A page that compares the validation curves of runs of equal compute. */
import { writeFile } from "node:fs/promises";
import { type Chart, charts } from "../src/report/chart.js";
import { page } from "../src/report/page.js";
import { type LogEntry, readLog } from "../src/train/run/log.js";
import { RunDirectory } from "../src/train/run/run-directory.js";

/** A stage of a run, under its name on the page. */
export type NamedRun = { readonly name: string; readonly directory: string };

/** Writes a page with one chart for each evaluated quantity whose name contains `only`. */
export async function writeCurves(
  path: string,
  runs: readonly NamedRun[],
  only: string,
): Promise<void> {
  const logs = await Promise.all(
    runs.map(async ({ name, directory }) => {
      const entries = await readLog(new RunDirectory(directory));
      const evaluations = entries.filter(({ kind }) => kind === "evaluation");
      if (evaluations.length === 0) throw new Error(`${directory} has no log with evaluations.`);
      const last = entries.at(-1)?.step ?? 1;
      return { name, evaluations, last };
    }),
  );
  const all = logs.flatMap(({ evaluations }) => evaluations);
  const names = new Set(all.flatMap(({ scalars }) => Object.keys(scalars)));
  const shown = [...names].filter((name) => name.includes(only));
  const made = shown.map((title): Chart => {
    const lines = logs.map(({ name, evaluations, last }) => ({
      name,
      points: points(evaluations, title, last),
    }));
    return { title, lines: lines.filter((line) => line.points.length > 0) };
  });
  const facts = "Evaluations on validation data over the share of each run, in percent.";
  await writeFile(path, page("Runs compared", facts, [{ title: "Curves", body: charts(made) }]));
}

function points(
  entries: readonly LogEntry[],
  name: string,
  last: number,
): Chart["lines"][number]["points"] {
  return entries.flatMap(({ step, scalars }) => {
    const y = scalars[name];
    return y === undefined ? [] : [{ x: (100 * step) / last, y }];
  });
}
