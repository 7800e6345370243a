/** AdamW on all parameters, one after another. */
import type { AdamWAttributes } from "../../../graph/ops/update.js";
import { spec } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, type Pass, literal } from "../pass.js";
import { eachPass, failed, failure, mapPass } from "./map.js";
import { addSum, zero } from "./reduce.js";

/**
 * All gradients are checked before the first update, so that nothing changes if one is not finite. The corrections of the moments
 * and the scale are computed once.
 */
export function adamWKernel(call: KernelCall): Kernel {
  const attributes = call.attributes as AdamWAttributes;
  const scalars = call.inputs.slice(attributes.hasScale ? -3 : -2);
  const count = (call.inputs.length - scalars.length) / 4;
  const group = (index: number): readonly Operand[] =>
    call.inputs.slice(index * count, (index + 1) * count);
  const [parameters, firsts, seconds, gradients] = [0, 1, 2, 3].map(group) as Operand[][];
  const square = call.outputs.at(-1)!;
  const constants = call.scratch(spec([4]));
  const updates = parameters!.flatMap((parameter, index) => {
    const moments = { first: firsts![index]!, second: seconds![index]! };
    const given = { parameter, ...moments, gradient: gradients![index]!, constants };
    const count = moments.first.spec.size;
    if (count === 0) return [];
    const squares = call.scratch(spec([count]));
    return [
      updatePass(attributes, attributes.begins[index]!, { ...given, squares }),
      ...addSum(call, { squares }, "squares(j)", count, square),
    ];
  });
  return {
    passes: [
      ...gradients!.map(checkPass),
      constantsPass(attributes, scalars, constants),
      zero(square),
      ...updates,
    ],
    failure: () => "non-finite",
  };
}

function checkPass(gradient: Operand): Pass {
  const body = "if (!isFinite(gradient(i))) { fail(0, i); }";
  return eachPass({ count: gradient.spec.size, operands: { gradient, failed, failure }, body });
}

/** The learning rate, both corrections and the scale. */
function constantsPass(
  { beta1, beta2, rateFactor }: AdamWAttributes,
  scalars: readonly Operand[],
  output: Operand,
): Pass {
  const [learningRate, step, scale] = scalars as [Operand, Operand, Operand?];
  const element = `switch (i) {
  case 0u: { return learningRate(0u) * ${literal(rateFactor)}; }
  case 1u: { return oneMinusExp(step(0u) * ${literal(Math.log(beta1))}); }
  case 2u: { return oneMinusExp(step(0u) * ${literal(Math.log(beta2))}); }
  default: { return ${scale ? "scale(0u)" : "1.0"}; }
}`;
  return mapPass({ output, operands: { learningRate, step, ...(scale && { scale }) }, element });
}

/** Updates the numbers of a parameter from `begin` on, as many as there are moments. */
function updatePass(
  { beta1, beta2, epsilon, weightDecay }: AdamWAttributes,
  begin: number,
  operands: Readonly<Record<string, Operand>>,
): Pass {
  const body = `let place = i + ${begin}u;
  let g = gradient(place) * constants(3u);
  let m = ${literal(beta1)} * first(i) + ${literal(1 - beta1)} * g;
  let v = ${literal(beta2)} * second(i) + ${literal(1 - beta2)} * g * g;
  let direction = m / constants(1u) / (sqrt(v / constants(2u)) + ${literal(epsilon)});
  let before = parameter(place);
  let after = before * (1.0 - constants(0u) * ${literal(weightDecay)}) - constants(0u) * direction;
  set_first(i, m);
  set_second(i, v);
  set_parameter(place, after);
  set_squares(i, (after - before) * (after - before));`;
  const count = operands.first!.spec.size;
  return eachPass({ count, operands, body, unlessFailed: true });
}
