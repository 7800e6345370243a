/**
 * The gradient of attention. With P the probabilities, from scores and their logSumExp, and D the row sums of dO * O:
 *
 *   dV = Pᵀ·dO,  dS = P * (dO·Vᵀ - D),  dQ = scale · dS·K,  dK = scale · dSᵀ·Q.
 *
 * One pass sums the gradients of queries over the keys, another those of keys and values over the queries: each sum belongs to one
 * thread, which adds its terms always in the same order.
 */
import { spec } from "../../../graph/tensor.js";
import type { Kernel, KernelCall, Operand, Pass } from "../pass.js";
import { AttentionShape } from "./attention-shape.js";
import { Teams } from "./attention-teams.js";
import { filled } from "./map.js";
import { overRow, rowsPass } from "./rows.js";

/** Registers have to hold three or four arrays of a thread, instead of the two of attention. */
const mostChunks = 2;

export function attentionGradientKernel(call: KernelCall): Kernel {
  const shape = new AttentionShape(call);
  const [output, logSumExp, dOutput, mask] = call.inputs.slice(shape.given) as Operand[];
  const statistics = call.scratch(spec([shape.batch, shape.heads, shape.queries, 2]));
  const given = {
    ...shape.operands(call.inputs),
    ...{ dOutput: dOutput!, statistics },
    ...(mask && { mask }),
  };
  const [dQuery, dKey, dValue] = call.outputs as [Operand, Operand, Operand];
  const passes = shape.joined
    ? filled(call, dQuery, (y) => [queryGradient(shape, given, y), keyGradient(shape, given, y, y)])
    : [
        ...filled(call, dQuery, (y) => [queryGradient(shape, given, y)]),
        ...filled(call, dKey, (dK) =>
          filled(call, dValue, (dV) => [keyGradient(shape, given, dK, dV)]),
        ),
      ];
  return { passes: [statisticsPass(shape, output!, dOutput!, logSumExp!, statistics), ...passes] };
}

/** LogSumExp and D of each query [B, H, Lq, 2], side by side, as a pass may not bind more than eight operands. */
function statisticsPass(
  { batch, heads, queries, depth }: AttentionShape,
  output: Operand,
  dOutput: Operand,
  logSumExp: Operand,
  statistics: Operand,
): Pass {
  const body = `var own = 0.0;
  ${overRow("own += output(at) * dOutput(at);")}
  let sum = sumOf(own);
  let head = group % ${heads}u; let query = group / ${heads}u;
  let row = ((query / size.queries) * ${heads}u + head) * size.queries + query % size.queries;
  // Not -infinity where no key is visible, from which no score could be subtracted.
  let logSum = max(logSumExp(row), -3.0e38);
  if (lane == 0u) { set_statistics(2u * row, logSum); set_statistics(2u * row + 1u, sum); }`;
  const operands = { output, dOutput, logSumExp, statistics };
  const pass = rowsPass({ rows: batch * queries * heads, width: depth, operands, body });
  return { ...pass, sizes: { ...pass.sizes, queries } };
}

type Operands = Readonly<Record<string, Operand>>;

/** Of a query: a row that does not exist takes no part in any sum. */
const statisticsOf = ({ heads }: AttentionShape): string => `
fn statisticsOf(query: u32) -> vec2f {
  if (query >= size.queries) { return vec2f(3.0e38, 0.0); }
  let at = 2u * ((batch * ${heads}u + head) * size.queries + query);
  return vec2f(statistics(at), statistics(at + 1u));
}`;

function queryGradient(shape: AttentionShape, operands: Operands, y: Operand): Pass {
  const { scale } = shape;
  const teams = new Teams(shape, mostChunks, ["weights", "slopes"]);
  const each = `${teams.products("query", "tileA", "weights", `exp(sum * ${scale} + ofRow[t].x - logSum)`)}
    ${teams.products("own", "tileB", "slopes", `${scale} * weights[team][t] * (sum - ofOutput)`)}
    if (isActive) {
      ${teams.overTile(`let slope = slopes[team][t];
        ${teams.accumulate("gradient", "slope", "tileA")}`)}
    }`;
  const body = `${teams.declare("query")}
  ${teams.declare("own")}
  ${teams.declare("gradient")}
  ${teams.read("query", "queryFour")}
  ${teams.read("own", "outputFour")}
  let ofRows = transpose(mat4x2f(${[0, 1, 2, 3].map((i) => `statisticsOf(row + ${i}u)`).join(", ")}));
  let logSum = ofRows[0]; let ofOutput = ofRows[1];
  ${teams.overTiles({ count: "keyCount", readers: ["keyFour", "valueFour"], numbers: "vec2f(added(j), 0.0)", each })}
  ${teams.write("gradient", "set_queryFour")}`;
  return teams.pass({
    operands: { ...operands, y },
    functions: [...readers(shape), shape.writer("query", "y")].join("\n"),
    rows: shape.queries,
    activeRows: "size.queries",
    body,
  });
}

function keyGradient(
  shape: AttentionShape,
  operands: Operands,
  dKey: Operand,
  dValue: Operand,
): Pass {
  const { scale } = shape;
  const teams = new Teams(shape, mostChunks, ["weights", "slopes"]);
  const each = `${teams.products("key", "tileA", "weights", `exp(sum * ${scale} + ofKeys - ofRow[t].x)`)}
    ${teams.products("value", "tileB", "slopes", `${scale} * weights[team][t] * (sum - ofRow[t].y)`)}
    if (isActive) {
      ${teams.overTile(`let weight = weights[team][t]; let slope = slopes[team][t];
        ${teams.accumulate("keyGradient", "slope", "tileA")}
        ${teams.accumulate("valueGradient", "weight", "tileB")}`)}
    }`;
  const arrays = ["key", "value", "keyGradient", "valueGradient"];
  const body = `${arrays.map((name) => teams.declare(name)).join("\n  ")}
  ${teams.read("key", "keyFour")}
  ${teams.read("value", "valueFour")}
  let ofKeys = vec4f(${[0, 1, 2, 3].map((i) => `added(row + ${i}u)`).join(", ")});
  let count = select(0u, size.queries, firstOfBlock < keyCount);
  ${teams.overTiles({ count: "count", readers: ["queryFour", "outputFour"], numbers: "statisticsOf(j)", each })}
  ${teams.write("keyGradient", "set_keyFour")}
  ${teams.write("valueGradient", "set_valueFour")}`;
  const writers = [shape.writer("key", "dKey"), shape.writer("value", "dValue")];
  return teams.pass({
    operands: { ...operands, dKey, dValue },
    functions: [...readers(shape), ...writers].join("\n"),
    rows: shape.keys,
    activeRows: "keyCount",
    body,
  });
}

const readers = (shape: AttentionShape): readonly string[] => [
  shape.readers,
  shape.reader("output", "dOutput"),
  statisticsOf(shape),
];
