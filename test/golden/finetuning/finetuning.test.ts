/** Steps of fine-tuning against transformers and PyTorch's AdamW (make.py). */
import { join } from "node:path";
import { expect, it } from "vitest";
import { referenceBackend } from "../../../src/backend/reference.js";
import { State } from "../../../src/backend/state.js";
import { openSafetensors } from "../../../src/checkpoint/files/safetensors.js";
import { openCheckpoint } from "../../../src/checkpoint/open.js";
import { toFamily } from "../../../src/checkpoint/names.js";
import { affine } from "../../../src/graph/ops/affine.js";
import { flavaParameters } from "../../../src/model/flava.js";
import { taskHeadParameters } from "../../../src/model/task-head.js";
import { unusedParts } from "../../../src/model/task-model.js";
import { freezing } from "../../../src/optim/rules.js";
import { optimizerStep } from "../../../src/train/optimizer-step.js";
import { loadStart } from "../../../src/train/run/start.js";
import { finetuningLoss } from "../../../src/train/stages/task-loss.js";
import { optimizerState } from "../../../src/train/step/update.js";
import { numbers } from "../pretraining/numbers.js";

const golden = join(import.meta.dirname, "..");
const samples = { samples: 4, length: 6, pairs: true } as const;
// Those of make.py.
const inputs = {
  ids: Int32Array.of(
    ...[2, 7, 9, 3, 0, 0, 2, 11, 5, 3, 21, 3],
    ...[2, 30, 31, 32, 33, 3, 2, 8, 3, 17, 3, 0],
  ),
  lengths: Int32Array.of(4, 6, 6, 5),
  types: Int32Array.of(
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
  ),
  target: Int32Array.of(0, 2, 1, 2),
};

it("weights after steps of fine-tuning are those of transformers with PyTorch's AdamW", async () => {
  const backend = referenceBackend();
  const path = join(golden, "checkpoint/model");
  const checkpoint = await openCheckpoint(path);
  await checkpoint.close();
  if (checkpoint.sizes?.kind !== "flava") throw new Error("checkpoint/ has a whole model");
  const { config } = checkpoint.sizes;
  const rules = freezing(unusedParts("text"));
  const parameters = { flava: flavaParameters(config), head: taskHeadParameters(8, 3) };
  const state = new State(backend, optimizerState(parameters, { rules }));
  const start = [{ name: "model", path, parts: ["flava"] }];
  await loadStart(start, state, config, () => undefined);
  state.write("parameters/head/output/weight", numbers("head.weight", [3, 8]));
  state.write("parameters/head/output/bias", numbers("head.bias", [3]));
  const labels = { kind: "class", names: ["a", "b", "c"] } as const;
  const task = { encoder: "text", labels } as const;
  const loss = finetuningLoss(samples, { config, precision: "float32", task });
  const step = optimizerStep(state, loss, {
    optimizer: { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1, rules },
    learningRate: (count) => affine(count, 0, 1e-3),
  });
  const losses = [];
  for (let made = 0; made < 3; made++) losses.push((await step.run(inputs)).total);
  expect(losses[0]).toBeCloseTo(4.904144888123652, 5);

  const after = await openSafetensors(join(golden, "finetuning/after.safetensors"));
  const trained = state.paths.filter((path) => /^parameters\/(flava\/text|head)\//.test(path));
  const names = trained.map((path) => {
    const own = path.replace("parameters/", "");
    return path.includes("/head/")
      ? own.replace("head/output/", "head.")
      : toFamily("FlavaModel", own)!.name;
  });
  expect(names.toSorted()).toEqual([...after.tensors.keys()].sort());
  for (const [index, path] of trained.entries()) {
    const stored = after.tensors.get(names[index]!)!;
    const expected = new Float32Array(stored.bytes / Float32Array.BYTES_PER_ELEMENT);
    await stored.read(new Uint8Array(expected.buffer));
    const found = await state.read(path);
    for (const [place, value] of expected.entries())
      expect(Math.abs(found[place]! - value), `${path} ${place}`).toBeLessThan(1e-5);
  }
  await after.close();
});
