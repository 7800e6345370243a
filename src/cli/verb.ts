import type { Command } from "commander";

export interface Verb {
  /** What `flava --help` says of it. */
  readonly summary: string;
  /** Loads what adds the verb to the program. */
  readonly load: () => Promise<(program: Command) => void>;
}
