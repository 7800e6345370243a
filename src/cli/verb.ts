import type { Command } from "commander";

export interface Verb {
  /** What `flava --help` says of it. */
  readonly summary: string;
  /** Whether several processes share its work (see `docs/clusters.md`). */
  readonly isShared?: boolean;
  /** Loads what adds the verb to the program. */
  readonly load: () => Promise<(program: Command) => void>;
}
