/** The words of all commands, for completion by shells. */
import { Command } from "commander";
import type { Verb } from "../verb.js";

export interface CommandWords {
  /** The words that name it, such as ["data", "build"]. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly options: readonly OptionWords[];
  readonly commands: readonly CommandWords[];
}

export interface OptionWords {
  /** Such as "--model". */
  readonly flag: string;
  readonly description: string;
  /** Whether a value follows. */
  readonly takesValue: boolean;
  /** The values that can follow, if they are few. */
  readonly choices: readonly string[];
}

/** Loads all verbs. */
export async function commandWords(verbs: Readonly<Record<string, Verb>>): Promise<CommandWords[]> {
  const program = new Command();
  for (const { load } of Object.values(verbs)) (await load())(program);
  return program.commands.map((command) =>
    wordsOf(command, [], verbs[command.name()]?.summary ?? command.description()),
  );
}

function wordsOf(command: Command, parents: readonly string[], summary: string): CommandWords {
  const names = [...parents, command.name()];
  return {
    names,
    summary,
    options: command.options.flatMap(({ long, description, required, optional, argChoices }) =>
      typeof long === "string"
        ? [{ flag: long, description, takesValue: required || optional, choices: argChoices ?? [] }]
        : [],
    ),
    commands: command.commands.map((inner) => wordsOf(inner, names, inner.description())),
  };
}
