import { test } from "vitest";
import { applyAll } from "../../src/graph/trace.js";
import { add, subtract } from "../../src/graph/ops/arithmetic.js";
import { gelu } from "../../src/graph/ops/elementwise.js";
import {
  type MatmulAttributes,
  type ProductOptions,
  linear,
  matmulOp,
  product,
} from "../../src/graph/ops/matmul.js";
import { slice } from "../../src/graph/ops/slice.js";
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
  ofActivation,
  randomShapes,
  sizes,
  truths,
} from "./conformance.js";

/** Sums of K products of normal numbers, in float32: the errors grow with the partial sums, which are about √K. */
const ofDepth = (K: number): Required<Pick<Tolerance, "relative" | "absolute">> => ({
  relative: 3e-7,
  absolute: 2e-7 * (K + 8),
});

type Size = readonly [M: number, K: number, N: number];

function factors(
  [M, K, N]: Size,
  { transposeA = false, transposeB = false }: Pick<ProductOptions, "transposeA" | "transposeB">,
): [Argument, Argument] {
  return [{ shape: transposeA ? [K, M] : [M, K] }, { shape: transposeB ? [N, K] : [K, N] }];
}

const forms = combinations({
  transposeA: truths,
  transposeB: truths,
  compute: floats,
  constant: truths,
});

const shapes: Size[] = [
  ...sizes.flatMap((size): Size[] => [
    [size, 5, 3],
    [3, size, 5],
    [5, 3, size],
    [1, size, size],
    [size, size, 1],
  ]),
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
  [1, 1, 1],
  [70, 200, 130],
  ...(randomShapes(12, 60, 90, 150) as unknown as Size[]),
];

describeNative("products", () => {
  test.each(forms)(
    "of all sizes: transposeA $transposeA, transposeB $transposeB, $compute, constant $constant",
    async ({ transposeA, transposeB, compute, constant }) => {
      for (const size of shapes) {
        const [a, b] = factors(size, { transposeA, transposeB });
        await conform(
          "product",
          (x, y) => product(x, y, { transposeA, transposeB, compute, dtype: "float32" }),
          [
            { ...a, rounded: compute === "bfloat16" },
            { ...b, rounded: compute === "bfloat16", constant },
          ],
          ofDepth(size[1]),
        );
      }
    },
  );

  const dtypes = combinations({ ofA: floats, ofB: floats, dtype: floats });
  test.each(forms.map((form, turn) => ({ ...form, turn })))(
    "of all dtypes: transposeA $transposeA, transposeB $transposeB, $compute, constant $constant",
    async ({ transposeA, transposeB, compute, constant, turn }) => {
      for (const { ofA, ofB, dtype } of fewerOnDevice(dtypes, { turn, oneIn: 8 })) {
        for (const size of [
          [7, 19, 70],
          [33, 64, 16],
        ] as const) {
          const [a, b] = factors(size, { transposeA, transposeB });
          const rounded = compute === "bfloat16";
          await conform(
            `product in ${dtype}`,
            (x, y) => product(x, y, { transposeA, transposeB, compute, dtype }),
            [
              { ...a, dtype: ofA, rounded },
              { ...b, dtype: ofB, rounded, constant },
            ],
            ofDepth(size[1]),
          );
        }
      }
    },
  );

  test("with a depth that takes several passes", async () => {
    for (const { compute, constant, transposeA, transposeB } of fewerOnDevice(forms, {
      oneIn: 5,
    })) {
      const rounded = compute === "bfloat16";
      for (const K of [1536, 1537, 3073, 5003]) {
        const [a, b] = factors([7, K, 70], { transposeA, transposeB });
        await conform(
          "deep product",
          (x, y) => product(x, y, { transposeA, transposeB, compute }),
          [
            { ...a, rounded },
            { ...b, rounded, constant },
          ],
          ofDepth(K),
        );
      }
    }
  });

  test.each(truths)("of many tiles of every size: transposed %s", async (transposed) => {
    const transpose = { transposeA: transposed, transposeB: !transposed };
    for (const size of [
      [1030, 9, 1030],
      [2050, 9, 2050],
    ] as const) {
      await conform(
        "wide product",
        (x, y) => product(x, y, transpose),
        factors(size, transpose),
        ofDepth(9),
      );
    }
  });

  test("of tensors of other ranks", async () => {
    for (const constant of truths) {
      const three = { shape: [2, 3, 9] };
      await conform(
        "linear",
        (x, w) => linear(x, w),
        [three, { shape: [5, 9], constant }],
        ofDepth(9),
      );
      await conform(
        "linear of one row",
        (x, w) => linear(x, w),
        [{ shape: [9] }, { shape: [5, 9], constant }],
        ofDepth(9),
      );
      await conform(
        "weight gradient",
        (dy, x) => product(dy, x, { transposeA: true }),
        [{ shape: [2, 3, 7] }, { ...three, constant }],
        ofDepth(6),
      );
    }
  });
});

