/** What the verbs share that print results as JSON. */
import { Option } from "commander";

export interface JsonFlag {
  readonly json?: boolean;
}

/** Adds nothing but results to standard output: messages go to standard error. */
export const jsonOption = (): Option => new Option("--json", "print the results as JSON");

export function printJson(results: unknown): void {
  console.log(JSON.stringify(results, undefined, 2));
}
