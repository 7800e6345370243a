/** How the optimizer treats a parameter, chosen by its path. */
export interface ParameterRule {
  /** Never updated; no gradient and no moments are kept. */
  readonly frozen?: boolean;
  /** Decoupled weight decay; default: the optimizer's. */
  readonly weightDecay?: number;
  /** Factor of the learning rate; default 1. */
  readonly rateFactor?: number;
}

/** Rules by path pattern, a regular expression. The first pattern that matches the whole path applies. */
export type ParameterRules = readonly (readonly [pattern: string, rule: ParameterRule])[];

/** Rules that freeze whole parts, such as "codebook" or "flava/image". */
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
