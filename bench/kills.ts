/**
 * Kills `flava serve` and the process that writes its index, again and again, while clients search: no acknowledged update
 * may be lost, the index must stay readable, and every answer before a kill must be whole.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../src/api/load.js";
import { referenceBackend } from "../src/backend/reference.js";
import { foldIn, keyOf, normal, uniformAt } from "../src/base/random.js";
import { ExactIndex } from "../src/search/exact-index.js";
import { originOf } from "../src/search/open-index.js";
import { Client } from "./serve-client.js";
import { startServer } from "./serve-process.js";

const keys = 50;
const clients = 8;
/** So that an index is compacted every few dozen updates. */
const compactBytes = 20_000;

/** What update `number` puts under its key. */
function rowOf(number: number, width: number) {
  const vector = normal(foldIn(keyOf(3), number), width);
  const length = Math.hypot(...vector);
  return { key: `k${number % keys}`, text: String(number), image: vector.map((x) => x / length) };
}

/** Puts one row after another, and prints each number once it is acknowledged; runs until it is killed. */
export async function writeUpdates(path: string, first: number): Promise<never> {
  const index = await ExactIndex.open(path, referenceBackend(), { writable: true, compactBytes });
  for (let number = first; ; number++) {
    await index.put([rowOf(number, index.origin.width)]);
    process.stdout.write(`${number}\n`);
  }
}

export interface Killed {
  readonly kills: number;
  readonly updates: number;
  readonly answers: number;
  /** What went wrong, in words. */
  readonly faults: readonly string[];
}

export async function benchKills(kills: number): Promise<Killed> {
  const directory = await mkdtemp(join(tmpdir(), "flava-kills-"));
  const path = join(directory, "index");
  const faults: string[] = [];
  let [updates, answers] = [0, 0];
  try {
    await using flava = await load();
    await ExactIndex.create(path, await originOf(flava, "updates"));
    for (let kill = 0; kill < kills; kill++) {
      const moment = 200 * uniformAt(keyOf(9), kill);
      const [last, answered] = await killOnce(path, updates, moment, faults);
      answers += answered;
      updates = await checked(path, last, flava.width, faults);
      if ((kill + 1) % 20 === 0)
        console.log(`${kill + 1} kills, ${updates} updates, ${answers} answers`);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  return { kills, updates, answers, faults };
}

/** Writes and searches until both processes are killed; the last acknowledged update, and the number of answers. */
async function killOnce(
  path: string,
  first: number,
  moment: number,
  faults: string[],
): Promise<[last: number, answers: number]> {
  const writer = spawn(process.execPath, [process.argv[1]!, "updates", path, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = first - 1;
  const lines = createInterface(writer.stdout);
  lines.on("line", (line) => (last = Number(line)));
  await once(lines, "line"); // a server needs something to search
  const server = await startServer("--index", path);
  const client = new Client(server.url);
  let answers = 0;
  const kill = new AbortController();
  const isKilled = (): boolean => kill.signal.aborted;
  const search = async (): Promise<void> => {
    while (!isKilled()) {
      const answer = await client.send('{"text": "a heart"}', "/v1/search").catch(() => undefined);
      if (answer?.status === 200 && answer.body.endsWith("}")) answers++;
      else if (!isKilled()) faults.push(`A search got ${JSON.stringify(answer)}.`);
    }
  };
  const searches = Array.from({ length: clients }, search);
  while (answers < clients && faults.length === 0) await sleep(10);
  await sleep(moment);
  kill.abort();
  const closed = [once(writer, "close"), once(server.child, "close")];
  for (const child of [writer, server.child]) child.kill("SIGKILL");
  await Promise.all([...closed, ...searches]);
  client.close();
  return [last, answers];
}

/** The number of updates that the index holds: all acknowledged ones, and perhaps the one that was under way. */
async function checked(
  path: string,
  last: number,
  width: number,
  faults: string[],
): Promise<number> {
  await using index = await ExactIndex.open(path, referenceBackend());
  await index.verify();
  const latest = new Map<string, number>();
  for await (const { key, text } of index.entries()) latest.set(key, Number(text));
  const count = 1 + Math.max(...latest.values());
  if (count < last + 1 || count > last + 2) {
    faults.push(`${last + 1} updates were acknowledged, and the index holds ${count}.`);
  }
  for (let number = Math.max(0, count - keys); number < count; number++) {
    const row = rowOf(number, width);
    const [found] = await index.get([row.key]);
    const isSame = found?.text === row.text && row.image.every((x, i) => x === found.image?.[i]);
    if (!isSame) faults.push(`Update ${number} is lost: ${row.key} is that of ${found?.text}.`);
  }
  return count;
}
