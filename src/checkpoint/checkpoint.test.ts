import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dict, legacyFile, tensor } from "../../test/legacy-pytorch.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import { openSafetensors, writeSafetensors } from "./files/safetensors.js";
import { codebookParameters } from "../model/codebook.js";
import { recognize } from "./checkpoint.js";
import { loadWeights } from "./load.js";
import { openCheckpoint } from "./open.js";
import type { StoredDtype, TensorFiles } from "./files/stored-tensor.js";

const golden = join(import.meta.dirname, "../../test/golden/checkpoint");
const folder = temporaryDirectory();

async function tensorsOf(name: string): Promise<TensorFiles["tensors"]> {
  const files = await openSafetensors(join(golden, name, "model.safetensors"));
  await files.close();
  return files.tensors;
}

const renamed = (
  tensors: TensorFiles["tensors"],
  rename: (name: string) => string,
): TensorFiles["tensors"] =>
  new Map([...tensors].map(([name, stored]) => [rename(name), stored] as const));

describe("the tensors of a checkpoint", () => {
  it.each<[string, string, (name: string) => string]>([
    ["DataParallel", "safetensors", (name) => `module.${name}`],
    ["torch.compile", "safetensors", (name) => `_orig_mod.${name}`],
    ["both", "safetensors", (name) => `_orig_mod.module.${name}`],
    [
      "torch.compile of a part",
      "safetensors",
      (name) => name.replace("_model.", "_model._orig_mod."),
    ],
    ["Lightning", "safetensors", (name) => `model.${name}`],
    ["Lightning and torch.compile", "model", (name) => `net.flava_model._orig_mod.${name}`],
    ["DataParallel around a codebook", "codebook", (name) => `module.${name}`],
  ])("are found under the names of %s", async (_, directory, rename) => {
    const tensors = await tensorsOf(directory);
    const plain = recognize("plain", tensors);
    const wrapped = recognize("wrapped", renamed(tensors, rename));
    expect(wrapped).toMatchObject({ family: plain.family, unknown: [] });
    expect([...wrapped.weights.keys()]).toEqual([...plain.weights.keys()]);
  });

  it("are those of the model itself, not of an average beside it", async () => {
    const tensors = await tensorsOf("model");
    const both = new Map([
      ...renamed(tensors, (name) => `average.of.model.${name}`),
      ...renamed(tensors, (name) => `model.${name}`),
    ]);
    const { weights, unknown } = recognize("both", both);
    expect(weights.get("flava/image/cls")?.name).toBe("model.image_model.embeddings.cls_token");
    expect(unknown).toHaveLength(tensors.size);
  });

  it("are refused when wrappers hide two of one name", async () => {
    const tensors = await tensorsOf("codebook");
    const twice = new Map([...tensors, ...renamed(tensors, (name) => `module.${name}`)]);
    expect(() => recognize("twice", twice)).toThrow(/twice holds both .*"module\./);
  });

  it("load beside foreign ones, empty ones too, which are reported", async () => {
    const source = await openSafetensors(join(golden, "codebook", "model.safetensors"));
    const copied = await Promise.all(
      [...source.tensors].map(async ([name, stored]) => {
        const data = new Uint8Array(stored.bytes);
        await stored.read(data);
        const dtype = stored.dtype as StoredDtype;
        return { name, dtype, shape: stored.shape, bytes: () => data };
      }),
    );
    await source.close();
    const empty = { name: "head.weight", dtype: "int64", shape: [0, 3] } as const;
    const path = join(folder, "foreign.safetensors");
    await writeSafetensors(path, [...copied, { ...empty, bytes: () => new Uint8Array() }]);
    const checkpoint = await openCheckpoint(path);
    const { sizes } = checkpoint;
    if (sizes?.kind !== "codebook") throw new Error("The golden file holds a codebook.");
    const parameters = { codebook: codebookParameters(sizes.config) };
    const report = await loadWeights(checkpoint, new State(referenceBackend(), { parameters }));
    expect(report).toMatchObject({ loaded: 74, foreign: ["head.weight"], missing: [] });
    await checkpoint.close();
  });

  it("are none of FLAVA's in most files, which is said", async () => {
    const path = join(folder, "other.pt");
    const weight = tensor("0", "FloatStorage", [1]);
    await writeFile(path, legacyFile(dict({ "fc.weight": weight }), { "0": Buffer.alloc(4) }));
    await expect(openCheckpoint(path)).rejects.toThrow(
      'no FLAVA model: none of its tensors, such as "fc.weight"',
    );
  });

  it("are in a directory of the run that is named instead", async () => {
    for (const path of ["run/codebook/final", "run/joint/best", "run/joint/final"]) {
      await mkdir(join(folder, path), { recursive: true });
      await writeFile(join(folder, path, "config.json"), "{}");
    }
    const codebook = join(folder, "run/codebook/final");
    const joint = join(folder, "run/joint/best");
    await expect(openCheckpoint(join(folder, "run"))).rejects.toThrow(
      `In it there is ${codebook}, ${joint}.`,
    );
    await expect(openCheckpoint(join(folder, "run/joint"))).rejects.toThrow(
      `In it there is ${joint}.`,
    );
  });
});
