/** AdamW on all parameters, one after another. */
import type { AdamWAttributes } from "../../../graph/ops/update.js";
import { spec } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, type Pass, literal } from "../pass.js";
import { failed, failure, mapPass } from "./map.js";
import { sumsInto } from "./reduce.js";
import { type Rest, passesOver, sharesOf, sharesPass, sumsByShare } from "./shares.js";

/** Numbers of a parameter that a thread updates: few, as it waits for memory with each. */
const perThread = 4;

/** All gradients are checked before the first update, so that nothing changes if one is not finite. */
export function adamWKernel(call: KernelCall): Kernel {
  const attributes = call.attributes as AdamWAttributes;
  const scalars = call.inputs.slice(attributes.hasScale ? -3 : -2);
  const count = (call.inputs.length - scalars.length) / 4;
  const group = (index: number): readonly Operand[] =>
    call.inputs.slice(index * count, (index + 1) * count);
  const [parameters, firsts, seconds, gradients] = [0, 1, 2, 3].map(group) as Operand[][];
  const shares = firsts!.map((first) => sharesOf(first.spec.size, perThread));
  const numberOfSums = shares.reduce((sum, own) => sum + own, 0);
  const squares = sumsInto(call, numberOfSums, call.outputs.at(-1)!);
  const constants = constantsOf(call, attributes, scalars);
  let firstSum = 0;
  const updates = parameters!.map((parameter, index) => {
    const moments = { first: firsts![index]!, second: seconds![index]! };
    const given = { parameter, ...moments, gradient: gradients![index]!, ...constants.operands };
    const sums = sumsByShare(squares.sums, firstSum);
    firstSum += shares[index]!;
    return updatePass(attributes, attributes.begins[index]!, given, constants.functions, sums);
  });
  return {
    passes: [...checkPasses(gradients!), ...constants.passes, ...updates, ...squares.passes],
    failure: () => "non-finite",
  };
}

const checkPasses = (gradients: readonly Operand[]): Pass[] =>
  passesOver(gradients, "isWrong = isWrong | !isFinite(x);", () => ({
    operands: { failed, failure },
    before: "var isWrong = false;",
    after: "if (isWrong) { fail(0, group); }",
  }));

interface Constants {
  readonly operands: Readonly<Record<string, Operand>>;
  /** They define `constants(i)`: the learning rate, the corrections of both moments, and the scale. */
  readonly functions: string;
  readonly passes: readonly Pass[];
}

/**
 * Each thread computes the constants, unless there is a scale: an update cannot bind that many scalars, so a pass of its own
 * computes them once. Gradients with a scale are updated by few instructions, those without by one each.
 */
function constantsOf(
  call: KernelCall,
  { beta1, beta2, rateFactor }: AdamWAttributes,
  [learningRate, step, scale]: readonly Operand[],
): Constants {
  const element = `switch (i) {
  case 0u: { return learningRate(0u) * ${literal(rateFactor)}; }
  case 1u: { return oneMinusExp(step(0u) * ${literal(Math.log(beta1))}); }
  case 2u: { return oneMinusExp(step(0u) * ${literal(Math.log(beta2))}); }
  default: { return ${scale ? "scale(0u)" : "1.0"}; }
}`;
  const operands = { learningRate: learningRate!, step: step! };
  if (!scale) {
    const functions = `fn constants(i: u32) -> f32 {\n${element}\n}`;
    return { operands, functions, passes: [] };
  }
  const constants = call.scratch(spec([4]));
  const pass = mapPass({ output: constants, operands: { ...operands, scale }, element });
  return { operands: { constants }, functions: "", passes: [pass] };
}

/** Updates the numbers of a parameter from `begin` on, as many as there are moments, and sums up the squares of the changes. */
function updatePass(
  { beta1, beta2, epsilon, weightDecay }: AdamWAttributes,
  begin: number,
  operands: Readonly<Record<string, Operand>>,
  functions: string,
  sums: Rest,
): Pass {
  const element = `let place = i + ${begin}u;
let g = gradient(place) * scale;
let m = ${literal(beta1)} * first(i) + ${literal(1 - beta1)} * g;
let v = ${literal(beta2)} * second(i) + ${literal(1 - beta2)} * g * g;
let direction = m / correction1 / (sqrt(v / correction2) + ${literal(epsilon)});
let before = parameter(place);
let after = before * (1.0 - rate * ${literal(weightDecay)}) - rate * direction;
set_first(i, m);
set_second(i, v);
set_parameter(place, after);
total += (after - before) * (after - before);`;
  return sharesPass({
    ...sums,
    parts: [{ count: operands.first!.spec.size, element }],
    operands: { ...operands, ...sums.operands },
    perThread,
    functions,
    before: `let rate = constants(0u); let correction1 = constants(1u); let correction2 = constants(2u); let scale = constants(3u);
  ${sums.before ?? ""}`,
    unlessFailed: true,
  });
}
