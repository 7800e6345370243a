/**
 * The gradient of attention. With P the probabilities, from scores and their logSumExp, and D the row sums of dO * O:
 *
 *   dV = Pᵀ·dO,  dS = P * (dO·Vᵀ - D),  dQ = scale · dS·K,  dK = scale · dSᵀ·Q.
 *
 * A thread sums the gradient of one query, key or value, always in the same order.
 */
import { spec } from "../../../graph/tensor.js";
import type { Kernel, KernelCall, Operand, Pass } from "../pass.js";
import { AttentionShape } from "./attention-shape.js";
import { filled, mapPass } from "./map.js";

export function attentionGradientKernel(call: KernelCall): Kernel {
  const shape = new AttentionShape(call);
  const [output, logSumExp, dOutput, mask] = call.inputs.slice(shape.given) as Operand[];
  const sums = call.scratch(spec([shape.batch, shape.heads, shape.queries]));
  const given = {
    ...shape.operands(call.inputs),
    ...{ logSumExp: logSumExp!, dOutput: dOutput!, sums },
    ...(mask && { mask }),
  };
  const parts = [queryGradient, keyGradient, valueGradient];
  const passes = shape.joined
    ? filled(call, call.outputs[0]!, (y) => parts.map((part) => part(shape, { ...given, y })))
    : parts.flatMap((part, index) =>
        filled(call, call.outputs[index]!, (y) => [part(shape, { ...given, y })]),
      );
  return { passes: [sumsPass(shape, output!, dOutput!, sums), ...passes] };
}

/** D [B, H, Lq]. */
function sumsPass(shape: AttentionShape, output: Operand, dOutput: Operand, sums: Operand): Pass {
  const { heads, queries, depth } = shape;
  const element = `let batch = i / ${heads * queries}u; let head = (i / ${queries}u) % ${heads}u;
let first = (batch * ${queries}u + i % ${queries}u) * ${heads * depth}u + head * ${depth}u;
var sum = 0.0;
${shape.overDepth("sum += output(first + d) * dOutput(first + d);")}
return sum;`;
  return mapPass({ output: sums, operands: { output, dOutput }, element });
}

type Operands = Readonly<Record<string, Operand>>;

const outputElement = ({ heads, depth }: AttentionShape, i: string): string =>
  `dOutput((batch * size.queries + ${i}) * ${heads * depth}u + head * ${depth}u + d)`;
const rowOf = ({ heads }: AttentionShape, i: string): string =>
  `(batch * ${heads}u + head) * size.queries + ${i}`;

function queryGradient(shape: AttentionShape, operands: Operands): Pass {
  const { depth, scale } = shape;
  const each = `if (${shape.isHidden("j")}) { continue; }
        let at = t * ${depth}u;
        var dot = 0.0; var slope = 0.0;
        ${shape.overDepth("dot += query[d] * tileA[at + d]; slope += own[d] * tileB[at + d];")}
        let dScore = ${scale} * exp(${shape.score("dot", "j")} - logSum) * (slope - sum);
        ${shape.overDepth("gradient[d] += dScore * tileA[at + d];")}`;
  const body = `var query: array<f32, ${depth}>;
  var own: array<f32, ${depth}>;
  var gradient: array<f32, ${depth}>;
  var logSum = 0.0; var sum = 0.0;
  let isActive = exists;
  if (isActive) {
    ${shape.overDepth(`query[d] = ${shape.element(0, "row")}; own[d] = ${outputElement(shape, "row")};`)}
    logSum = logSumExp(${rowOf(shape, "row")}); sum = sums(${rowOf(shape, "row")});
  }
  ${shape.overTiles("size.keys", shape.element(1, "j"), shape.element(2, "j"), each)}
  if (!exists) { return; }
  ${shape.overDepth(`set_y(${shape.index(0, "row")}, gradient[d]);`)}`;
  return shape.pass(shape.queries, operands, body);
}

function keyGradient(shape: AttentionShape, operands: Operands): Pass {
  const { depth, scale } = shape;
  const each = `let at = t * ${depth}u;
        var dot = 0.0; var slope = 0.0;
        ${shape.overDepth("dot += own[d] * tileA[at + d]; slope += value[d] * tileB[at + d];")}
        let queryRow = ${rowOf(shape, "j")};
        let dScore = ${scale} * exp(${shape.score("dot", "row")} - logSumExp(queryRow)) * (slope - sums(queryRow));
        ${shape.overDepth("gradient[d] += dScore * tileA[at + d];")}`;
  const value = `var value: array<f32, ${depth}>;
  if (isActive) { ${shape.overDepth(`value[d] = ${shape.element(2, "row")};`)} }`;
  return perKey(shape, operands, value, each, 1);
}

function valueGradient(shape: AttentionShape, { sums: _, ...operands }: Operands): Pass {
  const each = `let at = t * ${shape.depth}u;
        var dot = 0.0;
        ${shape.overDepth("dot += own[d] * tileA[at + d];")}
        let weight = exp(${shape.score("dot", "row")} - logSumExp(${rowOf(shape, "j")}));
        ${shape.overDepth("gradient[d] += weight * tileB[at + d];")}`;
  return perKey(shape, operands, "", each, 2);
}

/** A thread for each key, which sees all queries and their gradients. */
function perKey(
  shape: AttentionShape,
  operands: Operands,
  more: string,
  each: string,
  part: 1 | 2,
): Pass {
  const { depth } = shape;
  const body = `var own: array<f32, ${depth}>;
  var gradient: array<f32, ${depth}>;
  let isActive = exists && !(${shape.isHidden("row")});
  if (isActive) { ${shape.overDepth(`own[d] = ${shape.element(1, "row")};`)} }
  ${more}
  ${shape.overTiles("size.queries", shape.element(0, "j"), outputElement(shape, "j"), each)}
  if (!exists) { return; }
  ${shape.overDepth(`set_y(${shape.index(part, "row")}, gradient[d]);`)}`;
  return shape.pass(shape.keys, operands, body);
}
