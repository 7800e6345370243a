/**
 * FLAVA against Hugging Face's and TorchMultimodal's implementations, whose results ../make.py and
 * ../make_torchmultimodal.py stored: every state, logit and loss, and the gradient of every parameter.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../../src/backend/backend.js";
import { nativeLevels } from "../../../src/backend/native.js";
import { requestBackend } from "../../../src/backend/open.js";
import type { Precision } from "../../../src/nn/precision.js";
import { type Deviation, type Fixture, compare, expectedOf, readFixture } from "./fixture.js";
import { type GoldenState, goldenState, runCase } from "./run-case.js";

const [tiny, small, base, torchMultimodal] = (await Promise.all(
  ["tiny", "small", "base", "torchmultimodal"].map(readFixture),
)) as [Fixture, Fixture, Fixture, Fixture];

/** Runs every case of a fixture on a backend and hands the deviations from the golden values to `judge`. */
function describeCases(
  title: string,
  fixture: Fixture,
  { name, precision = "float32" }: { name: Backend["name"]; precision?: Precision },
  judge: (deviations: readonly Deviation[]) => void,
): void {
  const absent = name === "native" && nativeLevels().length === 0;
  describe.skipIf(absent)(`${title}, ${name}, ${precision}`, () => {
    let backend: Backend;
    let state: GoldenState;
    beforeAll(async () => {
      backend = await requestBackend({ name, threads: 2 });
      state = goldenState(fixture, backend);
    });
    afterAll(() => {
      state.dispose();
      backend.dispose();
    });
    it.each(fixture.cases.map((golden) => [golden.name, golden] as const))(
      "%s",
      async (_, golden) => {
        const actual = await runCase(fixture, golden, state, precision);
        judge(compare(fixture, expectedOf(fixture, golden.name), actual));
      },
    );
  });
}

/** No element is off by more than a ten-thousandth of the largest element of its tensor. */
function isExact(deviations: readonly Deviation[]): void {
  expect(deviations.filter(({ largest }) => !(largest <= 1e-4))).toEqual([]);
}

/**
 * Bounds for bfloat16: the norm of the difference relative to the norm, two to three times what is
 * observed. The contrastive loss has the widest bounds, as it multiplies similarities by exp of the logit scale, whose
 * gradient is a difference of nearly equal sums.
 */
const bands: readonly (readonly [RegExp, number])[] = [
  [/^gradient\/flava\.logit_scale$/, 0.4],
  [/^gradient\//, 0.15],
  [/^loss\//, 0.015],
  [/^logits\//, 0.04],
  [/^codebook\/tokens$/, Infinity], // nearly equal scores may change their order
  [/^/, 0.02], // states, sequences, the scores of visual tokens
];

function isNear(deviations: readonly Deviation[]): void {
  const outside = deviations.filter(({ name, norm }) => {
    const [, most] = bands.find(([names]) => names.test(name))!;
    return !(norm <= most);
  });
  expect(outside).toEqual([]);
}

for (const name of ["reference", "wasm", "native"] as const) {
  describeCases("as Hugging Face's, tiny", tiny, { name }, isExact);
  describeCases("as Hugging Face's, small", small, { name }, isExact);
  describeCases("as TorchMultimodal's", torchMultimodal, { name }, isExact);
}
describeCases("as Hugging Face's, layers of base", base, { name: "native" }, isExact);
const rounded = { name: "native", precision: "bfloat16" } as const;
describeCases("near Hugging Face's, tiny", tiny, rounded, isNear);
describeCases("near Hugging Face's, layers of base", base, rounded, isNear);
