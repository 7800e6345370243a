/** Locks that prevent two processes from writing to the same place. The lock of a killed process does not block others. */
import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";

/** Another process, or another task of this one, is writing to the same place. */
export class LockError extends Error {
  override readonly name = "LockError";
}

/** The content of a lock file. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Distinguishes a process from a later one with the same id; undefined if the system does not report start times. */
  readonly birth?: string;
}

/**
 * Runs `work` while holding a lock on `place`: the file `path`, removed at the end. The lock of a process that ended
 * without releasing it is taken over.
 *
 * @param place what is locked, for the error message
 * @param instead what else to do than wait, for the error message
 * @throws LockError if another owner holds the lock
 */
export async function withLock<Result>(
  path: string,
  place: string,
  work: () => Promise<Result>,
  instead?: string,
): Promise<Result> {
  const release = await lock(path, place, instead);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Takes a lock as `withLock` does; resolves to the function that releases it. */
export async function lock(
  path: string,
  place: string,
  instead = "choose another location",
): Promise<() => Promise<void>> {
  await acquire(path, place, instead);
  let released: Promise<void> | undefined;
  return () => (released ??= rm(path, { force: true })); // once: a second time it could be the lock of another
}

/** Whether an owner that may be alive holds the lock at `path`. */
export async function isLocked(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  const owner = parseOwner(text);
  return !owner || (await mayBeAlive(owner));
}

async function acquire(path: string, place: string, instead: string): Promise<void> {
  // The lock file appears with its content, so that nobody reads half of it.
  const own = `${path}.${randomUUID()}`;
  try {
    await writeFile(own, JSON.stringify(await ownerOf(process.pid)));
    while (!(await linked(own, path))) {
      const text = await contentOf(path);
      if (text === undefined) continue; // released in the meantime
      const owner = parseOwner(text);
      if (!owner || (await mayBeAlive(owner))) {
        const by = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
        throw new LockError(
          `${place} is in use by ${by}. Wait for it to finish, or ${instead}. ` +
            `If that process no longer exists, delete ${path}.`,
        );
      }
      await removeStale(path, text);
    }
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * The content of a lock; undefined if it is no longer there.
 * @throws Error if it cannot be read, as that of another user may be: it would never change
 */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESTALE") return undefined;
    throw error;
  }
}

/** Links `path` to `own`; false if `path` already exists. */
async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a stale lock with the content `text`. Only the holder of a second lock may do so, and only after a second look:
 * otherwise a process that looked too early would remove the lock of the process that took over.
 */
async function removeStale(path: string, text: string): Promise<void> {
  const remove = async (): Promise<void> => {
    const current = await readFile(path, "utf8").catch(() => undefined);
    if (current === text) await rm(path, { force: true });
  };
  try {
    await withLock(`${path}.takeover`, "The lock", remove);
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    await setTimeout(5); // another process is removing it
  }
}

async function ownerOf(pid: number): Promise<Owner> {
  const birth = await birthOf(pid);
  return { host: hostname(), pid, ...(birth !== undefined && { birth }) };
}

/**
 * Identifies the boot and the clock tick at which a process started. Linux only; undefined for a process that has ended
 * and whose exit code nobody has asked for yet.
 */
async function birthOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Fields from the third on: the second, a name in parentheses, may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${boot.trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Processes of other hosts cannot be checked and are assumed to be alive. */
async function mayBeAlive({ host, pid, birth }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // alive, but owned by another user
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
