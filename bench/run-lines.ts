/** Measures the lines of a comparison one by one. */
import type { Comparison, Line } from "./comparison.js";
import { type Failure, type Row, formatFailure, formatRow } from "./report.js";

export type Outcome = Row | Failure;

/** The lines whose label contains `only`, of the headlines alone with `quick`. */
export function selectLines(
  lines: readonly Line[],
  { only = "", quick = false }: { readonly only?: string | undefined; readonly quick?: boolean },
): Line[] {
  return lines.filter(
    ({ label, headline = false }) => label.includes(only) && (headline || !quick),
  );
}

/** Prints each row as it is measured. A line that fails is printed as failed, and the others go on. */
export async function measureLines(
  lines: readonly Line[],
  comparison: Comparison,
  print: (line: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { label, measure } of lines) {
    try {
      const row = await measure(comparison);
      outcomes.push(row);
      print(formatRow(row));
    } catch (error) {
      const failure = {
        work: label,
        failure: error instanceof Error ? error.message : String(error),
      };
      outcomes.push(failure);
      print(formatFailure(failure));
    }
  }
  return outcomes;
}

/** How many bars hold and how many lines failed, in a sentence, and whether all is well. */
export function summarize(outcomes: readonly Outcome[]): { text: string; holds: boolean } {
  const rows = outcomes.filter((outcome): outcome is Row => !("failure" in outcome));
  const held = rows.filter((row) => row.holds).length;
  const noisy = rows.filter((row) => row.noisy).length;
  const failed = outcomes.length - rows.length;
  const parts = [
    `${held} of ${rows.length} bars hold`,
    ...(noisy > 0 ? [`${noisy} rows are noisy`] : []),
    ...(failed > 0 ? [`${failed} rows failed`] : []),
  ];
  return { text: `${parts.join("; ")}.`, holds: rows.length > 0 && held === outcomes.length };
}
