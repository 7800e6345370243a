import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LockError, lock as take, withLock } from "./lock.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flava-lock-"));
  path = join(folder, "run.lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lock = (work = (): Promise<string> => Promise.resolve("done")): Promise<string> =>
  withLock(path, "The run", work);

/** A process that does nothing until it is killed. */
async function idle(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  return child as ChildProcess & { readonly pid: number };
}

describe("withLock", () => {
  it("refuses a second owner and leaves no file behind", async () => {
    await lock(async () => {
      await expect(lock()).rejects.toThrow(LockError);
      await expect(lock()).rejects.toThrow(`The run is in use by process ${process.pid} on`);
      await expect(lock()).rejects.toThrow("finish, or choose another location. If");
      await expect(take(path, "The run", "name another")).rejects.toThrow("or name another. If");
      return "done";
    });
    expect(await readdir(folder)).toEqual([]);
    await expect(lock(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    expect(await lock()).toBe("done");
  });

  it("is not released again by the owner before", async () => {
    const release = await take(path, "The run");
    await release();
    await lock(async () => {
      await release();
      await expect(lock()).rejects.toThrow(LockError);
      return "done";
    });
  });

  it("does not wait for a lock that cannot be read", async () => {
    await mkdir(path);
    await expect(lock()).rejects.toThrow("EISDIR");
  });

  it("admits only one of many that take over a stale lock simultaneously", async () => {
    const child = await idle();
    const owner = await lock(() => readFile(path, "utf8"));
    child.kill("SIGKILL");
    await once(child, "exit");
    await writeFile(path, JSON.stringify({ ...JSON.parse(owner), pid: child.pid }));
    let refused = 0;
    const admitted = async (): Promise<string> => {
      while (refused < 7) await setTimeout(1); // forever if a second one is admitted
      return "done";
    };
    const attempts = Array.from({ length: 8 }, () => lock(admitted).catch(() => String(++refused)));
    expect((await Promise.all(attempts)).filter((result) => result === "done")).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(!existsSync("/proc/self/stat"))(
    "takes over the lock of an ended process whose id was reused",
    async () => {
      const child = await idle();
      try {
        const owner = JSON.parse(await lock(() => readFile(path, "utf8"))) as object;
        await writeFile(path, JSON.stringify({ ...owner, pid: child.pid }));
        expect(await lock()).toBe("done");
      } finally {
        child.kill("SIGKILL");
      }
    },
  );

  it("assumes that processes of other hosts are alive", async () => {
    await writeFile(path, JSON.stringify({ host: "elsewhere.example", pid: 1 }));
    await expect(lock()).rejects.toThrow(/process 1 on elsewhere.*delete .*run\.lock/);
  });
});
