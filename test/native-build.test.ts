/** `native/build.mjs`, with a compiler that fails. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "./golden/temporary-directory.js";

const root = join(import.meta.dirname, "..");
const folder = temporaryDirectory();

it.skipIf(process.platform === "win32")("keeps the kernels built before, and says so", () => {
  const compiler = join(folder, "compiler");
  writeFileSync(compiler, '#!/bin/sh\ntest "$2" = "" # it has a version, but compiles nothing\n', {
    mode: 0o755,
  });
  const addon = join(folder, "flava.node");
  writeFileSync(addon, "built before");
  const objects = relative(join(root, "build"), join(folder, "objects"));
  const words = [join(root, "native", "build.mjs"), "--objects", objects, "--addon", addon];
  const env = { ...process.env, CXX: compiler };
  const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^flava: the native kernels were not built: \d+ of \d+ compilations failed, see \S+messages.txt; those built before, in \S+flava.node, remain in use/,
  );
  expect(readFileSync(addon, "utf8")).toBe("built before");
});
