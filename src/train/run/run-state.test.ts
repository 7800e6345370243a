import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import { CheckpointError } from "../../checkpoint/files/stored-tensor.js";
import { spec } from "../../graph/tensor.js";
import { readState, writeState } from "./run-state.js";

const backend = referenceBackend();
const path = join(temporaryDirectory(), "state.safetensors");
const specs = {
  parameters: { weight: spec([2, 3]), frozen: spec([]) },
  moments: [spec([2, 3])],
  counter: spec([2], "int32"),
};

test("a state comes back to the bit, and only into a state of the same form", async () => {
  const written = new State(backend, specs);
  const weight = Float32Array.of(1, -0, NaN, Infinity, 1e-45, 1 / 3);
  written.writeAll({
    parameters: { weight, frozen: Float32Array.of(7) },
    moments: [Float32Array.from(weight, (value) => value * 2)],
    counter: Int32Array.of(-1, 2 ** 31 - 1),
  });
  await writeState(path, written);

  const read = new State(backend, specs);
  await readState(path, read);
  for (const name of written.paths) {
    const [own, other] = [await read.read(name), await written.read(name)];
    expect(new Uint8Array(own.slice().buffer)).toEqual(new Uint8Array(other.slice().buffer));
  }

  const { parameters, counter } = specs;
  const into = (other: object): Promise<void> => readState(path, new State(backend, other));
  await expect(into({ parameters, counter })).rejects.toThrow(
    /another run: it has unknown tensors \(moments\/0\)\. /,
  );
  await expect(into({ ...specs, more: spec([]) })).rejects.toThrow(/it lacks tensors \(more\)/);
  await expect(into({ ...specs, moments: [spec([3, 2])] })).rejects.toThrow(
    /moments\/0 .* is float32\[2, 3\], but this run expects/,
  );
  await expect(into({ ...specs, counter: spec([2]) })).rejects.toThrow(CheckpointError);
});
