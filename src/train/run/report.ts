import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Section, page } from "../../report/page.js";
import { runSection } from "../../report/run-section.js";
import type { TrainedStage } from "../../report/trained-stage.js";
import { readLog } from "./log.js";
import type { RunRecipe } from "./provenance.js";
import { RunDirectory, reconstructionsName } from "./run-directory.js";

export const reportName = "report.html";

export interface ReportOptions {
  /** The run's directory, with one directory for each stage. */
  readonly directory: string;
  readonly title: string;
  readonly recipe: Pick<RunRecipe, "stages">;
  /** A section to begin with. */
  readonly summary?: Section;
  /** Sections to add after those of the stages. */
  readonly more?: readonly Section[];
}

/** Writes `report.html` in the directory of a run, with a section for each stage that has started. */
export async function writeReport(options: ReportOptions): Promise<void> {
  const { directory, title, recipe, summary, more = [] } = options;
  const stages = await Promise.all(
    recipe.stages.map(({ name }) => readTrainedStage(directory, name)),
  );
  const sections = stages.flatMap((stage) => (stage ? [runSection(stage)] : []));
  const facts = `Written ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.`;
  const text = page(title, facts, [...(summary ? [summary] : []), ...sections, ...more]);
  await writeFile(join(directory, reportName), text);
}

/** A stage of the run in `directory` as it was logged; undefined if it has not started. */
export async function readTrainedStage(
  directory: string,
  name: string,
): Promise<TrainedStage | undefined> {
  const run = new RunDirectory(join(directory, name));
  const facts = await run.readFacts();
  if (!facts) return undefined;
  const reconstructions = await readFile(run.file(reconstructionsName)).catch(() => undefined);
  const { losses, accuracies } = facts;
  const stage = { name, losses, ...(accuracies && { accuracies }), log: await readLog(run) };
  return { ...stage, ...(reconstructions && { reconstructions }) };
}
