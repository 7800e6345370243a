import { expect, test } from "vitest";
import { describeNative, nativeWith } from "../../test/kernels/conformance.js";
import { compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { keyOf, normal } from "../base/random.js";
import { constant } from "../graph/placeholder.js";
import { argmax } from "../graph/ops/reduce.js";
import type { Tensor } from "../graph/tensor.js";
import { spec } from "../graph/tensor.js";
import { initialize } from "../nn/parameter.js";
import {
  type Codebook,
  codebookLogits,
  codebookParameters,
  visualTokens,
  visualTokensAt,
} from "./codebook.js";

describeNative("the codebook", () => {
  test("names the same tokens of images so large that they are named one at a time", async () => {
    const config = { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 16, vocabulary: 64 };
    const shape = [3, 3, 256, 256] as const;
    const positions = [3071, 0, 17, 1024, 1023, 2048, -1];
    const state = new State(nativeWith(2), { parameters: codebookParameters(config) });
    await initialize(state, keyOf(1));
    const program = compile({ state, inputs: { pixels: spec(shape) } }, (s, { pixels }) => {
      const codebook = s.parameters as Codebook<Tensor>;
      const together = argmax(codebookLogits(codebook, config, pixels, "float32"));
      const apart = visualTokens(codebook, config, pixels, "float32");
      const places = constant(Int32Array.from(positions), [positions.length]);
      const some = visualTokensAt(codebook, config, pixels, "float32", places);
      return { outputs: { together, apart, some } };
    });
    const pixels = normal(keyOf(2), 3 * 3 * 256 * 256);
    const { together, apart, some } = await program.run({ pixels });
    expect(apart).toHaveLength(3 * 32 * 32);
    expect(apart).toEqual(together);
    expect(Array.from(some).slice(0, -1)).toEqual(positions.slice(0, -1).map((at) => apart[at]));
    expect(new Set(apart).size).toBeGreaterThan(5);
    program.dispose();
    state.dispose();
  });
});
