import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/** The folders of src/, lowest first; folders in one row stand beside each other. "." is src itself: index.ts. */
const layers = [
  ["base"],
  ["graph"],
  ["backend"],
  ["nn", "data", "optim", "parallel"],
  ["model"],
  ["configs", "checkpoint", "objective", "eval", "export", "search"],
  ["train", "api"],
  ["serve", "."],
  ["cli"],
];
const height = new Map(layers.flatMap((row, index) => row.map((folder) => [folder, index])));
const maxLines = 400;
const source = join(import.meta.dirname, "..", "src");

type SourceFile = { readonly path: string; readonly text: string };

const folderOf = (path: string): string => path.split("/").slice(0, -1)[0] ?? ".";
const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** Every file of src/ whose path is relative to src/, with forward slashes. */
function sourceFiles(): SourceFile[] {
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: relative(source, file).split(sep).join("/"),
      text: readFileSync(file, "utf8"),
    }));
}

/** What is wrong with one import, or undefined. */
function faultOf(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined; // a package
  const target = normalize(join(dirname(importer), specifier))
    .split(sep)
    .join("/");
  const from = folderOf(importer);
  const to = folderOf(target);
  const fault = `${importer} imports ${target}`;
  if (target.startsWith("../")) return `${fault}, which is outside of src`;
  if (/\.test\.[jt]s$/.test(target)) return `${fault}, which is a test`;
  if (from === to) return undefined;
  const [above, below] = [height.get(from), height.get(to)];
  if (above === undefined) return `${fault}, but ${from}/ has no place in the order`;
  if (below === undefined) return `${fault}, but ${to}/ has no place in the order`;
  return below < above ? undefined : `${fault}, but ${to}/ is not below ${from}/`;
}

/** One sentence per import against the order. Tests may look wherever they like. */
function orderFaults(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap(({ path, text }) =>
      ts
        .preProcessFile(text, true, true)
        .importedFiles.map(({ fileName }) => faultOf(path, fileName))
        .filter((fault) => fault !== undefined),
    );
}

/** One sentence per file that is too long to be read at once. */
function lengthFaults(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, "").split("\n").length }))
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${maxLines}`);
}

describe("the order of imports", () => {
  const faults = (path: string, text: string): string[] => orderFaults([{ path, text }]);

  it("holds in src", () => {
    expect(orderFaults(sourceFiles())).toEqual([]);
  });

  it.each([
    ["graph/ops/add.ts", `import { fail } from "../../base/errors.js";`],
    ["graph/ops/add.ts", `import { tensor } from "../tensor.js";`],
    ["nn/linear.ts", `import { readFile } from "node:fs/promises";`],
    ["train/loop.ts", `export * from "../objective/match.js";`],
    ["graph/ops/add.test.ts", `import { reference } from "../../backend/reference.js";`],
    ["index.ts", `export { load } from "./api/load.js";`],
  ])("allows %s: %s", (path, text) => {
    expect(faults(path, text)).toEqual([]);
  });

  it.each([
    ["graph/gradient.ts", `import { run } from "../backend/native.js";`, "not below graph/"],
    ["graph/gradient.ts", `import type { Run } from "../backend/native.js";`, "not below graph/"],
    ["graph/gradient.ts", `export * from "../backend/native.js";`, "not below graph/"],
    ["nn/block.ts", `const late = await import("../model/flava.js");`, "not below nn/"],
    ["optim/adamw.ts", `import { linear } from "../nn/linear.js";`, "not below optim/"],
    ["api/load.ts", `import { version } from "../index.js";`, "not below api/"],
    ["utils/all.ts", `import { fail } from "../base/errors.js";`, "utils/ has no place"],
    ["nn/block.ts", `import { all } from "../utils/all.js";`, "utils/ has no place"],
    ["nn/block.ts", `import { measure } from "../../bench/measure.js";`, "outside of src"],
    ["nn/block.ts", `import { check } from "./mlp.test.js";`, "is a test"],
  ])("refuses %s: %s", (path, text, reason) => {
    expect(faults(path, text)).toEqual([expect.stringContaining(reason)]);
  });
});

describe("the length of files", () => {
  it(`is at most ${maxLines} lines in src`, () => {
    expect(lengthFaults(sourceFiles())).toEqual([]);
  });

  it("is counted in lines", () => {
    const file = (lines: number): SourceFile => ({ path: "nn/a.ts", text: "\n".repeat(lines) });
    expect(lengthFaults([file(maxLines)])).toEqual([]);
    expect(lengthFaults([file(maxLines + 1)])).toHaveLength(1);
  });
});
