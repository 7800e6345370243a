/** The option --json, shared by all verbs that print results. */
import { Option } from "commander";

export interface JsonFlag {
  readonly json?: boolean;
}

export const jsonOption = (): Option => new Option("--json", "print the results as JSON");

/** Standard output is only for results; messages go to standard error. */
export function printJson(results: unknown): void {
  console.log(JSON.stringify(results, undefined, 2));
}
