/** The command line as a process: exit codes, and what goes to standard output and to standard error. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { program } from "../../test/build.js";
import { flava as flavaHere, wordsOf } from "../../test/command-line.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { writeCheckpoint } from "../../test/small-checkpoint.js";
import { nativeLevels } from "../backend/native.js";
import { readRecipe } from "../configs/read-recipe.js";
import { recipes } from "../configs/recipes.js";
import { verbs } from "./verbs.js";

const root = join(import.meta.dirname, "..", "..");
const folder = temporaryDirectory();
const read = (file: string): string => readFileSync(join(root, file), "utf8");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `flava` in the test's folder; `onMessage` may stop it once it has written to standard error. */
async function flava(
  words: readonly string[],
  onMessage?: (stop: () => void) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { cwd: folder });
  if (onMessage) child.stderr.once("data", () => onMessage(() => child.kill("SIGINT")));
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

beforeAll(async () => {
  await writeCheckpoint(join(folder, "small"));
  await mkdir(join(folder, "images"));
  await writeFile(join(folder, "labels.txt"), "calendar\ncamera\n");
  const image = sharp({ create: { width: 64, height: 48, channels: 3, background: "teal" } });
  for (const path of ["image.png", "images/one.png", "images/two.png"]) {
    await image.png().toFile(join(folder, path));
  }
});

/** The commands that do something themselves. */
const leavesOf = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

/** The files and packages that are loaded with a file, for their values. */
function loadedWith(file: string): string[] {
  const loaded = new Set([file]);
  for (const each of loaded) {
    if (!each.endsWith(".ts")) continue; // a package
    for (const [, path = ""] of read(each).matchAll(
      /^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm,
    )) {
      loaded.add(path.startsWith(".") ? join(each, "..", path).replace(/\.js$/, ".ts") : path);
    }
  }
  return [...loaded];
}

describe("flava", () => {
  it("ends without a word when nobody reads what it prints any more", async () => {
    const child = spawn(process.execPath, [program, "pretrain", "--print", "mini"]);
    child.stdout.destroy();
    const [err] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect([err, child.exitCode]).toEqual(["", 141]);
  });

  it.runIf(existsSync("/dev/full"))("fails where its output cannot be written", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, "pretrain", "--print", "mini"],
      {
        ...{ stdio: ["ignore", full, "pipe"], encoding: "utf8" },
      },
    );
    closeSync(full);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^flava: The output cannot be written: ENOSPC.*\n$/),
    ]);
  });

  it.runIf(existsSync("/dev/full"))(
    "says that a disk is full where files are written",
    async () => {
      await mkdir(join(folder, "full", "onnx"), { recursive: true });
      symlinkSync("/dev/full", join(folder, "full", "config.json"));
      const { code, err } = await flava(["export", "full", "--model", "small"]);
      expect(code).toBe(1);
      expect(err).toContain(
        "flava: The disk of the output, or that of the cache, is full: make room, or write to another one (ENOSPC",
      );
    },
  );

  it.each(Object.entries(verbs))("has the verb %s where its list says", async (name, { load }) => {
    const program = new Command();
    (await load())(program);
    expect(program.commands.map((command) => command.name())).toEqual([name]);
    if (name === "completion") return; // prints a script
    const plain = leavesOf(program).filter(
      ({ options }) => !options.some(({ long }) => long === "--json"),
    );
    expect(plain.map((command) => command.name())).toEqual([]);
  });

  it("loads no verb before it is asked for", () => {
    const imports = ["main", "verbs"].flatMap((name) => [
      ...read(`src/cli/${name}.ts`).matchAll(/^import (?!type).* from "(\..*)";$/gm),
    ]);
    expect(imports.map(([, path]) => path)).toEqual(["../base/package-root.js", "./verbs.js"]);
  });

  it.each(["training/pretrain", "embed", "classify", "match", "fill", "export"])(
    "loads for the help of %s neither models nor backends",
    (verb) => {
      const loaded = loadedWith(`src/cli/${verb}.ts`);
      expect(loaded).toContain("src/cli/model-option.ts"); // as every one of them needs
      const late = /^sharp|^src\/(api\/load|backend\/(open|native)\.ts|train\/step\/)/;
      expect(loaded.filter((module) => late.test(module))).toEqual([]);
    },
  );

  it.each(["train/pretrain", "train/finetune", "cli/evaluation/evaluate", "api/load"])(
    "loads with %s neither Parquet, WebGPU nor the paper's tasks before they are needed",
    (file) => {
      const loaded = loadedWith(`src/${file}.ts`);
      expect(loaded).toContain("src/backend/values.ts"); // as every one of them needs
      const late =
        /^hyparquet|^src\/(backend\/webgpu\/|data\/formats\/parquet\/|eval\/tasks\/flava35)/;
      expect(loaded.filter((module) => late.test(module))).toEqual([]);
    },
  );

  it("prints its version and its help", async () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(await flava(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const help = await flava(["help", "classify"]);
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toContain("--labels");
  });

  it.each([
    ["an unknown verb", ["classfy"], 2, /Did you mean classify/],
    ["an unknown option", ["match", "a", "b", "--jsn"], 2, /Did you mean --json/],
    [
      "two values of an option with one",
      ["classify", "image.png", "--labels", "cat", "--labels", "dog"],
      2,
      /'--labels <list>' is given twice, 'cat' and 'dog'/,
    ],
    [
      "two values of a setting",
      ["pretrain", "quickstart", "--dry-run", "--set", "seed=1", "name=a", "--set", "seed=2"],
      2,
      /'seed=2' is invalid.*'seed=1'/,
    ],
    ["no directory to write to", ["embed", "images", "--out", "x/y.parquet"], 2, /no directory x/],
    ["no model", ["inspect", "nowhere"], 1, /^flava: .*nowhere/],
    ["no image", ["classify", "*.gif", "--labels", "a"], 1, /^flava: No file matches \*\.gif/],
  ])("refuses %s, with nothing on standard output", async (_, words, code, message) => {
    const ended = await flava(words);
    expect(ended).toMatchObject({ code, out: "" });
    expect(ended.err).toMatch(message);
  });

  it("prints results alone to standard output, and messages to standard error", async () => {
    const long = "square ".repeat(40);
    const words = ["classify", "images/*.png", "--labels", `${long},b`, "--json"];
    const { code, out, err } = await flava([...words, "--model", "small"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { image: "images/one.png" },
      { image: "images/two.png" },
    ]);
    expect(err).toMatch(/^flava: Only the first .*\n$/);
  });

  it("exits with 130 when interrupted, and resumes", async () => {
    const rows = Array.from({ length: 1000 }, (_, row) => `image.png,square ${row}`);
    await writeFile(join(folder, "many.csv"), ["image,text", ...rows, ""].join("\n"));
    const words = ["embed", "many.csv", "--out", "many.parquet", "--json", "--model", "small"];
    const stopped = await flava(words, (stop) => stop());
    expect(stopped).toMatchObject({ code: 130, out: "" });
    expect(stopped.err).toContain("flava: Stopped; run the same command again to resume.");
    expect(existsSync(join(folder, "many.parquet"))).toBe(false);
    const resumed = JSON.parse((await flava(words)).out) as Record<string, number>;
    expect(resumed.samples).toBe(1000);
    expect(resumed.resumed).toBeGreaterThan(0);
  });
});

