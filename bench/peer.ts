import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Side } from "./work.js";

/** PyTorch in a process of its own. */
export type Peer = Side & {
  /** What it is, with its version. */
  readonly name: () => Promise<string>;
  /** Peak resident memory of the process so far, in bytes. */
  readonly peakBytes: () => Promise<number>;
};

type Answer = { readonly name: string; readonly seconds: number; readonly bytes: number };

/** Starts `bench/peers/serve.py`, making its Python environment first where there is none. */
export function startPeer(): Peer {
  const python = execFileSync("bench/peers/setup.sh", {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  const child = spawn(python, ["bench/peers/serve.py"], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));

  async function ask(request: object): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await answers.next();
    if (line.done === true) throw new Error("The Python peer ended; its message stands above.");
    return JSON.parse(line.value) as Answer;
  }

  return {
    name: async () => (await ask({ do: "describe" })).name,
    prepare: async (work, threads) => {
      await ask({ do: "prepare", work, threads });
    },
    time: async () => (await ask({ do: "time" })).seconds,
    processorSeconds: async () => (await ask({ do: "usage" })).seconds,
    peakBytes: async () => (await ask({ do: "memory" })).bytes,
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
