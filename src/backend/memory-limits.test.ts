import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryLeft } from "./memory-limits.js";

/** A system with these files and `available` MiB that the kernel could give. */
function left(files: Readonly<Record<string, string>>, available = 8000): number | undefined {
  const all: Record<string, string> = {
    "/proc/meminfo": `MemTotal:  16000000 kB\nMemFree:  1 kB\nMemAvailable:   ${available * 1024} kB\n`,
    ...files,
  };
  const bytes = memoryLeft((path) => all[path]);
  return bytes === undefined ? undefined : bytes / 2 ** 20;
}

const mebibytes = (count: number): string => `${count * 2 ** 20}\n`;

/** The files of a group of version 2. */
function group(path: string, limit: number | "max", used: number, cached = 0): object {
  return {
    [`${path}/memory.max`]: limit === "max" ? "max\n" : mebibytes(limit),
    [`${path}/memory.current`]: mebibytes(used),
    [`${path}/memory.stat`]: `anon 4096\nfile 8192\nactive_file 77\ninactive_file ${mebibytes(cached)}slab 1\n`,
  };
}

const root = "/sys/fs/cgroup";

test("without control groups, the system's available memory counts", () => {
  expect(left({})).toBe(8000);
  expect(memoryLeft(() => undefined)).toBeUndefined();
});

test("a limit counts what the group uses, but no page cache", () => {
  const own = { "/proc/self/cgroup": "0::/\n" };
  expect(left({ ...own, ...group(root, 3000, 1000) })).toBe(2000);
  expect(left({ ...own, ...group(root, 3000, 2900, 2400) })).toBe(2500);
  expect(left({ ...own, ...group(root, 30_000, 1000) })).toBe(8000);
  expect(left({ ...own, ...group(root, "max", 1000) })).toBe(8000);
  expect(left({ ...own, ...group(root, 1000, 1100) })).toBe(0);
});

test("the limits of all groups around the process's own count, the tightest wins", () => {
  const files = {
    "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session.scope\n",
    ...group(`${root}/user.slice/user-1000.slice/session.scope`, 5000, 100),
    ...group(`${root}/user.slice/user-1000.slice`, 4000, 1000),
    ...group(`${root}/user.slice`, "max", 3000),
  };
  expect(left(files)).toBe(3000);
  expect(left({ ...files, ...group(`${root}/user.slice`, 3500, 3000) })).toBe(500);
});

test("of version 1, the group of the memory controller counts, also where only its root is mounted", () => {
  const lines = "9:name=systemd:/\n5:cpu,cpuacct:/elsewhere\n4:memory:/docker/0123\n0::/\n";
  const files = (path: string, limit: string, used: number) => ({
    [`${root}/memory${path}/memory.limit_in_bytes`]: limit,
    [`${root}/memory${path}/memory.usage_in_bytes`]: mebibytes(used),
    [`${root}/memory${path}/memory.stat`]: `inactive_file 4096\ntotal_inactive_file ${mebibytes(200)}`,
  });
  const own = { "/proc/self/cgroup": lines };
  const nested = files("/docker/0123", mebibytes(2000), 700);
  const unlimited = files("", "9223372036854771712\n", 9000);
  expect(left({ ...own, ...nested, ...unlimited })).toBe(1500);
  expect(left({ ...own, ...files("", mebibytes(2000), 700) })).toBe(1500);
  const joined = { "/proc/self/cgroup": lines.replace("memory", "hugetlb,memory,misc") };
  expect(left({ ...joined, ...nested })).toBe(1500);
});

test.runIf(process.platform === "linux")("this machine has some memory left", () => {
  const found = memoryLeft((path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  });
  expect(found).toBeGreaterThan(2 ** 20);
});