interface Epilogue {
  readonly bias: "none" | "float32" | "bfloat16";
  readonly addend: "none" | "float32" | "bfloat16";
  readonly activation: MatmulAttributes["activation"];
  readonly outputsPreactivation: boolean;
  readonly compute: "float32" | "bfloat16";
  readonly dtype: "float32" | "bfloat16";
  readonly constant: boolean;
}

async function conformWithEpilogue([M, K, N]: Size, epilogue: Epilogue): Promise<void> {
  const { bias, addend, activation, outputsPreactivation, compute, dtype, constant } = epilogue;
  const rounded = compute === "bfloat16";
  const args: Argument[] = [
    { shape: [M, K], rounded },
    { shape: [N, K], rounded, constant },
  ];
  if (bias !== "none") args.push({ shape: [N], dtype: bias });
  if (addend !== "none") args.push({ shape: [M, N], dtype: addend });
  // Where the activation's argument is an input it has the dtype that an addend does not have.
  if (activation === "geluGradient") {
    args.push({ shape: [M, N], dtype: addend === "float32" ? "bfloat16" : "float32" });
  }
  const attributes: MatmulAttributes = {
    ...{ transposeA: false, transposeB: true, packedB: false, geluB: false, K, N },
    ...{ compute, dtype, activation, outputsPreactivation },
    hasBias: bias !== "none",
    hasAddend: addend !== "none",
  };
  const plain = ofDepth(K);
  await conform(
    `matmul with ${JSON.stringify(epilogue)}`,
    (...inputs) => applyAll(matmulOp, inputs, attributes),
    args,
    { ...plain, absolute: plain.absolute + ofActivation(activation, dtype, K) },
  );
}

describeNative("what follows a product", () => {
  const epilogues = combinations({
    bias: ["none", ...floats] as const,
    addend: ["none", ...floats] as const,
    activation: ["none", "gelu", "geluGradient"] as const,
    outputsPreactivation: truths,
    compute: floats,
    dtype: floats,
    constant: truths,
  }).filter((epilogue) => epilogue.activation === "gelu" || !epilogue.outputsPreactivation);

  test.each([
    [7, 6, 5],
    [13, 19, 70],
    [1, 33, 64],
  ] as const)("in every combination, %i x %i x %i", async (...size) => {
    for (const epilogue of fewerOnDevice(epilogues, { turn: size[0], oneIn: 13 }))
      await conformWithEpilogue(size, epilogue);
  });

  test("does not depend on the size", async () => {
    const common = { outputsPreactivation: false, compute: "float32", constant: true } as const;
    for (const [M, N, K] of [...randomShapes(40, 30, 200, 20), [0, 3, 4], [4, 3, 0]]) {
      for (const dtype of floats) {
        const all = { ...common, dtype, bias: dtype, addend: dtype } as const;
        await conformWithEpilogue([M!, K!, N!], {
          ...all,
          activation: "gelu",
          outputsPreactivation: true,
        });
        await conformWithEpilogue([M!, K!, N!], { ...all, activation: "geluGradient" });
      }
    }
  });

  test("is fused from separate operations", async () => {
    for (const constant of truths) {
      for (const ofAddend of floats) {
        const args: Argument[] = [
          { shape: [3, 7, 65], dtype: ofAddend },
          { shape: [3, 7, 30], dtype: "bfloat16" },
          { shape: [65, 30], dtype: "bfloat16", constant },
          { shape: [65], constant },
        ];
        const slack = { relative: 2 ** -8, absolute: 2 ** -6 }; // rounds once where the reference is exact
        await conform("residual", (x, h, w, b) => add(x, linear(h, w, b)), args, slack);
        await conform(
          "residual that is read again",
          (x, h, w, b) => [add(x, linear(h, w, b)), x],
          args,
          slack,
        );
        await conform("gelu", (_, h, w, b) => gelu(linear(h, w, b)), args, slack);
        await conform(
          "gelu whose argument is read again",
          (_, h, w, b) => {
            const z = linear(h, w, b);
            return [gelu(z), z];
          },
          args,
          slack,
        );
      }
    }
  });
});

