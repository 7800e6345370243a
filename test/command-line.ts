/** Commands in this process, for tests of what they do: starting a process for each takes longer than most of them. */
import { Command } from "commander";
import { vi } from "vitest";
import { verbs } from "../src/cli/verbs.js";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The words of a line for the shell, without its comment. */
export const wordsOf = (line: string): string[] =>
  [...line.replace(/ +#.*$/, "").matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(
    ([word, double, single]) => double ?? single ?? word,
  );

/** Runs `flava` with these words in a directory, as `src/cli/main.ts` does. */
export async function flava(directory: string, words: readonly string[]): Promise<Ended> {
  const [before, codeBefore] = [process.cwd(), process.exitCode];
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((line: string) => (out += `${line}\n`)),
    vi.spyOn(console, "error").mockImplementation((line: string) => (err += `${line}\n`)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((err += String(text)))),
  ];
  process.chdir(directory);
  process.exitCode = undefined;
  try {
    const program = new Command("flava").exitOverride();
    (await verbs[words[0]!]!.load())(program);
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    err += `flava: ${error instanceof Error ? error.message : String(error)}\n`;
    process.exitCode ??= 1;
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(before);
  }
  const code = process.exitCode ?? 0;
  process.exitCode = codeBefore;
  return { code, out, err };
}
