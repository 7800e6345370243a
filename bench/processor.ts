import { readFileSync } from "node:fs";

/** Whether a processor has one of these instruction sets, by the names that Linux gives them in /proc/cpuinfo. */
export function hasInstructions(
  names: readonly string[],
  processors: string = readFileSync("/proc/cpuinfo", "utf8"),
): boolean {
  return new RegExp(`^(flags|Features)\\s*:.*\\b(${names.join("|")})\\b`, "m").test(processors);
}
