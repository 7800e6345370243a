import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { outputDirectory, outputFile } from "./output-path.js";

it("takes a directory below directories that are missing, but not below a file", () => {
  const folder = temporaryDirectory();
  const file = join(folder, "file");
  writeFileSync(file, "");
  const missing = join(folder, "runs", "first");
  expect(outputDirectory(missing)).toBe(missing);
  expect(existsSync(missing)).toBe(false); // the verb creates it once its work has begun
  expect(() => outputDirectory(file)).toThrow("It is a file. Name a directory.");
  expect(() => outputDirectory(join(file, "runs", "first"))).toThrow(`${file} is a file.`);
});

it("takes a file of the right kind in a directory that exists", () => {
  const folder = temporaryDirectory();
  const page = outputFile([".html"], { replace: false });
  expect(page(join(folder, "page.html"))).toBe(join(folder, "page.html"));
  expect(() => page(join(folder, "pages", "page.html"))).toThrow("There is no directory");
  expect(() => page(join(folder, "page.txt"))).toThrow(InvalidArgumentError);
});
