/** Attention without a matrix of scores: a thread for each query, with the softmax of the keys so far. */
import type { Kernel, KernelCall, Operand } from "../pass.js";
import { AttentionShape } from "./attention-shape.js";
import { filled } from "./map.js";

export function attentionKernel(call: KernelCall): Kernel {
  const shape = new AttentionShape(call);
  const { depth, queries, heads } = shape;
  const mask = call.inputs[shape.given];
  const [output, logSumExp] = call.outputs as [Operand, Operand];
  const each = `if (${shape.isHidden("j")}) { continue; }
        let at = t * ${depth}u;
        var dot = 0.0;
        ${shape.overDepth("dot += query[d] * tileA[at + d];")}
        let score = ${shape.score("dot", "j")};
        if (score > highest) {
          let factor = exp(highest - score);
          total *= factor;
          ${shape.overDepth("mean[d] *= factor;")}
          highest = score;
        }
        let weight = exp(score - highest);
        total += weight;
        ${shape.overDepth("mean[d] += weight * tileB[at + d];")}`;
  const body = `var query: array<f32, ${depth}>;
  var mean: array<f32, ${depth}>;
  var highest = -3.4e38;
  var total = 0.0;
  let isActive = exists;
  if (isActive) { ${shape.overDepth(`query[d] = ${shape.element(0, "row")};`)} }
  ${shape.overTiles("size.keys", shape.element(1, "j"), shape.element(2, "j"), each)}
  if (!exists) { return; }
  let seen = total > 0.0;
  ${shape.overDepth(
    `set_y((batch * size.queries + row) * ${heads * depth}u + head * ${depth}u + d, select(0.0, mean[d] / total, seen));`,
  )}
  set_logSumExp((batch * ${heads}u + head) * size.queries + row, select(-infinity(), highest + log(total), seen));`;
  const operands = { ...shape.operands(call.inputs), ...(mask && { mask }), logSumExp };
  const passes = filled(call, output, (y) => [shape.pass(queries, { ...operands, y }, body)]);
  return { passes };
}
