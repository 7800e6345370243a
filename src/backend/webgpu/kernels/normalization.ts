/** Normalizations of rows, softmax, and their gradients. */
import { sizeOf } from "../../../graph/tensor.js";
import { type Kernel, type KernelCall, type Operand, literal } from "../pass.js";
import { filled } from "./map.js";
import { reducePasses } from "./reduce.js";
import { overRow, rowsPass } from "./rows.js";

const epsilonOf = ({ attributes }: KernelCall): string => literal(attributes.epsilon as number);
const widthOf = ({ spec: { shape } }: Operand): number => shape.at(-1)!;
const rowsOf = ({ spec: { shape } }: Operand): number => sizeOf(shape.slice(0, -1));

export function layerNormKernel(call: KernelCall): Kernel {
  const [x, gain, bias] = call.inputs as [Operand, Operand, Operand];
  const [output, means, scales] = call.outputs as [Operand, Operand, Operand];
  const body = `var total = 0.0;
  ${overRow("total += x(at);")}
  let mean = sumOf(total) / f32(max(size.width, 1u));
  var squares = 0.0;
  ${overRow("let d = x(at) - mean; squares += d * d;")}
  let scale = 1.0 / sqrt(sumOf(squares) / f32(max(size.width, 1u)) + ${epsilonOf(call)});
  ${overRow("set_y(at, (x(at) - mean) * scale * gain(k) + bias(k));")}
  if (lane == 0u) { set_means(group, mean); set_scales(group, scale); }`;
  const passes = filled(call, output, (y) => [
    rowsPass({
      rows: rowsOf(x),
      width: widthOf(x),
      operands: { x, gain, bias, y, means, scales },
      body,
    }),
  ]);
  return { passes };
}

export function layerNormGradientKernel(call: KernelCall): Kernel {
  const [x, gain, means, scales, dy, addend] = call.inputs as Operand[] & { length: 6 };
  const [dx, dGain, dBias] = call.outputs as [Operand, Operand, Operand];
  const width = widthOf(x!);
  const rows = rowsOf(x!);
  const body = `let mean = means(group); let scale = scales(group);
  var total = 0.0; var projected = 0.0;
  ${overRow("let g = dy(at) * gain(k); total += g; projected += g * (x(at) - mean) * scale;")}
  let average = sumOf(total) / f32(max(size.width, 1u));
  let projection = sumOf(projected) / f32(max(size.width, 1u));
  ${overRow(`let g = dy(at) * gain(k);
     set_y(at, scale * (g - average - projection * (x(at) - mean) * scale)${addend ? " + addend(at)" : ""});`)}`;
  const given = {
    x: x!,
    gain: gain!,
    means: means!,
    scales: scales!,
    dy: dy!,
    ...(addend && { addend }),
  };
  const sum = { kind: "sum", outer: 1, reduced: rows, inner: width } as const;
  const normalized = { x: x!, means: means!, scales: scales!, dy: dy! };
  return {
    passes: [
      ...filled(call, dx, (y) => [rowsPass({ rows, width, operands: { ...given, y }, body })]),
      ...reducePasses(call, {
        ...{ ...sum, operands: normalized },
        results: [
          {
            term: "dy(j) * (x(j) - means(j / size.inner)) * scales(j / size.inner)",
            output: dGain,
          },
          { term: "dy(j)", output: dBias },
        ],
      }),
    ],
  };
}

export function l2NormalizeKernel(call: KernelCall): Kernel {
  const [x] = call.inputs as [Operand];
  const [output, norms] = call.outputs as [Operand, Operand];
  const body = `var squares = 0.0;
  ${overRow("squares += x(at) * x(at);")}
  let norm = sqrt(sumOf(squares));
  ${overRow(`set_y(at, x(at) / max(norm, ${epsilonOf(call)}));`)}
  if (lane == 0u) { set_norms(group, norm); }`;
  const passes = filled(call, output, (y) => [
    rowsPass({ rows: rowsOf(x), width: widthOf(x), operands: { x, y, norms }, body }),
  ]);
  return { passes };
}

export function l2NormalizeGradientKernel(call: KernelCall): Kernel {
  const [normalized, norms, dy] = call.inputs as [Operand, Operand, Operand];
  const body = `let norm = norms(group);
  var along = 0.0;
  ${overRow("along += normalized(at) * dy(at);")}
  let component = select(0.0, sumOf(along), norm > ${epsilonOf(call)});
  ${overRow(`set_y(at, (dy(at) - component * normalized(at)) / max(norm, ${epsilonOf(call)}));`)}`;
  const passes = filled(call, call.outputs[0]!, (y) => [
    rowsPass({
      rows: rowsOf(normalized),
      width: widthOf(normalized),
      operands: { normalized, norms, dy, y },
      body,
    }),
  ]);
  return { passes };
}

export function softmaxKernel(call: KernelCall): Kernel {
  const [x] = call.inputs as [Operand];
  const body = `var high = ${literal(-3.4e38)};
  ${overRow("high = max(high, x(at));")}
  let greatest = maximumOf(high);
  var total = 0.0;
  ${overRow("total += exp(x(at) - greatest);")}
  let sum = sumOf(total);
  ${overRow("set_y(at, exp(x(at) - greatest) / sum);")}`;
  const passes = filled(call, call.outputs[0]!, (y) => [
    rowsPass({ rows: rowsOf(x), width: widthOf(x), operands: { x, y }, body }),
  ]);
  return { passes };
}

export function softmaxGradientKernel(call: KernelCall): Kernel {
  const [probabilities, dy] = call.inputs as [Operand, Operand];
  const body = `var total = 0.0;
  ${overRow("total += probabilities(at) * dy(at);")}
  let mean = sumOf(total);
  ${overRow("set_y(at, probabilities(at) * (dy(at) - mean));")}`;
  const passes = filled(call, call.outputs[0]!, (y) => [
    rowsPass({
      rows: rowsOf(probabilities),
      width: widthOf(probabilities),
      operands: { probabilities, dy, y },
      body,
    }),
  ]);
  return { passes };
}
