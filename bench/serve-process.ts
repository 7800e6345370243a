/** `flava serve` in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { packagePath } from "../src/base/package-root.js";

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/**
 * Starts a server on any free port; resolves when it listens.
 * @param options those of `flava serve`
 */
export async function startServer(...options: readonly string[]): Promise<Running> {
  const program = packagePath("dist", "src", "cli", "main.js");
  const words = [program, "serve", "--port", "0", "--json", ...options];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
  const printed = await text(child.stdout);
  if (printed === "") {
    throw new Error(
      `flava serve ended before it listened. Run it to see why: node ${words.join(" ")}`,
    );
  }
  const { url } = JSON.parse(printed) as { readonly url: string };
  return { child, url };
}

/** What a process prints until the end of a JSON object. */
async function text(stream: Readable): Promise<string> {
  let all = "";
  for await (const part of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    all += part.toString();
    if (all.endsWith("}\n")) break;
  }
  return all;
}
