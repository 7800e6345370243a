import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceBackend } from "../../src/backend/reference.js";
import { State } from "../../src/backend/state.js";
import { leavesOf } from "../../src/base/tree.js";
import { type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { loadWeights } from "../../src/checkpoint/load.js";
import { type Family, toFamily } from "../../src/checkpoint/names.js";
import { openCheckpoint } from "../../src/checkpoint/open.js";
import { holdsFloats, readFloat32 } from "../../src/checkpoint/files/stored-tensor.js";
import { describeInspection } from "../../src/checkpoint/describe-inspection.js";
import { inspect } from "../../src/cli/inspect.js";
import { codebookParameters } from "../../src/model/codebook.js";
import { type FlavaConfig } from "../../src/model/config.js";
import { pretrainingParameters } from "../../src/model/flava.js";
import { numbersOf } from "./numbers.js";

const golden = join(import.meta.dirname, "checkpoint");
const stack = { layers: 2, width: 8, hidden: 12, heads: 2 };
/** The sizes in checkpoint.py. */
const config: FlavaConfig = {
  image: { ...stack, size: 16, patch: 8, channels: 3, vocabulary: 16 },
  text: { ...stack, vocabulary: 40, positions: 12, types: 2 },
  multimodal: { ...stack, layers: 1 },
  codebook: { channels: 3, groups: 4, blocksPerGroup: 2, hidden: 4, vocabulary: 16 },
  projection: 6,
  epsilon: 1e-12,
  headEpsilon: 1e-12,
  maskPadding: true,
};
const torchMultimodal = { ...config, headEpsilon: 1e-5, maskPadding: false };

const { flava, heads, codebook } = pretrainingParameters(config);
const whole = { flava, heads, codebook };

/** The prefix that names of these families lack: checkpoint.py fills tensors by their names in the whole model. */
const prefixes: Partial<Record<Family, string>> = {
  FlavaModel: "flava.",
  FlavaImageCodebook: "image_codebook.",
  "DALL-E encoder": "image_codebook.encoder.",
};

/** The expected tensor in our layout: the channels of a convolution move to the end. */
function expectedOf(
  family: Family,
  path: string,
  [outputs = 1, height = 1, width = 1, inputs = 1]: readonly number[],
): Float32Array {
  const { name, layout } = toFamily(family, path)!;
  const size = outputs * height * width * inputs;
  const stored = numbersOf(`${prefixes[family] ?? ""}${name}`, size);
  if (layout !== "convolution") return stored;
  const pixels = height * width;
  return stored.map((_, index) => {
    const [output, pixel, input] = [
      Math.floor(index / (pixels * inputs)),
      Math.floor(index / inputs) % pixels,
      index % inputs,
    ];
    return stored[(output * inputs + input) * pixels + pixel]!;
  });
}

/** The number of heads, where no config.json gives it. */
async function open<R>(name: string, use: (checkpoint: Checkpoint) => Promise<R>): Promise<R> {
  const options = name === "torchmultimodal.pt" ? { heads: 2 } : {};
  const checkpoint = await openCheckpoint(join(golden, name), options);
  return use(checkpoint).finally(() => checkpoint.close());
}

describe("checkpoints of other programs", () => {
  it.each<[string, Family, unknown, string]>([
    ["safetensors", "FlavaForPreTraining", whole, "safetensors"],
    ["sharded", "FlavaForPreTraining", whole, "safetensors in 4 files"],
    ["pickle-float32", "FlavaForPreTraining", whole, "PyTorch state dict"],
    ["pickle-float16", "FlavaForPreTraining", whole, "PyTorch state dict"],
    ["pickle-bfloat16", "FlavaForPreTraining", whole, "PyTorch state dict"],
    ["model", "FlavaModel", { flava }, "safetensors"],
    ["codebook", "FlavaImageCodebook", { codebook }, "safetensors"],
    ["torchmultimodal.pt", "TorchMultimodal FLAVAForPreTraining", whole, "PyTorch state dict"],
    ["dalle-encoder.pt", "DALL-E encoder", { codebook }, "PyTorch state dict"],
  ])("%s is a %s, and every number is read", async (name, family, parameters, format) => {
    await open(name, async (checkpoint) => {
      expect(checkpoint).toMatchObject({ family, format, unknown: [] });
      const state = new State(referenceBackend(), { parameters });
      const { loaded, ...faults } = await loadWeights(checkpoint, state);
      expect(faults).toEqual({ missing: [], unexpected: [], foreign: [], misshapen: [] });
      expect(loaded).toBe(leavesOf(parameters).length);
      for (const path of state.paths) {
        const ours = path.replace("parameters/", "");
        expect(await state.read(path), path).toEqual(
          expectedOf(family, ours, state.spec(path).shape),
        );
      }
    });
  });

  it("give their sizes", async () => {
    const sizesOf = (name: string): Promise<unknown> =>
      open(name, ({ sizes }) => Promise.resolve(sizes));
    expect(await sizesOf("safetensors")).toEqual({ kind: "flava", config, codebook: true });
    expect(await sizesOf("codebook")).toEqual({ kind: "codebook", config: config.codebook });
    expect(await sizesOf("torchmultimodal.pt")).toEqual({
      kind: "flava",
      config: torchMultimodal,
      codebook: true,
    });
    expect(await sizesOf("dalle-encoder.pt")).toEqual({
      kind: "codebook",
      config: config.codebook,
    });
  });

  it("include DALL-E's decoder", async () => {
    await open("dalle-decoder.pt", async ({ family, weights, unknown }) => {
      expect({ family, unknown, count: weights.size }).toEqual({
        family: "DALL-E decoder",
        unknown: [],
        count: 76,
      });
      const { stored, layout } = weights.get("decoder/groups/3/1/convolutions/3/weight")!;
      expect({ layout, shape: stored.shape }).toEqual({
        layout: "convolution",
        shape: [4, 1, 3, 3],
      });
      const name = "blocks.group_4.block_2.res_path.conv_4.w";
      if (!holdsFloats(stored)) throw new Error(`${name} holds no weights.`);
      const memory = new ArrayBuffer(stored.bytes);
      expect(await readFloat32(stored, memory)).toEqual(numbersOf(name, 36));
      expect(weights.get("decoder/input/weight")?.stored.shape).toEqual([4, 16, 1, 1]);
    });
  });

  it("take their sizes from the config.json beside a file, and never guess the number of heads", async () => {
    await open("safetensors/model.safetensors", ({ sizes, directory }) => {
      expect(sizes).toEqual({ kind: "flava", config, codebook: true });
      expect(directory).toBe(join(golden, "safetensors"));
      return Promise.resolve();
    });
    await open("sharded/model.safetensors.index.json", ({ sizes }) => {
      expect(sizes).toEqual({ kind: "flava", config, codebook: true });
      return Promise.resolve();
    });
    const torch = join(golden, "torchmultimodal.pt");
    await expect(openCheckpoint(torch)).rejects.toThrow(/no config.json.*heads: 12.*--heads 12/);
    await expect(openCheckpoint(torch, { heads: 3 })).rejects.toThrow("width 8, which 3 attention");
    const whole = join(golden, "safetensors");
    await expect(openCheckpoint(whole, { heads: 4 })).rejects.toThrow("has 2 attention heads");
  });

  it("may hold parts that a state lacks", async () => {
    await open("safetensors", async (checkpoint) => {
      const state = new State(referenceBackend(), {
        parameters: { codebook: codebookParameters(config.codebook) },
      });
      expect(await loadWeights(checkpoint, state)).toMatchObject({ loaded: 74, unexpected: [] });
    });
  });
});

describe("flava inspect", () => {
  it("describes a checkpoint", async () => {
    const text = describeInspection(await inspect(join(golden, "pickle-bfloat16")));
    expect(text.split("\n")).toEqual([
      "FlavaForPreTraining, PyTorch state dict",
      "  parameters            17,089 in 214 tensors",
      "  stored as             bfloat16, 34.18 kB",
      "",
      "Sizes",
      "  image encoder         layers 2, width 8, heads 2, hidden 12; 16 pixels in patches of 8",
      "  text encoder          layers 2, width 8, heads 2, hidden 12; 40 words, up to 12 tokens",
      "  multimodal encoder    layers 1, width 8, heads 2, hidden 12",
      "  embeddings            width 6",
      "  codebook              groups 4, blocks 2, hidden 4; 16 visual tokens",
      "  padding of texts      left out by the multimodal encoder",
      "",
      "Parameters by part",
      "  flava/logitScale      1",
      "  flava/text            1,600",
      "  flava/image           2,752",
      "  flava/multimodal      772",
      "  flava/imageProjection 54",
      "  flava/textProjection  54",
      "  codebook              10,406",
      "  heads/mim             232",
      "  heads/mlm             448",
      "  heads/itm             90",
      "  heads/mmmImage        232",
      "  heads/mmmText         448",
      "",
      "Memory of the weights, without activations, which depend on the batch",
      "  to run in float32     90.05 kB",
      "  to run in bfloat16    79.20 kB",
      "  to run in int8        76.96 kB",
      "  to train with AdamW   149 kB",
    ]);
  });

  it("reports a missing checkpoint", async () => {
    await expect(inspect(join(golden, "strided.pt"))).rejects.toThrow(
      /holds no FLAVA model: none of its tensors/,
    );
    await expect(inspect(golden)).rejects.toThrow(/has no config.json/);
  });
});
