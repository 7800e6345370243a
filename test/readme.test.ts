import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  State,
  compile,
  flavaParameters,
  imageOutputs,
  loadWeights,
  openBackend,
  openCheckpoint,
  spec,
  writeHuggingFace,
} from "../src/index.js";
import { initialize } from "../src/nn/parameter.js";
import { keyOf } from "../src/base/random.js";
import { pretrainingParameters } from "../src/model/flava.js";
import { config } from "./small-model.js";

test("the README's first program embeds images with weights from a directory", async () => {
  const directory = mkdtempSync(join(tmpdir(), "flava-readme-"));
  const backend = openBackend();
  const written = new State(backend, { parameters: pretrainingParameters(config) });
  await initialize(written, keyOf(1));
  await writeHuggingFace(directory, written, config);

  const checkpoint = await openCheckpoint(directory);
  const state = new State(backend, { parameters: { flava: flavaParameters(config) } });
  await loadWeights(checkpoint, state, { parts: ["flava"] });
  await checkpoint.close();
  const { size } = config.image;
  const inputs = { pixels: spec([2, 3, size, size]) };
  const embedImages = compile({ state, inputs }, ({ parameters }, { pixels }) => {
    const model = { config, parameters, precision: "float32" } as const;
    const { embedding } = imageOutputs(model, { pixels }, { keepTokens: 1 });
    return { outputs: { embedding } };
  });
  expect(embedImages.memory.total).toBeGreaterThan(0);
  const pixels = new Float32Array(2 * 3 * size * size).map((_, index) => Math.sin(index));
  const { embedding } = await embedImages.run({ pixels });
  expect(embedding).toHaveLength(2 * config.projection);
  expect(Math.hypot(...embedding.subarray(0, config.projection))).toBeCloseTo(1, 5);
  backend.dispose();
  rmSync(directory, { recursive: true });
});
