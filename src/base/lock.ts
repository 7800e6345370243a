/** Locks that keep two processes from writing to one place, and that a killed process does not leave behind. */
import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

/** A place that another process, or another task of this one, is writing to. */
export class LockError extends Error {
  override readonly name = "LockError";
}

/** The content of a lock file. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells a process from a later one with the same id: undefined where the system does not say when it began. */
  readonly birth?: string;
}

/**
 * Does `work` while `path`, a file that exists only meanwhile, locks `place`. The lock of a process that has ended without
 * releasing it is taken over.
 *
 * @param place what is locked, for the error message
 * @throws LockError where another owner holds the lock
 */
export async function withLock<Result>(
  path: string,
  place: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await acquire(path, place);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, place: string): Promise<void> {
  // A lock appears with its content, so that nobody ever reads half of one.
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(await ownerOf(process.pid)));
  try {
    while (!(await linked(own, path))) {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) continue; // released in the meantime
      const owner = parseOwner(text);
      if (!owner || (await mayBeAlive(owner))) throw new LockError(describe(path, place, owner));
      await removeStale(path, text);
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** Whether `path` is now a link to `own`; false where it exists already. */
async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a stale lock, but not one that another process has put in its place since `text` was read. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // removed by another process
  }
  if ((await readFile(aside, "utf8")) !== text) await linked(aside, path);
  await rm(aside, { force: true });
}

async function ownerOf(pid: number): Promise<Owner> {
  const birth = await birthOf(pid);
  return { host: hostname(), pid, ...(birth !== undefined && { birth }) };
}

/** The boot and the clock tick within it at which a process began. Known on Linux only. */
async function birthOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Fields from the third on; the second, a name in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot.trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Processes of other hosts cannot be looked at; they are taken to be alive. */
async function mayBeAlive({ host, pid, birth }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // alive, and another user's
  }
  return (await birthOf(pid)) === birth;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { host, pid, birth } = JSON.parse(text) as Owner;
    return typeof host === "string" && Number.isInteger(pid)
      ? { host, pid, ...(birth !== undefined && { birth }) }
      : undefined;
  } catch {
    return undefined;
  }
}

function describe(path: string, place: string, owner: Owner | undefined): string {
  const by = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  return (
    `${place} is in use by ${by}. Wait for it to end, or choose another place. ` +
    `If that process no longer exists, delete ${path}.`
  );
}
