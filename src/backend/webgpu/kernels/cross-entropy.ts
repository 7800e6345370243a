/** Cross entropy with integer labels, and its gradient. */
import { type Kernel, type KernelCall, type Operand, literal } from "../pass.js";
import { failed, failure, mapPass } from "./map.js";
import { overRow, rowsPass } from "./rows.js";

export function crossEntropyKernel({ inputs, outputs }: KernelCall): Kernel {
  const [logits, labels, weights] = inputs as [Operand, Operand, Operand];
  const [loss, logSumExp] = outputs as [Operand, Operand];
  const [rows, width] = logits.spec.shape as [number, number];
  const body = `var high = ${literal(-3.4e38)};
  ${overRow("high = max(high, logits(at));")}
  let greatest = maximumOf(high);
  var total = 0.0;
  ${overRow("total += exp(logits(at) - greatest);")}
  let logSum = greatest + log(sumOf(total));
  if (lane != 0u) { return; }
  let weight = weights(group);
  let label = labels(group);
  set_loss(group, 0.0);
  set_logSumExp(group, 0.0);
  if (weight == 0.0) { return; }
  if (label < 0 || label >= i32(size.width)) { fail(label, group); return; }
  set_logSumExp(group, logSum);
  set_loss(group, weight * (logSum - logits(group * size.width + u32(label))));`;
  const operands = { logits, labels, weights, loss, logSumExp, failed, failure };
  return {
    passes: rows === 0 ? [] : [rowsPass({ rows, width, operands, body })],
    failure: (label, row) => `the label of row ${row} is ${label}, but expected 0 to ${width - 1}`,
  };
}

export function crossEntropyGradientKernel({ inputs, outputs: [output] }: KernelCall): Kernel {
  const [logits, labels, weights, logSumExp, dLoss] = inputs as Operand[];
  const width = logits!.spec.shape[1]!;
  const element = `let row = i / ${width}u;
let weight = weights(row);
if (weight == 0.0) { return 0.0; }
let factor = weight * dLoss(row);
let slope = factor * exp(logits(i) - logSumExp(row));
return select(slope, slope - factor, i32(i % ${width}u) == labels(row));`;
  const operands = {
    ...{ logits: logits!, labels: labels!, weights: weights! },
    ...{ logSumExp: logSumExp!, dLoss: dLoss! },
  };
  return { passes: [mapPass({ output: output!, operands, element })] };
}