describeNative("gelu of a product", () => {
  test.each(floats)("of what is infinite, large or NaN, in %s", async (dtype) => {
    const values = [Infinity, -Infinity, NaN, 1e30, -1e30, 300, -300];
    const args: Argument[] = [
      { shape: [3, 4], dtype },
      { shape: [7, 4], dtype },
      { shape: [7], values },
    ];
    const tolerance = { relative: 1e-5, absolute: ofActivation("gelu", dtype, 4) };
    await conform("gelu", (x, w, b) => gelu(linear(x, w, b)), args, tolerance);
  });
});

describeNative("gelu of the second factor", () => {
  test.each(combinations({ compute: floats, dtype: floats, transposeB: truths }))(
    "is taken while it is read: $compute, stored as $dtype, transposed $transposeB",
    async ({ compute, dtype, transposeB }) => {
      for (const [M, K, N] of [
        [1, 1, 1],
        [7, 33, 70],
        [65, 40, 130],
        [3, 3100, 5],
      ] as const) {
        const plain: MatmulAttributes = {
          ...{ transposeA: true, transposeB, compute, dtype: "float32", activation: "none" },
          ...{ hasBias: false, hasAddend: false, outputsPreactivation: false },
          ...{ packedB: false, geluB: true, K, N },
        };
        for (const constant of truths) {
          await conform(
            "product with gelu(B)",
            (a, b) => applyAll(matmulOp, [a, b], plain),
            [
              { shape: [K, M], dtype },
              { shape: transposeB ? [N, K] : [K, N], dtype, constant },
            ],
            // The reference rounds no factor.
            compute === "bfloat16"
              ? { relative: 2 ** -7, absolute: Math.sqrt(K) / 64 }
              : ofDepth(K),
          );
        }
      }
    },
  );
});

describeNative("the bits of products", () => {
  test.each(combinations({ compute: floats, constant: truths }))(
    "are the same for any number of threads: $compute, constant $constant",
    async ({ compute, constant }) => {
      for (const [M, K, N] of [
        [501, 64, 130],
        [3, 4000, 700],
        [130, 3200, 130],
        [1, 768, 3000],
      ] as const) {
        for (const { transposeA, transposeB } of combinations({
          transposeA: truths,
          transposeB: truths,
        })) {
          const [a, b] = factors([M, K, N], { transposeA, transposeB });
          const f = (x: Tensor, y: Tensor): Tensor =>
            product(x, y, { transposeA, transposeB, compute });
          await expectSameBits("product", f, [a, { ...b, constant }]);
        }
      }
    },
  );

  test("of a row do not depend on the rows beside it", async () => {
    for (const { compute, constant } of combinations({ compute: floats, constant: truths })) {
      await conform(
        "rows alone less rows in company",
        (x, w) => {
          const multiply = (rows: Tensor): Tensor =>
            product(rows, w, { transposeB: true, compute });
          return subtract(multiply(slice(x, 0, 17, 20)), slice(multiply(x), 0, 17, 20));
        },
        [{ shape: [61, 3300] }, { shape: [130, 3300], constant }],
      );
    }
  });
});
