import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A Python program in its own process that answers each input line with one line of JSON. */
type Python = {
  readonly ask: (line?: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

/** Starts a program of `bench/peers`, first creating its Python environment if it is missing. */
export function startPython(program: string, ...parameters: readonly string[]): Python {
  const python = execFileSync("bench/peers/setup.sh", {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  const child = spawn(python, [`bench/peers/${program}`, ...parameters], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, "close");
  return {
    ask: async (line = "") => {
      child.stdin.write(`${line}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error("The Python peer ended; see its message above.");
      return JSON.parse(answer.value) as unknown;
    },
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
