import { readFileSync, statSync, truncateSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import type { Backend, TensorInFile } from "../backend/backend.js";
import { nativeBackend, nativeLevels } from "../backend/native.js";
import { compile } from "../backend/program.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { foldIn, keyOf, normal } from "../base/random.js";
import { mapTree } from "../base/tree.js";
import { models } from "../configs/models.js";
import { gradient } from "../graph/gradient.js";
import { fill } from "../graph/ops/fill.js";
import { multiply } from "../graph/ops/arithmetic.js";
import { mean } from "../graph/ops/reduce.js";
import { type Dtype, type TensorSpec, spec } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import { pretrainingParameters } from "../model/flava.js";
import { stack } from "../nn/stack.js";
import { adamW, adamWMoments } from "../optim/adamw.js";
import { type WriteHuggingFaceOptions, writeHuggingFace } from "./huggingface.js";
import { loadWeights } from "./load.js";
import { openCheckpoint } from "./open.js";

const root = temporaryDirectory();
const sizes = { layers: 1, width: 20, hidden: 40, heads: 2 };
const config: FlavaConfig = {
  ...models.tiny,
  image: { ...sizes, size: 8, patch: 4, channels: 3, vocabulary: 8 },
  text: { ...sizes, vocabulary: 10, positions: 6, types: 2 },
  multimodal: sizes,
  codebook: { channels: 3, groups: 4, blocksPerGroup: 1, hidden: 4, vocabulary: 8 },
  projection: 3,
};
const parameters = pretrainingParameters(config);
const kernel = "parameters/codebook/groups/0/0/convolutions/0/weight"; // stored with its channels first
const words = "parameters/flava/text/words";

/** A model in memory with values derived from `seed` that are exact in bfloat16. */
function modelOf(seed: number): State {
  const state: State = new State(referenceBackend({ precision: "float32" }), { parameters });
  for (const [index, path] of state.paths.entries()) {
    const numbers = normal(foldIn(keyOf(seed), index), state.spec(path).size);
    state.write(
      path,
      numbers.map((number) => Math.round(64 * number) / 512),
    );
  }
  return state;
}

const model = modelOf(1);

async function written(options?: WriteHuggingFaceOptions): Promise<string> {
  const directory = await mkdtemp(join(root, "model-"));
  await writeHuggingFace(directory, model, config, options);
  return directory;
}

async function load(directory: string, state: State): Promise<void> {
  const checkpoint = await openCheckpoint(directory);
  await loadWeights(checkpoint, state).finally(() => checkpoint.close());
}

/** The bytes of all weight files. */
async function bytesIn(directory: string): Promise<Buffer[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".safetensors"));
  return names.toSorted().map((name) => readFileSync(join(directory, name)));
}

const stateOn = (backend: Backend, dtype: Dtype = "float32"): State =>
  new State(backend, {
    parameters: mapTree(parameters, ({ shape }: TensorSpec) => spec(shape, dtype)),
  });

async function expectSame(state: State, expected: State): Promise<void> {
  for (const path of expected.paths) {
    expect(await state.read(path), path).toEqual(await expected.read(path));
  }
}

