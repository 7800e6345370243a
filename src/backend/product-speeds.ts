/** How fast the native kernels multiply at each processor level. */
import type { PlacedTensor } from "../graph/layout.js";
import { linear } from "../graph/ops/matmul.js";
import { quantizeWeights, quantizedLinear } from "../graph/ops/quantize.js";
import { placeholder } from "../graph/placeholder.js";
import { type Plan, plan } from "../graph/plan.js";
import { type Tensor, spec } from "../graph/tensor.js";
import type { Addon, Context, Level } from "./addon.js";
import { encodePlan } from "./encode.js";
import { toBfloat16 } from "./values.js";

const measured = ["float32", "bfloat16", "int8"] as const;
type MeasuredPrecision = (typeof measured)[number];

/** Billions of operations per second on one core. */
export type SpeedsOfLevel = Readonly<Record<MeasuredPrecision, number>>;

/** The same by level, lowest first. */
export type Speeds = Readonly<Partial<Record<Level, SpeedsOfLevel>>>;

const [rows, depth, columns] = [128, 512, 512];
const rounds = 3;
const millisecondsPerRound = 5;

/** Measures products of packed weights at these levels, lowest first, for about 15 ms each and in every precision. */
export function productSpeeds(addon: Addon, levels: readonly Level[]): Speeds {
  const seconds = levels.map(() => ({ float32: Infinity, bfloat16: Infinity, int8: Infinity }));
  const plans = measured.map((precision) => [precision, productPlan(precision)] as const);
  const numbers = Float32Array.from({ length: columns * depth }, (_, i) => Math.sin(i));
  // The levels take turns, so that a disturbance does not meet one of them only.
  for (let round = 0; round < rounds; round++) {
    for (const [index, level] of levels.entries()) {
      const context = addon.open({ threads: 1, level });
      try {
        for (const [precision, made] of plans) {
          const least = secondsPerProduct(addon, context, made, numbers);
          seconds[index]![precision] = Math.min(seconds[index]![precision], least);
        }
      } finally {
        addon.close(context);
      }
    }
  }
  const speed = (time: number): number => (2 * rows * depth * columns) / time / 1e9;
  return Object.fromEntries(
    levels.map((level, index) => {
      const { float32, bfloat16, int8 } = seconds[index]!;
      return [level, { float32: speed(float32), bfloat16: speed(bfloat16), int8: speed(int8) }];
    }),
  );
}

/** The least time of a product of packed weights. */
function secondsPerProduct(
  addon: Addon,
  context: Context,
  made: Plan,
  numbers: Float32Array,
): number {
  const weight = addon.allocate(context, 4 * columns * depth);
  const prepared = addon.allocate(context, made.preparedBytes);
  const shared = new Map(
    [...made.shared].map(([origin, { bytes }]) => [origin, addon.allocate(context, bytes)]),
  );
  addon.reserveArena(context, made.arenaBytes);
  const locate = ({ place }: PlacedTensor): readonly [id: number, offset: number] => {
    if (place.kind === "state") return [weight, 0];
    if (place.kind === "shared") return [shared.get(place.origin)!, 0];
    return [place.kind === "prepared" ? prepared : 0, place.offset];
  };
  addon.write(context, weight, 0, numbers);
  const x = made.inputs.get("x")!;
  const values = numbers.subarray(0, rows * depth);
  addon.write(context, ...locate(x), x.spec.dtype === "bfloat16" ? toBfloat16(values) : values);
  const { signatures, words } = encodePlan(made, locate);
  const program = addon.load(context, signatures, words);
  const last = made.instructions.length;
  addon.time(context, program, 0, made.preparing, 0);
  const seconds = addon.time(context, program, made.preparing, last, millisecondsPerRound);
  addon.unload(context, program);
  for (const buffer of [weight, prepared, ...shared.values()]) addon.free(context, buffer);
  return seconds;
}

/** x [rows, depth] times constant weights. */
function productPlan(precision: MeasuredPrecision): Plan {
  const dtype = precision === "bfloat16" ? "bfloat16" : "float32";
  const x = placeholder(spec([rows, depth], dtype), "x");
  const weight = placeholder(spec([columns, depth]), "weight", "state");
  const result = precision === "int8" ? quantizedProduct(x, weight) : linear(x, weight);
  return plan({ outputs: new Map([["y", result]]), updates: new Map() }, true);
}

function quantizedProduct(x: Tensor, weight: Tensor): Tensor {
  const { values, scale } = quantizeWeights(weight);
  return quantizedLinear(x, values, scale);
}
