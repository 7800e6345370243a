import { link, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { replaceFile } from "./replace-file.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flava-replace-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("replaces a file, but writes to no file that others have", async () => {
  const [path, other] = [join(folder, "path"), join(folder, "other")];
  await writeFile(path, "old");
  await link(path, other);
  await replaceFile(path, "new");
  expect([await readFile(path, "utf8"), await readFile(other, "utf8")]).toEqual(["new", "old"]);
});

it("leaves nothing where it fails", async () => {
  const path = join(folder, "directory");
  await mkdir(join(path, "inside"), { recursive: true });
  const before = await readdir(folder);
  await expect(replaceFile(path, "new")).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(await readdir(folder)).toEqual(before);
});
