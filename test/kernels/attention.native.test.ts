import { test } from "vitest";
import { attention, selfAttention } from "../../src/graph/ops/attention.js";
import type { Tensor } from "../../src/graph/tensor.js";
import {
  type Argument,
  type Tolerance,
  combinations,
  conform,
  describeNative,
  expectSameBits,
  fewerOnDevice,
  floats,
  gradientsOf,
  normals,
  randomShapes,
} from "./conformance.js";

type Float = (typeof floats)[number];
type MaskKind = "none" | "lengths" | "additive";

interface Form {
  readonly mask: MaskKind;
  /** Of the queries (and so of the arithmetic), the keys, the values, and the result's gradient. */
  readonly dtypes: readonly [Float, Float, Float, Float];
}

type Size = readonly [batch: number, heads: number, depth: number, queries: number, keys: number];

/** Of each sample the keys that are visible: all, none, one, more than there are, half. */
function lengthsOf(batch: number, keys: number): number[] {
  return Array.from(
    { length: batch },
    (_, i) => [keys, 0, 1, keys + 3, Math.ceil(keys / 2)][i % 5]!,
  );
}

/** Hides some keys of the first samples, all of the second, and weighs the others. */
function additiveOf(batch: number, keys: number): number[] {
  return Array.from(normals(batch * keys, 7), (value, i) => {
    const sample = Math.floor(i / keys);
    return sample === 1 || (sample < 3 && (i * 7) % 3 === 0) ? -Infinity : value;
  });
}

function argumentsOf(
  [batch, heads, depth, queries, keys]: Size,
  { mask, dtypes }: Form,
): Argument[] {
  const [ofQ, ofK, ofV, ofGradient] = dtypes;
  const width = heads * depth;
  const args: Argument[] = [
    { shape: [batch, queries, width], dtype: ofQ },
    { shape: [batch, keys, width], dtype: ofK, rounded: ofQ === "bfloat16" },
    { shape: [batch, keys, width], dtype: ofV, rounded: ofQ === "bfloat16" },
    { shape: [batch, queries, width], dtype: ofGradient },
  ];
  if (mask === "lengths")
    args.push({ shape: [batch], dtype: "int32", values: lengthsOf(batch, keys) });
  if (mask === "additive") args.push({ shape: [batch, keys], values: additiveOf(batch, keys) });
  return args;
}

/** The result, its logSumExp, and the gradients of q, k and v. */
const all =
  (heads: number, mask: MaskKind, scale?: number) =>
  (q: Tensor, k: Tensor, v: Tensor, dOutput: Tensor, hidden?: Tensor): Tensor[] => {
    const output = attention(q, k, v, {
      heads,
      ...(scale !== undefined && { scale }),
      lengths: mask === "lengths" ? hidden : undefined,
      mask: mask === "additive" ? hidden : undefined,
    });
    const gradients = gradientsOf(output, [dOutput]).slice(0, 3) as Tensor[];
    return [...output.node.outputs, ...gradients];
  };

/**
 * The probabilities sum to 1, so the result is no larger than the values. In bfloat16 the probabilities and the scores'
 * gradients are rounded to 8 bits as well, and gradients are sums of terms that may cancel.
 */
function toleranceOf([, , depth]: Size, arithmetic: Float): Tolerance[] {
  const unit = arithmetic === "bfloat16" ? 2 ** -8 : 1e-6;
  const ofScores = { relative: 1e-6, absolute: 1e-6 * Math.sqrt(depth) };
  const ofGradients = { norm: arithmetic === "bfloat16" ? 0.012 : 2e-6, absolute: 3e-6 };
  return [{ relative: unit, absolute: 2 * unit }, ofScores, ofGradients, ofGradients, ofGradients];
}

async function conformAll(size: Size, form: Form, scale?: number): Promise<void> {
  const args = argumentsOf(size, form);
  const f = all(size[1], form.mask, scale) as (...inputs: Tensor[]) => Tensor[];
  const tolerance = toleranceOf(size, form.dtypes[0]);
  await conform(`attention with ${size[1]} heads, mask ${form.mask}`, f, args, tolerance);
}

const sizes = fewerOnDevice([
  ...(randomShapes(25, 3, 3, 70, 30, 40) as unknown as Size[]),
  ...([
    [1, 1, 1, 1, 1],
    [5, 2, 64, 7, 9],
    [5, 1, 8, 1, 130],
    [2, 2, 16, 130, 1],
    [1, 2, 64, 197, 197],
    [1, 1, 80, 65, 300],
    [1, 1, 128, 20, 33],
    [1, 1, 5, 333, 17],
    [0, 2, 8, 3, 4],
    [2, 2, 8, 0, 4],
    [2, 2, 8, 3, 0],
    [2, 2, 64, 70, 37], // one of those on a device: several blocks, of which the last has less to do
  ] satisfies Size[]),
]);

