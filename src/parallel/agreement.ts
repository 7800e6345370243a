/** What the processes of a run agree on. */
import { createHash } from "node:crypto";
import type { Communicator } from "../backend/communicator.js";

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
 * Compares facts, plain JSON by name, with those of the first process.
 * @throws Error on all processes that names the first one that differs, and in what
 */
export async function requireSame(
  processes: Communicator | undefined,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!processes) return;
  const known = Object.keys(facts).sort();
  const all = await processes.gather(
    channel,
    Float64Array.from(known, (name) => digest(facts[name])),
  );
  for (const [rank, digests] of all.entries()) {
    const differing = known.filter((_, index) => digests[index] !== all[0]![index]);
    if (differing.length === 0) continue;
    throw new Error(
      `Process ${rank} on ${processes.hosts[rank]} differs from process 0 on ${processes.hosts[0]} in: ${differing.join(", ")}. ` +
        "All processes of a run need the same version of flava, the same recipe and the same data.",
    );
  }
}

/** 48 bits of a hash, which a double holds exactly. */
function digest(fact: unknown): number {
  const text = JSON.stringify([fact]);
  return createHash("sha256").update(text).digest().readUIntBE(0, 6);
}
