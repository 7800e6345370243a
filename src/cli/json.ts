/** The option --json, which is the same for every verb that prints results. */
import { Option } from "commander";

export interface JsonFlag {
  readonly json?: boolean;
}

export const jsonOption = (): Option => new Option("--json", "print the results as JSON");

/** Standard output has nothing but results; messages go to standard error. */
export function printJson(results: unknown): void {
  console.log(JSON.stringify(results, undefined, 2));
}
