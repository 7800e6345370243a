import { type BuildReport, buildPmd } from "../data/pmd/build.js";
import { buildEvaluation } from "../data/pmd/evaluation/build.js";
import { defaultCache } from "../data/pmd/packages.js";
import { writeSample } from "../data/pmd/sample.js";

/** What `flava data build` is told on the command line. */
export interface DataBuildOptions {
  readonly cache?: string;
  readonly size: string;
  readonly only?: readonly string[];
  readonly limit?: string;
}

/** Builds the mini-PMD and says what it holds; progress goes to standard error. */
export async function buildData(options: DataBuildOptions): Promise<string> {
  const { cache, size, only, limit } = options;
  const report = await buildPmd({
    size: wholeNumber("--size", size),
    ...(cache !== undefined && { cache }),
    ...(only && { only }),
    ...(limit !== undefined && { limit: wholeNumber("--limit", limit) }),
  });
  if (!only) await buildEvaluation(cache);
  return describe(report);
}

/** Writes the part of a built mini-PMD that ships with the package into the folder `out`. */
export async function sampleData(
  out: string,
  options: { readonly cache?: string },
): Promise<string> {
  return (await writeSample(options.cache ?? defaultCache(), out)).join("\n");
}

function wholeNumber(option: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value)) {
    throw new RangeError(`${option} takes a whole number above zero, but "${value}" was given.`);
  }
  return Number(value);
}

/** One line per folder of samples, then what was left out. */
function describe({ steps }: BuildReport): string {
  const lines: string[] = [];
  const dropped: string[] = [];
  for (const report of Object.values(steps)) {
    for (const [folder, samples] of Object.entries(report.kept)) {
      const words = report.words[folder];
      const text = words === undefined ? "" : `, ${words.toLocaleString("en")} words`;
      lines.push(`${folder.padEnd(36)} ${samples.toLocaleString("en").padStart(9)} samples${text}`);
    }
    for (const [reason, number] of Object.entries(report.dropped)) {
      dropped.push(`left out: ${reason}: ${number.toLocaleString("en")}`);
    }
  }
  return [...lines, ...dropped].join("\n");
}
