/** Attention without a matrix of scores: for each query the softmax of the keys so far, a tile of them at a time. */
import type { Kernel, KernelCall, Operand } from "../pass.js";
import { AttentionShape } from "./attention-shape.js";
import { Teams } from "./attention-teams.js";
import { filled } from "./map.js";

export function attentionKernel(call: KernelCall): Kernel {
  const shape = new AttentionShape(call);
  const mask = call.inputs[shape.given];
  const [output, logSumExp] = call.outputs as [Operand, Operand];
  const teams = new Teams(shape, 4, ["scores"]);
  const each = `${teams.products("query", "tileA", "scores", `sum * ${shape.scale} + ofRow[t].x`)}
    if (isActive) {
      let before = highest;
      ${teams.overTile("highest = max(highest, scores[team][t]);")}
      let factor = exp(before - highest);
      total *= factor;
      ${teams.rescale("mean", "factor")}
      ${teams.overTile(`let weight = exp(scores[team][t] - highest);
        total += weight;
        ${teams.accumulate("mean", "weight", "tileB")}`)}
    }`;
  const body = `${teams.declare("query")}
  ${teams.declare("mean")}
  var highest = vec4f(lowest);
  var total = vec4f();
  ${teams.read("query", "queryFour")}
  ${teams.overTiles({ count: "keyCount", readers: ["keyFour", "valueFour"], numbers: "vec2f(added(j), 0.0)", each })}
  let isSeen = total != vec4f(); // true of NaN
  let share = select(vec4f(), 1.0 / total, isSeen);
  ${teams.rescale("mean", "share")}
  ${teams.write("mean", "set_outputFour")}
  let logSum = select(vec4f(-infinity()), highest + log(total), isSeen);
  for (var i = 0u; i < 4u; i++) {
    if (member == 0u && row + i < size.queries) {
      set_logSumExp((batch * ${shape.heads}u + head) * size.queries + row + i, logSum[i]);
    }
  }`;
  const operands = { ...shape.operands(call.inputs), ...(mask && { mask }), logSumExp };
  const passes = filled(call, output, (y) => [
    teams.pass({
      operands: { ...operands, y },
      functions: [shape.readers, shape.writer("output", "y")].join("\n"),
      rows: shape.queries,
      activeRows: "size.queries",
      body,
    }),
  ]);
  return { passes };
}
