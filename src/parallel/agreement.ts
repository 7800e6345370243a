/** What the processes of a run agree on. */
import { createHash } from "node:crypto";
import { type Communicator, LostProcessError } from "../backend/communicator.js";

/** Small facts are exchanged on this channel. */
const channel = 0;

/** Whether this is the process that writes files and logs. */
export function isFirst(processes: Communicator | undefined): boolean {
  return (processes?.rank ?? 0) === 0;
}

/** Whether it holds for any process. */
export async function any(processes: Communicator | undefined, holds: boolean): Promise<boolean> {
  if (!processes) return holds;
  const all = await processes.gather(channel, Float64Array.of(Number(holds)));
  return all.some(([each]) => each !== 0);
}

/** Returns when all processes have called it. */
export async function barrier(processes: Communicator | undefined): Promise<void> {
  await any(processes, false);
}

/** Does `work` on all processes, but on those of one machine one after the other, as they share its caches and files. */
export async function inTurns<Result>(
  processes: Communicator | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!processes) return work();
  const { hosts, rank } = processes;
  const places = hosts.map((host, each) => hosts.slice(0, each).filter((h) => h === host).length);
  let result: Result | undefined;
  for (let turn = 0; turn <= Math.max(...places); turn++) {
    if (places[rank] === turn) result = await work();
    await barrier(processes);
  }
  return result as Result;
}

/**
 * Does `work` for each item on one of the processes, in turn. All get all results, in the order of the items.
 *
 * @param work gives plain JSON
 */
export async function dealt<Item, Result>(
  processes: Communicator | undefined,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const { size = 1, rank = 0 } = processes ?? {};
  const own: Result[] = [];
  for (let index = rank; index < items.length; index += size) {
    own.push(await work(items[index]!, index));
  }
  if (!processes) return own;
  const all = await gatherJson(processes, own);
  return items.map((_, index) => all[index % size]![Math.floor(index / size)]!);
}

/**
 * Does `work` on all processes, which meet in it by `dealt` and `gatherJson` alone. If it fails on one of them, it fails on all, so
 * that they can go on together.
 *
 * @throws Error that names the process, if it failed on another one only
 */
export async function allOrNone<Result>(
  processes: Communicator | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!processes) return work();
  try {
    const result = await work();
    await gatherJson(processes, "done");
    return result;
  } catch (error) {
    if (error instanceof FailedElsewhere || error instanceof LostProcessError) throw error;
    const failure = error instanceof Error ? error.message : String(error);
    await gatherAnswers(processes, { failure }); // where the others meet next, and learn of it
    throw error;
  }
}

/** The work of another process failed. */
class FailedElsewhere extends Error {}

/** What a process tells the others where they meet. */
type Answer<Value> = { readonly value: Value } | { readonly failure: string };

/**
 * What each process gives, plain JSON.
 * @throws Error if one of them has failed, and tells the others by `allOrNone`
 */
export async function gatherJson<Value>(processes: Communicator, own: Value): Promise<Value[]> {
  const all = await gatherAnswers(processes, { value: own });
  return all.map((answer, rank) => {
    if ("value" in answer) return answer.value;
    throw new FailedElsewhere(`Process ${rank} on ${processes.hosts[rank]}: ${answer.failure}`);
  });
}

async function gatherAnswers<Value>(
  processes: Communicator,
  own: Answer<Value>,
): Promise<Answer<Value>[]> {
  const bytes = Buffer.from(JSON.stringify(own));
  const lengths = await processes.gather(channel, Float64Array.of(bytes.length));
  const longest = Math.max(...lengths.map(([length = 0]) => length));
  const padded = new Float64Array(Math.ceil(longest / 8));
  new Uint8Array(padded.buffer).set(bytes);
  const all = await processes.gather(channel, padded);
  return all.map(({ buffer, byteOffset }, rank) => {
    const text = Buffer.from(buffer, byteOffset, lengths[rank]![0]).toString();
    return JSON.parse(text) as Answer<Value>;
  });
}

/**
 * Compares facts, plain JSON by name, with those of the first process.
 * @throws Error on all processes that names the first one that differs, and in what
 */
export async function requireSame(
  processes: Communicator | undefined,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!processes) return;
  const own = Object.entries(facts).filter(([, fact]) => fact !== undefined);
  const all = await gatherJson(
    processes,
    Object.fromEntries(own.map(([name, fact]) => [name, digest(fact)])),
  );
  for (const [rank, digests] of all.entries()) {
    const names = [...new Set([...Object.keys(all[0]!), ...Object.keys(digests)])].sort();
    const differing = names.filter((name) => digests[name] !== all[0]![name]);
    if (differing.length === 0) continue;
    throw new Error(
      `Process ${rank} on ${processes.hosts[rank]} differs from process 0 on ${processes.hosts[0]} in: ${differing.join(", ")}. ` +
        "All processes of a run need the same version of flava, the same recipe and the same data.",
    );
  }
}

const digest = (fact: unknown): string =>
  createHash("sha256").update(JSON.stringify(fact)).digest("hex");