describe.runIf(nativeLevels().length > 0)("weights that are mapped", () => {
  const backend = nativeBackend({ threads: 2 });
  afterAll(() => backend.dispose());

  /** The backend, recording what it maps. */
  function watched(): { readonly on: Backend; readonly mapped: TensorInFile[] } {
    const mapped: TensorInFile[] = [];
    const map: Backend["map"] = (file, tensors) => {
      mapped.push(...tensors);
      return backend.map?.(file, tensors);
    };
    return { on: { ...backend, map }, mapped };
  }

  it.each([
    ["float32", 1e9],
    ["float32", 4000],
    ["bfloat16", 1e9],
  ] as const)("are those of the file: %s, at most %d bytes in one", async (dtype, shardBytes) => {
    const directory = await written({ dtype, shardBytes });
    const { on, mapped } = watched();
    const state = stateOn(on, dtype);
    await load(directory, state);
    const moved = state.paths.filter((path) => {
      const [, height = 1, width = 1, inputs] = state.spec(path).shape;
      return state.spec(path).shape.length === 4 && height * width > 1 && inputs !== 1;
    });
    expect(moved).toContain(kernel);
    expect(mapped).toHaveLength(state.paths.length - moved.length);
    expect(mapped.some(({ offset }) => offset % 16 !== 0)).toBe(true);
    await expectSame(state, model);
    state.dispose();
  });

  it("are copied where the state has memory, or holds them in another precision", async () => {
    const { on, mapped } = watched();
    const state = stateOn(on);
    state.write(words, new Float32Array(state.spec(words).size));
    await load(await written(), state);
    await expectSame(state, model);
    const rounded = stateOn(on, "bfloat16");
    await load(await written(), rounded);
    await expectSame(rounded, model);
    expect(mapped).toEqual([]);
    for (const used of [state, rounded]) used.dispose();
  });

  it("are written in memory alone", async () => {
    const directory = await written();
    const before = await bytesIn(directory);
    const [state, other] = [stateOn(backend), stateOn(backend)];
    for (const each of [state, other]) await load(directory, each);
    const zeros = new Float32Array(state.spec(words).size);
    state.write(words, zeros);
    expect(await state.read(words)).toEqual(zeros);
    expect(await other.read(words)).toEqual(await model.read(words));
    expect(await bytesIn(directory)).toEqual(before);
    for (const used of [state, other]) used.dispose();
  });

  it("stay when another checkpoint takes the place of theirs", async () => {
    const directory = await written();
    const state = stateOn(backend);
    await load(directory, state);
    const second = modelOf(2);
    await writeHuggingFace(directory, second, config);
    await expectSame(state, model);
    await load(directory, state);
    await expectSame(state, second);
    state.dispose();
  });

  /** All tensors after three steps of AdamW on the image encoder's blocks. */
  async function trained(directory: string, copied: boolean): Promise<Map<string, Values>> {
    const moments = adamWMoments(parameters);
    const state = new State(backend, { parameters, moments, step: spec([]) });
    if (copied) state.write("step", Float32Array.of(0));
    await load(directory, state);
    const inputs = { x: spec([2, 4, sizes.width]) };
    const program = compile({ state, inputs }, (s, { x }) => {
      const { blocks } = s.parameters.flava.image;
      const options = { heads: sizes.heads, epsilon: 1e-6, precision: "float32" } as const;
      const last = stack(blocks, x, options).at(-1)!;
      const gradients = gradient(mean(multiply(last, last)), s.parameters);
      const [step, learningRate] = [fill([], 1), fill([], 0.01)];
      const { parameters, moments } = adamW({ ...s, gradients, step, learningRate });
      return { outputs: {}, state: { parameters, moments, step } };
    });
    const x = normal(keyOf(3), inputs.x.size);
    for (let step = 0; step < 3; step++) await program.run({ x });
    const values = new Map<string, Values>();
    for (const path of state.paths) values.set(path, await state.read(path));
    program.dispose();
    state.dispose();
    return values;
  }

  it("are trained as copies are, bit by bit", async () => {
    const directory = await written();
    const before = await bytesIn(directory);
    const [mapped, copied] = [await trained(directory, false), await trained(directory, true)];
    expect(mapped).toEqual(copied);
    const changed: string[] = [];
    for (const path of model.paths) {
      if (mapped.get(path)?.[0] !== (await model.read(path))[0]) changed.push(path);
    }
    expect(changed).toContain("parameters/flava/image/blocks/0/mlp/expand/weight");
    expect(await bytesIn(directory)).toEqual(before);
  });

  it("are refused when their file became shorter", async () => {
    const directory = await written();
    const path = join(directory, "model.safetensors");
    const checkpoint = await openCheckpoint(directory);
    const { size } = statSync(path);
    truncateSync(path, size - 4);
    const state = stateOn(backend);
    await expect(loadWeights(checkpoint, state)).rejects.toThrow(
      `cannot map ${size} bytes of a file that has ${size - 4}`,
    );
    expect(state.paths.filter((each) => state.hasMemory(each))).toEqual([]);
    await checkpoint.close();
  });

  it("are refused when the checkpoint is closed, whose descriptors others may have by then", async () => {
    const checkpoint = await openCheckpoint(await written());
    await checkpoint.close();
    const other = await openCheckpoint(await written());
    await expect(loadWeights(checkpoint, stateOn(backend))).rejects.toThrow("cannot map a file");
    await other.close();
  });

  it.each([
    [2, /must begin at a multiple of 4/],
    [-4, /end within the file/],
    [64, /float32\[10, 20\] at byte 64 of a file with 100/],
  ])("are refused at byte %d of a file that does not hold them there", (offset, reason) => {
    const state = stateOn(backend);
    const file = { descriptor: 0, bytes: offset === 64 ? 100 : 1e6 };
    expect(() => state.map(file, new Map([[words, offset]]))).toThrow(reason);
    expect(state.hasMemory(words)).toBe(false);
  });

  it("do not take the place of memory that programs hold", async () => {
    const state = stateOn(backend);
    await state.read(words);
    const file = { descriptor: 0, bytes: 1e6 };
    expect(() => state.map(file, new Map([[words, 0]]))).toThrow(/words has memory/);
    state.dispose();
  });
});
