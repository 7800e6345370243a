import { test } from "vitest";
import { dropout, foldIn, gumbel, normal, uniform } from "../../src/graph/ops/random.js";
import {
  type Argument,
  conform,
  describeNative,
  expectSameBits,
  floats,
  sizes,
} from "./conformance.js";

const keys = [
  [0, 0],
  [1, 2],
  [-1, -1],
  [123456789, -987654321],
  [2 ** 31 - 1, -(2 ** 31)],
].map((values): Argument => ({ shape: [2], dtype: "int32", values }));

const many = [0, ...sizes, 1000, 70001];

describeNative("random numbers", () => {
  test("uniform ones are the same on every backend", async () => {
    for (const key of keys) {
      for (const size of many) await conform("uniform", (k) => uniform(k, [size]), [key]);
    }
    await conform("uniform", (k) => uniform(k, [3, 5, 7]), [keys[1]!]);
    await conform("uniform", (k) => uniform(k, []), [keys[1]!]);
  });

  test("gumbel and normal ones differ by rounding only", async () => {
    const tolerance = { relative: 1e-6, absolute: 1e-6 };
    for (const key of keys) {
      for (const size of many) {
        await conform("gumbel", (k) => gumbel(k, [size]), [key], tolerance);
        await conform("normal", (k) => normal(k, [size]), [key], tolerance);
      }
    }
  });

  test("folded keys are the same", async () => {
    for (const key of keys) {
      for (const constant of [0, 1, 77, 2 ** 31 - 1]) {
        await conform(`foldIn ${constant}`, (k) => foldIn(foldIn(k, constant), 3), [key]);
        for (const data of [0, 1, -1, 2 ** 31 - 1]) {
          const given: Argument = { shape: [], dtype: "int32", values: [data] };
          await conform(`foldIn ${constant} and ${data}`, (k, d) => foldIn(k, constant, d), [
            key,
            given,
          ]);
        }
      }
    }
  });

  test("dropout keeps the same elements", async () => {
    for (const dtype of floats) {
      for (const size of many) {
        for (const rate of [0.1, 0.5, 0.999]) {
          const args = [{ shape: [size], dtype }, keys[3]!];
          await conform(`dropout ${rate}`, (x, k) => dropout(x, k, rate), args, { relative: 2e-7 });
        }
      }
      const again = [{ shape: [5, 33], dtype }, keys[1]!];
      await conform("dropout of what is read again", (x, k) => [dropout(x, k, 0.3), x], again, {
        relative: 2e-7,
      });
    }
  });

  test("the same bits for any number of threads", async () => {
    await expectSameBits("normal", (k) => [normal(k, [100_003]), uniform(k, [77, 501])], [
      keys[1]!,
    ]);
    await expectSameBits("dropout", (x, k) => dropout(x, k, 0.2), [
      { shape: [300, 501] },
      keys[2]!,
    ]);
  });
});
