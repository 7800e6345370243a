import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../../configs/recipe.js";
import { type Section, page } from "../../report/page.js";
import { runSection } from "../../report/run-section.js";
import { readLog } from "./log.js";
import { RunDirectory } from "./run-directory.js";

export const reportName = "report.html";

/**
 * Writes `report.html` in the directory of a run: its stages as far as they have begun.
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
    stages.map(({ name }) => stageSections(name, new RunDirectory(join(directory, name)))),
  );
  const facts = `Written ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.`;
  const text = page(title, facts, [...sections.flat(), ...more]);
  await writeFile(join(directory, reportName), text);
}

/** The section of a stage; none if it has not begun. */
async function stageSections(name: string, run: RunDirectory): Promise<Section[]> {
  const facts = await run.readFacts();
  if (!facts) return [];
  const reconstructions = await readFile(run.file("reconstructions.png")).catch(() => undefined);
  const stage = { name, losses: facts.losses, log: await readLog(run) };
  return [runSection({ ...stage, ...(reconstructions && { reconstructions }) })];
}
