/** A test of pages must never pass on an app that was built from other sources. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { appIsUpToDate, stampedBuild } from "../scripts/app-sources.mjs";
import { temporaryDirectory } from "./golden/temporary-directory.js";

it("knows an app that was built from other sources, whatever the times of files", async () => {
  const root = temporaryDirectory();
  const write = async (name: string, text = name): Promise<void> => {
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, name), text);
  };
  for (const name of ["app/index.html", "src/base/a.ts", "native/wasm/flava.wasm"])
    await write(name);
  for (const name of ["package-lock.json", "dist/app/index.html"]) await write(name);
  expect(appIsUpToDate(root)).toBe(false); // built by something else
  stampedBuild(join(root, "/"), () => 0); // as a directory's URL names it
  expect(appIsUpToDate(root)).toBe(true);
  await write("src/base/a.test.ts");
  expect(appIsUpToDate(root)).toBe(true);
  await write("src/base/a.ts", "other.base");
  expect(appIsUpToDate(root)).toBe(false);
  expect(stampedBuild(root, () => 1)).toBe(1);
  expect(appIsUpToDate(root)).toBe(false);
  await write("src/base/a.ts");
  expect(appIsUpToDate(root)).toBe(true);
  await write("app/more.tsx");
  expect(appIsUpToDate(root)).toBe(false);
  await rm(join(root, "app", "more.tsx"));
  await rm(join(root, "src", "base", "a.test.ts"));
  expect(appIsUpToDate(root)).toBe(true);
});
