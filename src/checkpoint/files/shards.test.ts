import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { openSafetensors } from "./safetensors.js";
import type { TensorToWrite } from "./tensor-to-write.js";
import { indexName, openSharded, writeShards } from "./shards.js";

const root = temporaryDirectory();
const newDirectory = (): Promise<string> => mkdtemp(join(root, "shards-"));

const tensorOf = (name: string, length: number): TensorToWrite => ({
  name,
  dtype: "uint8",
  shape: [length],
  bytes: () => new Uint8Array(length).fill(name.charCodeAt(0)),
});
const tensors = [
  tensorOf("a", 3),
  tensorOf("b", 3),
  tensorOf("c", 9),
  tensorOf("d", 1),
  tensorOf("e", 5),
];

describe("shards", () => {
  it("hold at most as much as they may, and their index says which holds what", async () => {
    const directory = await newDirectory();
    await writeShards(directory, tensors, 6);
    const files = (await readdir(directory)).toSorted();
    expect(files).toEqual([
      ...[1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`),
      indexName,
    ]);
    const index = JSON.parse(readFileSync(join(directory, indexName), "utf8")) as {
      metadata: object;
    };
    expect(index.metadata).toEqual({ total_parameters: 21, total_size: 21 });
    const sharded = await openSharded(join(directory, indexName), openSafetensors);
    expect(sharded.format).toBe("safetensors in 3 files");
    expect([...sharded.tensors.keys()]).toEqual(["a", "b", "c", "d", "e"]);
    for (const { name, bytes } of tensors) {
      const expected = await bytes();
      const target = new Uint8Array(expected.length);
      await sharded.tensors.get(name)!.read(target);
      expect(target).toEqual(expected);
    }
    await sharded.close();
  });

  it("give way to a single file, and it to them", async () => {
    const directory = await newDirectory();
    await writeShards(directory, tensors, 6);
    await writeShards(directory, tensors, 100);
    expect(await readdir(directory)).not.toContain(indexName);
    expect(await readdir(directory)).toContain("model.safetensors");
    await writeShards(directory, tensors, 6);
    expect(await readdir(directory)).not.toContain("model.safetensors");
  });

  const shard = "model-00001-of-00002.safetensors";
  it.each<[string, unknown, RegExp]>([
    ["has no map", {}, /no "weight_map"/],
    [
      "climbs out of its directory",
      { a: "../model.safetensors" },
      /"\.\.\/model.safetensors"; files are named without/,
    ],
    ["names the directory above", { a: ".." }, /"\.\."; files/],
    ["names an absolute path", { a: "/etc/passwd" }, /files are named/],
    ["names a path with backslashes", { a: "..\\model" }, /files are named/],
    ["names a hidden end of text", { a: "model\0.safetensors" }, /files are named/],
    ["names a number", { a: 1 }, /the file 1/],
    ["names a file that is not there", { a: "model-00009-of-00009.safetensors" }, /ENOENT/],
    [
      "promises a tensor that is not there",
      { a: shard, b: shard, z: shard },
      /says that "z" is in/,
    ],
    ["keeps a tensor secret", { a: shard }, /holds "b", but/],
  ])("are refused when the index %s", async (_, weightMap, reason) => {
    const directory = await newDirectory();
    await writeShards(directory, tensors.slice(0, 3), 6);
    const index = Object.keys(weightMap as object).length > 0 ? { weight_map: weightMap } : {};
    writeFileSync(join(directory, indexName), JSON.stringify(index));
    await expect(openSharded(join(directory, indexName), openSafetensors)).rejects.toThrow(reason);
  });
});