/** The same of joined operands, whose one gradient is a sum over queries in its later parts. */
async function conformJoined(size: Size, mask: MaskKind, dtypes: readonly Float[]): Promise<void> {
  const [batch, heads, depth, length] = size;
  const [dtype = "float32", ofGradient = "float32"] = dtypes;
  const [, , , dOutput, ...hidden] = argumentsOf([batch, heads, depth, length, length], {
    mask,
    dtypes: [dtype, dtype, dtype, ofGradient],
  });
  const f = (qkv: Tensor, dOutput: Tensor, given?: Tensor): Tensor[] => {
    const output = selfAttention(qkv, {
      heads,
      lengths: mask === "lengths" ? given : undefined,
      mask: mask === "additive" ? given : undefined,
    });
    const [gradient] = gradientsOf(output, [dOutput]) as [Tensor];
    return [...output.node.outputs, gradient];
  };
  const [ofOutput, ofScores, ofSlopes] = toleranceOf(size, dtype);
  await conform(
    `self-attention with ${heads} heads, mask ${mask}`,
    f,
    [{ shape: [batch, length, 3 * heads * depth], dtype }, dOutput!, ...hidden],
    [ofOutput!, ofScores!, ofSlopes!],
  );
}

describeNative("attention", () => {
  test.each(combinations({ dtype: floats, mask: ["none", "lengths", "additive"] as const }))(
    "of all sizes, forward and backward: $dtype, mask $mask",
    async ({ dtype, mask }) => {
      for (const size of sizes)
        await conformAll(size, { mask, dtypes: [dtype, dtype, dtype, dtype] });
    },
  );

  test("of all dtypes", async () => {
    const choices = combinations({ q: floats, k: floats, v: floats, gradient: floats });
    for (const { q, k, v, gradient } of fewerOnDevice(choices)) {
      for (const mask of ["none", "additive"] as const) {
        await conformAll([3, 2, 20, 9, 11], { mask, dtypes: [q, k, v, gradient] });
      }
    }
  });

  test.each(combinations({ dtype: floats, mask: ["none", "lengths", "additive"] as const }))(
    "of joined operands, forward and backward: $dtype, mask $mask",
    async ({ dtype, mask }) => {
      for (const [batch, heads, depth, queries] of sizes) {
        const length = Math.min(queries, 130);
        for (const ofGradient of floats) {
          await conformJoined([batch, heads, depth, length, length], mask, [dtype, ofGradient]);
        }
      }
    },
  );

  test("with another scale, and with scores of very different magnitudes", async () => {
    const form: Form = { mask: "none", dtypes: ["float32", "float32", "float32", "float32"] };
    await conformAll([2, 2, 8, 9, 11], form, 0.25);
    await conformAll([2, 2, 8, 9, 11], form, 0);
    const large = (i: number): number => (i % 9) * 20 - 80;
    await conform(
      "attention",
      (q, k, v) => attention(q, k, v, { heads: 1, scale: 1 }),
      [
        { shape: [1, 5, 8], values: large },
        { shape: [1, 12, 8], values: (i) => (i % 5) - 2 },
        { shape: [1, 12, 8] },
      ],
      { absolute: 1e-6 },
    );
  });

  test("of a query that is not a number", async () => {
    await conform(
      "attention",
      (q, k, v) => attention(q, k, v, { heads: 1 }),
      [
        { shape: [1, 5, 8], values: (i) => (Math.floor(i / 8) === 2 ? NaN : Math.sin(i)) },
        { shape: [1, 12, 8] },
        { shape: [1, 12, 8] },
      ],
      { relative: 1e-5, absolute: 1e-6 },
    );
  });

  test("gives the same bits for any number of threads", async () => {
    for (const dtype of floats) {
      for (const [size, mask] of [
        [[1, 3, 64, 301, 301], "none"],
        [[3, 2, 40, 7, 50], "lengths"],
        [[5, 2, 16, 100, 33], "additive"],
      ] as const) {
        const form: Form = { mask, dtypes: [dtype, dtype, dtype, dtype] };
        const f = all(size[1], mask) as (...inputs: Tensor[]) => Tensor[];
        await expectSameBits("attention", f, argumentsOf(size, form));
      }
    }
  });
});
