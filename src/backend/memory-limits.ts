/** The memory that a Linux system and its control groups leave to this process, from the files that state it. */

/** The text of a file; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** One version of control groups: where they are mounted, and the files of each. */
interface Hierarchy {
  readonly mount: string;
  readonly limit: string;
  readonly usage: string;
  /** The key in memory.stat of cached file pages that were not used lately, of this group and those below. */
  readonly cache: string;
}

const version1: Hierarchy = {
  mount: "/sys/fs/cgroup/memory",
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  cache: "total_inactive_file",
};
const version2: Hierarchy = {
  mount: "/sys/fs/cgroup",
  limit: "memory.max",
  usage: "memory.current",
  cache: "inactive_file",
};

/**
 * Bytes that this process can still use: what the system has free or can free, within the limits of its control group
 * and of all groups around that. Cached file pages that the kernel would evict first do not count as used. Undefined if
 * no file tells.
 */
export function memoryLeft(read: ReadText): number | undefined {
  const kilobytes = numberIn(read("/proc/meminfo"), /^MemAvailable:\s+(\d+) kB$/m);
  const left = [
    ...(kilobytes === undefined ? [] : [kilobytes * 1024]),
    ...leftInGroups(read, read("/proc/self/cgroup") ?? ""),
  ];
  return left.length === 0 ? undefined : Math.max(0, Math.min(...left));
}

/** What the process's group and each group around it leave, where they have a limit. */
function leftInGroups(read: ReadText, groups: string): number[] {
  const own = /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m.exec(groups)?.[1];
  const hierarchy = own === undefined ? version2 : version1;
  const path = own ?? /^0::(.*)$/m.exec(groups)?.[1];
  if (path === undefined) return [];
  return withAncestors(path).flatMap((group) => leftIn(read, hierarchy, group));
}

/** "/a/b" -> "/a/b", "/a", "". Inside a container, some of them may not be mounted. */
function withAncestors(path: string): string[] {
  const steps = path.split("/").filter((step) => step !== "");
  return Array.from({ length: steps.length + 1 }, (_, dropped) =>
    steps
      .slice(0, steps.length - dropped)
      .map((step) => `/${step}`)
      .join(""),
  );
}

function leftIn(
  read: ReadText,
  { mount, limit, usage, cache }: Hierarchy,
  group: string,
): number[] {
  const numberOf = (file: string, pattern = /^(\d+)$/m): number | undefined =>
    numberIn(read(`${mount}${group}/${file}`), pattern);
  const most = numberOf(limit); // "max" means no limit in version 2, and a huge number in version 1
  const used = numberOf(usage);
  if (most === undefined || used === undefined) return [];
  return [most - used + (numberOf("memory.stat", new RegExp(`^${cache} (\\d+)$`, "m")) ?? 0)];
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const found = text === undefined ? undefined : pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
