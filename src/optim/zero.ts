import type { World } from "../graph/world.js";
import { DividedMoments } from "./divided-moments.js";
import { DividedParameters } from "./divided-parameters.js";
import type { Division } from "./division.js";
import type { ParameterRules } from "./rules.js";

/** What is divided among processes: nothing, the moments of the optimizer, or these, the parameters and sums of gradients. */
export type ZeroStage = 0 | 1 | 3;

/**
 * The division for a ZeRO stage; undefined if nothing is divided.
 *
 * @param parameters a tree of specifications
 * @param rules frozen parameters are not divided
 */
export function divisionOf(
  zero: ZeroStage,
  processes: World | undefined,
  parameters: unknown,
  rules: ParameterRules = [],
): Division | undefined {
  if (!processes || processes.size === 1 || zero === 0) return undefined;
  const Divided = zero === 1 ? DividedMoments : DividedParameters;
  return new Divided(parameters, rules, processes);
}
