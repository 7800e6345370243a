import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/** The folders of src/, lowest first; those in one row do not import each other. "." holds the public entry points. */
const layers = [
  ["base"],
  ["graph"],
  ["backend", "optim"],
  ["nn", "data", "parallel"],
  ["model"],
  ["inference", "objective", "checkpoint", "configs", "export"],
  ["eval", "search", "api"],
  ["report"],
  ["train"],
  ["serve", "suite", "browser"],
  ["."],
  ["datasets"],
  ["cli"],
];
const height = new Map(layers.flatMap((row, index) => row.map((folder) => [folder, index])));
const maxLines = 400;
const maxFiles = 25;
const root = join(import.meta.dirname, "..");

/** `path` is relative to src/, or begins with "datasets/". */
type SourceFile = { readonly path: string; readonly text: string };

const folderOf = (path: string): string => path.split("/").slice(0, -1)[0] ?? ".";
/** Converts between a path as in `SourceFile` and one from the root of the project. */
const fromRoot = (path: string): string => (path.startsWith("datasets/") ? path : `src/${path}`);
const fromSource = (path: string): string => path.replace(/^src\//, "");
const isTest = (path: string): boolean => path.endsWith(".test.ts");

function sourceFiles(): SourceFile[] {
  return ["src", "datasets"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: fromSource(relative(root, file).split(sep).join("/")),
      text: readFileSync(file, "utf8"),
    }));
}

/** The file that an import names, from the root of the project; undefined for a package. */
function targetOf(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = normalize(join(dirname(fromRoot(importer)), specifier));
  return target.split(sep).join("/").replace(/\.js$/, ".ts");
}

/** The fault of an import, if any. */
function faultOf(importer: string, specifier: string): string | undefined {
  const file = targetOf(importer, specifier);
  if (file === undefined) return undefined;
  const target = fromSource(file);
  const from = folderOf(importer);
  const to = folderOf(target);
  const fault = `${importer} imports ${target}`;
  if (from === "datasets" && file.startsWith("src/")) {
    return `${fault}: data sets import the public entry points, such as flava/data`;
  }
  if (isTest(importer)) return undefined;
  if (!/^(src|datasets)\//.test(file)) return `${fault}, which is outside of src`;
  if (isTest(target)) return `${fault}, which is a test`;
  if (from === to) return undefined;
  const [above, below] = [height.get(from), height.get(to)];
  if (above === undefined) return `${fault}, but ${from}/ has no place in the order`;
  if (below === undefined) return `${fault}, but ${to}/ has no place in the order`;
  return below < above ? undefined : `${fault}, but ${to}/ is not below ${from}/`;
}

const importsOf = ({ text }: SourceFile): string[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);

/** The files of each import cycle, found by depth-first search. */
function circles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || finished.has(path)) return;
    for (const specifier of importsOf(file)) {
      const target = targetOf(path, specifier);
      if (target !== undefined) visit(fromSource(target), [...trail, path]);
    }
    finished.add(path);
  };
  for (const { path } of files) if (!isTest(path)) visit(path, []);
  return found;
}

/** One sentence per folder with too many files; tests and operations, one per file, do not count. */
function folderFaults(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = dirname(path);
    if (!isTest(path) && folder !== "graph/ops") {
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count > maxFiles)
    .map(([folder, count]) => `${folder}/ has ${count} files, more than ${maxFiles}`);
}

/** One sentence per import against the order. Tests may import anything, except for those of data sets. */
function orderFaults(files: readonly SourceFile[]): string[] {
  return files
    .flatMap((file) => importsOf(file).map((specifier) => faultOf(file.path, specifier)))
    .filter((fault) => fault !== undefined);
}

/** One sentence per file that is too long. */
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
    ["cli/data/data.ts", `import { build } from "../../../datasets/mini-pmd/build.js";`],
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
    [
      "datasets/digits/build.ts",
      `import { openSource } from "../../src/data/formats/open.js";`,
      "import the public entry points",
    ],
    ["nn/block.ts", `import { measure } from "../../bench/measure.js";`, "outside of src"],
    ["nn/block.ts", `import { check } from "./mlp.test.js";`, "is a test"],
  ])("refuses %s: %s", (path, text, reason) => {
    expect(faults(path, text)).toEqual([expect.stringContaining(reason)]);
  });
});

describe("import cycles", () => {
  const files = (entries: Record<string, string>): SourceFile[] =>
    Object.entries(entries).map(([path, specifier]) => ({
      path,
      text: `import { x } from "${specifier}";`,
    }));

  it("do not exist", () => {
    expect(circles(sourceFiles())).toEqual([]);
  });

  it("are found, types included", () => {
    expect(
      circles(files({ "nn/a.ts": "./b.js", "nn/b.ts": "./c.js", "nn/c.ts": "./b.js" })),
    ).toEqual(["nn/b.ts -> nn/c.ts -> nn/b.ts"]);
    expect(circles(files({ "nn/a.ts": "./b.js", "nn/b.ts": "./c.js" }))).toEqual([]);
  });
});

describe("the size of folders", () => {
  it(`is at most ${maxFiles} files`, () => {
    expect(folderFaults(sourceFiles())).toEqual([]);
  });

  it("excludes tests and operations", () => {
    const folder = (name: string, end: string): SourceFile[] =>
      Array.from({ length: maxFiles + 1 }, (_, i) => ({ path: `${name}/f${i}${end}`, text: "" }));
    expect(folderFaults([...folder("nn", ".test.ts"), ...folder("graph/ops", ".ts")])).toEqual([]);
    expect(folderFaults(folder("nn", ".ts"))).toHaveLength(1);
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
