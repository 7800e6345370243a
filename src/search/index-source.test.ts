import { mkdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { smallFlava } from "../../test/small-flava.js";
import { openSource } from "../data/formats/open.js";
import { ExactIndex } from "./exact-index.js";
import { indexSource } from "./index-source.js";
import { originOf } from "./open-index.js";

const flava = await smallFlava();

it("notices pictures that took each other's name, with the same size and time", async () => {
  const folder = join(temporaryDirectory(), "pictures");
  await mkdir(folder);
  const at = (name: string): string => join(folder, `${name}.ppm`);
  for (const [name, gray] of [
    ["a", 0],
    ["b", 255],
  ] as const) {
    await writeFile(at(name), Buffer.concat([Buffer.from("P6 4 4 255\n"), Buffer.alloc(48, gray)]));
    await utimes(at(name), 1e9, 1e9);
  }
  await using index = new ExactIndex(flava.embedder.backend, await originOf(flava, folder));
  const update = async () => indexSource(index, await openSource(folder), flava);
  const vectors = async () => (await index.get(["a", "b"])).map((row) => row?.image);
  expect(await update()).toMatchObject({ added: 2 });
  const [a, b] = await vectors();
  await rename(at("a"), at("c"));
  await rename(at("b"), at("a"));
  await rename(at("c"), at("b"));
  expect(await update()).toMatchObject({ replaced: 2, unchanged: 0 });
  expect(await vectors()).toEqual([b, a]);
  expect(await update()).toMatchObject({ replaced: 0, unchanged: 2 });
});
