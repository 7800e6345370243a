/** An index survives being killed at any moment: it can be read, and no acknowledged update is lost. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { referenceBackend } from "../src/backend/reference.js";
import { keyOf, uniformAt } from "../src/base/random.js";
import { ExactIndex } from "../src/search/exact-index.js";
import type { IndexRow } from "../src/search/vector-index.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { rowsAfter, width } from "./index-update.mjs";

const kills = Number(process.env.FLAVA_KILLS ?? 20);
const script = join(import.meta.dirname, "index-updates.mjs");
const directory = join(temporaryDirectory(), "index");

/** Runs updates until so many are acknowledged, and a moment longer; returns the number of the last one. */
async function killAfter(first: number, acknowledgments: number, moment: number): Promise<number> {
  const child = spawn(process.execPath, [script, directory, String(first)]);
  let errors = "";
  child.stderr.on("data", (data) => (errors += String(data)));
  const closed = once(child, "close");
  let last = first - 1;
  for await (const line of createInterface(child.stdout)) {
    last = Number(line);
    if (last !== first - 1 + acknowledgments) continue;
    await sleep(moment);
    child.kill("SIGKILL");
  }
  await closed;
  expect(errors).toBe("");
  return last;
}

async function contents(): Promise<Map<string, IndexRow>> {
  await using index = await ExactIndex.open(directory, referenceBackend());
  const rows = new Map<string, IndexRow>();
  for await (const { key } of index.entries()) rows.set(key, (await index.get([key]))[0]!);
  return rows;
}

it(`an index survives ${kills} kills under updates`, { timeout: 1e4 + 2e3 * kills }, async () => {
  const origin = { source: "", model: "", fingerprint: "", precision: "float32", width };
  await ExactIndex.create(directory, origin);
  let done = 0;
  for (let kill = 0; kill < kills; kill++) {
    const random = (draw: number): number => uniformAt(keyOf(7), 2 * kill + draw);
    const last = await killAfter(done, 1 + Math.floor(30 * random(0)), 5 * random(1));
    const found = await contents();
    // The update that was under way may have been written or not.
    const count = [last + 1, last + 2].find((count) =>
      matches(found, rowsAfter(count) as Map<string, IndexRow>),
    );
    expect({ kill, last, count }).toMatchObject({ count: expect.any(Number) as number });
    done = count!;
  }
});

function matches(found: Map<string, IndexRow>, expected: Map<string, IndexRow>): boolean {
  const sorted = (rows: Map<string, IndexRow>): [string, IndexRow][] =>
    [...rows].sort(([a], [b]) => a.localeCompare(b));
  try {
    expect(sorted(found)).toEqual(sorted(expected));
    return true;
  } catch {
    return false;
  }
}
