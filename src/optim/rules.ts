import { leavesOf } from "../base/tree.js";

/** How the optimizer treats a parameter, chosen by its path. */
export interface ParameterRule {
  /** Never updated; no gradient and no moments are kept. */
  readonly frozen?: boolean | undefined;
  /** Decoupled weight decay; default: the optimizer's. */
  readonly weightDecay?: number | undefined;
  /** Factor of the learning rate; default 1. */
  readonly rateFactor?: number | undefined;
}

/** Rules by path pattern, a regular expression. The first pattern that matches the whole path applies. */
export type ParameterRules = readonly (readonly [pattern: string, rule: ParameterRule])[];

/** Rules that freeze whole parts, named by their paths, such as "codebook" or "flava/image". */
export function freezing(parts: readonly string[]): ParameterRules {
  return parts.map((part) => [`${part}(?:/.*)?`, { frozen: true }] as const);
}

/** The rule for the parameter at `path`; empty if no pattern matches. */
export function ruleFor(rules: ParameterRules, path: string): ParameterRule {
  for (const [pattern, rule] of rules) {
    if (new RegExp(`^(?:${pattern})$`, "u").test(path)) return rule;
  }
  return {};
}

/**
 * @param use what is done with the parts, for messages
 * @throws Error if a part has no weights in the tree of parameters
 */
export function requireParts(
  parameters: unknown,
  parts: readonly string[],
  use = "The stage freezes",
): void {
  for (const part of parts) {
    if (pathsMatching(parameters, freezing([part])).length > 0) continue;
    const names = partsBeside(parameters, part);
    throw new Error(
      `${use} "${part}", but no weights have that name. Parts that have: ${names.join(", ")}.`,
    );
  }
}

/** The parts of the tree in the deepest one that a path leads to. */
function partsBeside(parameters: unknown, part: string): string[] {
  const paths = leavesOf(parameters).map(([path]) => path);
  let above = part;
  for (;;) {
    above = above.slice(0, Math.max(0, above.lastIndexOf("/")));
    const start = above === "" ? "" : `${above}/`;
    const own = paths.filter((path) => path.startsWith(start));
    const names = own.map((path) => start + path.slice(start.length).split("/", 1)[0]!);
    if (names.length > 0) return [...new Set(names)];
  }
}

/** @throws Error if the pattern of a rule matches no path in the tree of parameters */
export function requireRules(parameters: unknown, rules: ParameterRules): void {
  for (const rule of rules) {
    if (pathsMatching(parameters, [rule]).length > 0) continue;
    const [first] = pathsMatching(parameters, [[".*", rule[1]]]);
    throw new Error(
      `The rule for "${rule[0]}" matches no weights. It is a regular expression for whole paths such as "${first}".`,
    );
  }
}

function pathsMatching(parameters: unknown, rules: ParameterRules): string[] {
  const patterns = rules.map(([pattern]) => new RegExp(`^(?:${pattern})$`, "u"));
  const paths = leavesOf(parameters).map(([path]) => path);
  return paths.filter((path) => patterns.some((pattern) => pattern.test(path)));
}