/** The words after `flava` in all blocks of shell lines on a page. */
function commandsOn(page: string): string[][] {
  return [...read(page).matchAll(/^```sh\n(.*?)^```/gms)]
    .flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
    .flatMap((line) => /(?:^|[\s(])flava ([a-z][^&|>)]*)/.exec(line)?.[1] ?? [])
    .map(wordsOf);
}

it("has the verbs, options and settings that the pages show", async () => {
  const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const commands = ["README.md", ...pages.map((name) => `docs/${name}`)].flatMap(commandsOn);
  expect(commands.length).toBeGreaterThan(100);
  for (const [verb = "", second = "", ...rest] of commands) {
    if (verb === "help") continue;
    const words = [second, ...rest];
    const program = new Command();
    (await verbs[verb]?.load())?.(program);
    const [command] = program.commands;
    const leaf = command?.commands.find((each) => each.name() === second) ?? command;
    const known = leaf?.options.map(({ long }) => long) ?? [];
    const unknown = words.filter((word) => word.startsWith("--") && !known.includes(word));
    expect([verb, leaf !== undefined, unknown]).toEqual([verb, true, []]);
    const first = words.indexOf("--set") + 1;
    if (verb !== "pretrain" || first === 0) continue;
    const settings = words.slice(first).join(" ").split(" --")[0]!.split(" ");
    const copied = second === "paper.json" ? "base" : "continue"; // what the pages print to edit
    await readRecipe(second in recipes ? second : copied, settings);
  }
});

// The shipped model would take minutes in plain TypeScript.
describe.runIf(nativeLevels().length > 0)("the README", () => {
  it("shows commands that run as they stand", { timeout: 300_000 }, async () => {
    for (const name of ["models", "samples"]) symlinkSync(join(root, name), join(folder, name));
    const section = /^## Use it\n(.*?)^## /ms.exec(read("README.md"))![1]!;
    const lines = /^```sh\n(.*?)^```/ms.exec(section)![1]!.trim().split("\n");
    const own = lines.filter((line) => !line.includes("path/to/")); // the others need the reader's own model
    expect(own.length).toBeGreaterThan(5);
    for (const line of own) {
      const [npx, command, ...words] = wordsOf(line);
      expect([npx, command]).toEqual(["npx", "flava"]);
      const { code, out, err } = await flavaHere(folder, words);
      expect({ line, code, err }).toMatchObject({ line, code: 0 });
      expect(out).not.toBe("");
    }
    expect(existsSync(join(folder, "zero-shot.html"))).toBe(true);
  });
});
