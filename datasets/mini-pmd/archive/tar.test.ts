import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { filesUnder } from "./files.js";
import { readTar } from "./tar.js";

const directory = temporaryDirectory();

it("reads the files of a compressed archive, and lists those of a folder without links", async () => {
  const folder = join(directory, "icons");
  await mkdir(join(folder, "deep"), { recursive: true });
  await writeFile(join(folder, "deep", "b.png"), "second");
  await writeFile(join(folder, "a.png"), "first");
  await symlink("a.png", join(folder, "link.png"));
  expect(await filesUnder(folder)).toEqual(["a.png", "deep/b.png"]);
  const file = join(directory, "icons.tar.gz");
  await create({ file, cwd: folder, gzip: true }, ["."]);
  const files = await readTar(file);
  expect([...files.keys()].sort()).toEqual(["a.png", "deep/b.png"]);
  expect(files.get("deep/b.png")?.toString()).toBe("second");
});
