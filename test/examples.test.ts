/** The examples of the README, of docs/ and of the public API: they compile under strict settings, and those without data of their own run. */
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { models } from "../src/configs/models.js";
import { closeTo } from "./close-to.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";

const root = join(import.meta.dirname, "..");
const folder = temporaryDirectory();
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocksOf = (page: string): string[] =>
  [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!);
const readmeBlocks = blocksOf(readme);

/** Goes before the example of a method, which shows only a few lines. */
const preamble = `import { load } from "flava";\nconst flava = await load();\n`;

/** The `@example` blocks of all docstrings, by file and number. */
function documented(): Map<string, string> {
  const examples = new Map<string, string>();
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => /(?<!\.test)\.ts$/.test(name))) {
    const text = readFileSync(join(root, "src", file), "utf8");
    for (const [index, [, block]] of [...text.matchAll(/@example\n(.*?)\*\//gs)].entries()) {
      const code = block!.replace(/^ *\* ?/gm, "");
      const isWhole = code.startsWith("import ");
      examples.set(`src/${file} ${index + 1}`, isWhole ? code : preamble + code);
    }
  }
  return examples;
}

/** Compiler errors of programs under the project's settings, as if they were in test/, with the declarations that users get. */
function problems(programs: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  delete options.outDir; // whose declarations the compiler would replace by all sources
  const files = new Map(
    [...programs].map(([name, text], index) => [
      join(root, "test", `example-${index}.ts`),
      { name, text },
    ]),
  );
  const settings = {
    ...options,
    noUnusedLocals: false,
    configFilePath: join(root, "tsconfig.json"),
  };
  const host = ts.createCompilerHost(settings);
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const disk = { ...host };
  host.fileExists = (path) => files.has(path) || disk.fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? disk.readFile(path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const own = files.get(path);
    return own
      ? ts.createSourceFile(path, own.text, languageVersion)
      : disk.getSourceFile(path, languageVersion, ...rest);
  };
  const program = ts.createProgram([...files.keys()], settings, host);
  return [...files].flatMap(([path, { name }]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`),
  );
}

it("examples compile, in the README, on the pages of docs/ and in docstrings, but not with an unchecked index", () => {
  const examples = documented();
  for (const [index, block] of readmeBlocks.entries()) examples.set(`README ${index + 1}`, block);
  for (const page of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))) {
    const blocks = blocksOf(readFileSync(join(root, "docs", page), "utf8"));
    for (const [index, block] of blocks.entries()) examples.set(`${page} ${index + 1}`, block);
  }
  expect(examples.size).toBeGreaterThan(10);
  const unchecked = `const [best] = await flava.classify("a.png", ["a"]);\nbest.label;\n`;
  examples.set("wrong", preamble + unchecked);
  expect(problems(examples)).toEqual([expect.stringMatching(/^wrong: .*undefined/)]);
}, 180_000);

/** What a program prints, by line; it runs in `directory`. */
async function printed(code: string, directory: string): Promise<unknown[][]> {
  const program = join(directory, "program.ts");
  writeFileSync(program, code);
  process.chdir(directory);
  const lines: unknown[][] = [];
  vi.spyOn(console, "log").mockImplementation((...values) => lines.push(values));
  await import(pathToFileURL(program).href);
  return lines;
}

describe.runIf(nativeLevels().length > 0)("an example", () => {
  const before = process.cwd();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(folder, "example-"));
  });
  afterEach(() => {
    process.chdir(before);
    vi.restoreAllMocks();
  });

  it("of the README runs on the shipped model", async () => {
    const background = { r: 200, g: 30, b: 30 };
    await sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .png()
      .toFile(join(directory, "image.png"));
    const [classified, matched, filled] = await printed(readmeBlocks[0]!, directory);
    expect(["calendar", "camera", "heart"]).toContain(classified?.[0]);
    expect(matched).toEqual([expect.any(Number)]);
    expect(filled).toEqual([expect.any(String)]);
  });

  const runEntryPoint = (name: string): Promise<unknown[][]> =>
    printed(documented().get(`src/${name}.ts 1`)!, directory);

  it("of the engine trains", async () => {
    const losses = (await runEntryPoint("engine")).map(([loss]) => loss as number);
    expect(losses[0]).toBe(4);
    expect(losses.at(-1)).toBeLessThan(0.1);
  });

  it("of the operations computes cosines", async () => {
    const [[cosines] = []] = await runEntryPoint("ops");
    const expected = Array<number>(8).fill(Math.sqrt(1 / 3));
    expect([...(cosines as Float32Array)]).toEqual(closeTo(expected, 6));
  });

  it("of the model embeds an image", async () => {
    expect(await runEntryPoint("model")).toEqual([[models.mini.projection]]);
  });
});
