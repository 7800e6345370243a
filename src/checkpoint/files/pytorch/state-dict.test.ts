import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damaged, expectReadOrRefused } from "../../../../test/golden/damage.js";
import { numbersOf } from "../../../../test/golden/numbers.js";
import { temporaryDirectory } from "../../../../test/golden/temporary-directory.js";
import { dict, legacyFile, object, tensor } from "../../../../test/legacy-pytorch.js";
import { openPyTorch } from "./state-dict.js";
import { type StoredTensor, holdsFloats, readFloat32, readingBytes } from "../stored-tensor.js";

const golden = join(import.meta.dirname, "../../../../test/golden/checkpoint");
const path = join(temporaryDirectory(), "state.pt");

async function readAll(file: string): Promise<Record<string, unknown>> {
  const files = await openPyTorch(file);
  const values: Record<string, unknown> = {};
  for (const [name, tensor] of files.tensors) {
    values[name] = { shape: tensor.shape, values: [...(await numbersIn(tensor))] };
  }
  await files.close();
  return values;
}

async function numbersIn(tensor: StoredTensor): Promise<Float32Array | BigInt64Array> {
  if (holdsFloats(tensor)) return readFloat32(tensor, new ArrayBuffer(readingBytes(tensor)));
  const target = new Uint8Array(tensor.bytes);
  await tensor.read(target);
  return new BigInt64Array(target.buffer);
}

describe("a state dict", () => {
  it("gives tensors as they are seen, however they lie", async () => {
    const base = [...numbersOf("base", 24)]; // [4, 6]
    const permuted = [...numbersOf("permuted", 24)]; // [2, 3, 4], then its axes 2, 0, 1
    const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
    expect(await readAll(join(golden, "strided.pt"))).toEqual({
      transposed: {
        shape: [6, 4],
        values: range(24).map((i) => base[(i % 4) * 6 + Math.floor(i / 4)]),
      },
      column: { shape: [4], values: range(4).map((i) => base[i * 6 + 2]) },
      offset: { shape: [2, 6], values: base.slice(6, 18) },
      permuted: {
        shape: [4, 2, 3],
        values: range(24).map((i) => permuted[(i % 6) * 4 + Math.floor(i / 6)]),
      },
      parameter: { shape: [6], values: base.slice(0, 6) },
      scalar: { shape: [], values: [0.5] },
      empty: { shape: [0, 3], values: [] },
      large: { shape: [2], values: [2n ** 40n, -1n] },
    });
  });

  it("is not a whole module: such are refused with advice", async () => {
    await expect(openPyTorch(join(golden, "module.pkl"))).rejects.toThrow(
      /"dall_e.utils.Conv2d".*nothing was executed.*state_dict\(\)/,
    );
  });

  const original = readFileSync(join(golden, "strided.pt"));

  /** The archive with one string in its pickle replaced by another of the same length. */
  const altered = (from: string, to: string): Buffer => {
    const at = original.indexOf(Buffer.from(from, "latin1"));
    expect(at).toBeGreaterThan(0);
    expect(to).toHaveLength(from.length);
    const copy = Buffer.from(original);
    copy.write(to, at, "latin1");
    return copy;
  };

  it.each<[string, string, string, RegExp]>([
    ["a storage that is not there", "X\x01\0\0\x000q", "X\x01\0\0\x009q", /storage "9", which/],
    ["a storage of another class", "cpuq\x06K\x18", "cpuq\x06K\x19", /storage 0 has 25 elements/],
    [
      "a tensor that begins beyond its storage",
      "QK\0K\x06K\x04\x86",
      "QK\x01K\x06K\x04\x86",
      /larger than its storage/,
    ],
    [
      "a tensor that repeats one element",
      "QK\0K\x06K\x04\x86q\x08K\x01K\x06\x86",
      "QK\0K\xffK\xff\x86q\x08K\0K\0\x86",
      /larger than its storage/,
    ],
    [
      "a tensor that is larger than its storage",
      "QK\0K\x06K\x04\x86",
      "QK\0K\x07K\x04\x86",
      /larger than its storage/,
    ],
    [
      "a compressed entry",
      "PK\x01\x02\0\0\0\0\x08\x08\0\0",
      "PK\x01\x02\0\0\0\0\x08\x08\x08\0",
      /compressed or encrypted/,
    ],
  ])("is refused when it has %s", async (_, from, to, reason) => {
    await writeFile(path, altered(from, to));
    await expect(openPyTorch(path)).rejects.toThrow(reason);
  });

  it("is read or refused, never worse, whatever the damage", async () => {
    await fc.assert(
      fc.asyncProperty(damaged(original), (bytes) => expectReadOrRefused(path, bytes, openPyTorch)),
      { numRuns: 1000 },
    );
  });
});

describe("a file of PyTorch before 1.6", () => {
  const weight = tensor("0", "FloatStorage", [2, 1]);
  const numbers = Buffer.from(Float32Array.of(1.5, -2).buffer);
  const content = { shape: [2, 1], values: [1.5, -2] };
  const write = (value: Buffer, storages: Record<string, Buffer> = { "0": numbers }) =>
    writeFile(path, legacyFile(value, storages));

  it("gives its tensors", async () => {
    await write(dict({ weight }));
    expect(await readAll(path)).toEqual({ weight: content });
  });

  it.each(["state_dict", "model"])(
    "may be a training checkpoint with the weights as %s beside foreign objects",
    async (key) => {
      const foreign = object("argparse.Namespace", dict({ rate: object("numpy.float64") }));
      await write(dict({ epoch: foreign, hyper_parameters: foreign, [key]: dict({ weight }) }));
      expect(await readAll(path)).toEqual({ weight: content });
    },
  );

  it.each(["model_state_dict", "module"])(
    "may have tensors beside the weights in %s",
    async (key) => {
      const step = tensor("1", "FloatStorage", [1]);
      await write(dict({ step, [key]: dict({ weight }) }), {
        "0": numbers,
        "1": numbers.subarray(4),
      });
      expect(await readAll(path)).toEqual({
        weight: content,
        [`step (beside ${key})`]: { shape: [1], values: [-2] },
      });
    },
  );

  it("may hold what nobody needs: numbers, objects and tensors of unknown kinds", async () => {
    const step = object("builtins.int");
    const scale = object("torch._utils._rebuild_qtensor");
    await write(dict({ weight, step, scale }));
    const files = await openPyTorch(path);
    const { tensors } = files;
    expect([...tensors].map(([name, { dtype }]) => [name, dtype])).toEqual([
      ["weight", "float32"],
      ["scale", "torch._utils._rebuild_qtensor"],
    ]);
    await expect(tensors.get("scale")!.read(new Uint8Array())).rejects.toThrow("not supported");
    await files.close();
  });

  it("is refused when it holds no tensors, a storage too few or one too short", async () => {
    await write(dict({ a: object("os.system") }), {});
    await expect(openPyTorch(path)).rejects.toThrow("no state dict");
    await write(dict({ weight: tensor("1", "FloatStorage", [2, 1]) }));
    await expect(openPyTorch(path)).rejects.toThrow('lists the storage "0" wrongly');
    await write(dict({ weight }), { "0": numbers.subarray(0, 4) });
    await expect(openPyTorch(path)).rejects.toThrow("has 1 elements");
  });

  it("is read or refused, never worse, whatever the damage", async () => {
    const bytes = legacyFile(dict({ weight, other: object("a.B") }), { "0": numbers });
    await fc.assert(
      fc.asyncProperty(damaged(bytes), (some) => expectReadOrRefused(path, some, openPyTorch)),
      { numRuns: 500 },
    );
  });
});
