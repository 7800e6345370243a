import { expect, test } from "vitest";
import { describeNative, nativeWith } from "../../test/kernels/conformance.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { keyOf, normal } from "../base/random.js";
import { argmax } from "../graph/ops/reduce.js";
import type { Tensor } from "../graph/tensor.js";
import { spec } from "../graph/tensor.js";
import { initialize } from "../nn/parameter.js";
import { type Codebook, codebookLogits, codebookParameters, visualTokens } from "./codebook.js";

describeNative("the codebook", () => {
  test("names the same tokens of images so large that they are named one at a time", async () => {
    const config = { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 16, vocabulary: 64 };
    const shape = [3, 3, 256, 256] as const;
    const state = new State(nativeWith(2), { parameters: codebookParameters(config) });
    await initialize(state, keyOf(1));
    const program = compile({ state, inputs: { pixels: spec(shape) } }, (s, { pixels }) => {
      const codebook = s.parameters as Codebook<Tensor>;
      const together = argmax(codebookLogits(codebook, config, pixels, "float32"));
      return { outputs: { together, apart: visualTokens(codebook, config, pixels, "float32") } };
    });
    const pixels = normal(keyOf(2), 3 * 3 * 256 * 256);
    const { together, apart } = await program.run({ pixels });
    expect(apart).toHaveLength(3 * 32 * 32);
    expect(apart).toEqual(together);
    expect(new Set(apart).size).toBeGreaterThan(5);
    program.dispose();
    state.dispose();
  });
});
