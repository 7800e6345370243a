/** The programs in examples/, each on tiny data. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import sharp from "sharp";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { shapesRecipe, writeShapes } from "./shapes.js";

const root = join(import.meta.dirname, "..");
const folder = temporaryDirectory();
const pairs = join(folder, "pairs", "shapes", "train");
const given = process.argv;

/** Runs a program with arguments; resolves to the lines that it prints. */
async function run(name: string, ...values: readonly string[]): Promise<string[]> {
  process.argv = [...given.slice(0, 2), ...values];
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  await import(pathToFileURL(join(root, "examples", `${name}.ts`)).href);
  return lines;
}

// Plain TypeScript would take many minutes for what takes the kernels seconds.
describe.skipIf(nativeLevels().length === 0)("the example", () => {
  beforeAll(() => writeShapes(folder));
  afterEach(() => {
    process.argv = given;
    vi.restoreAllMocks();
  });

  it("features writes vectors of every image", async () => {
    const out = join(folder, "features.parquet");
    expect(await run("features", pairs, out)).toEqual([`Wrote ${out}.`]);
    const [first, ...others] = (await parquetReadObjects({
      file: await asyncBufferFromFile(out),
    })) as Record<string, unknown[]>[];
    expect(others).toHaveLength(29);
    const { features, patches, tokens } = first!;
    expect([features, patches, tokens].map((vector) => vector!.length)).toEqual([
      128,
      128,
      65 * 128,
    ]);
  });

  it("attention-map draws the image and a map for each head", async () => {
    const [image, out] = [join(folder, "image.png"), join(folder, "attention.png")];
    const create = { width: 64, height: 64, channels: 3, background: "red" } as const;
    await sharp({ create }).png().toFile(image);
    await run("attention-map", image, out, "2");
    const { width, height } = await sharp(out).metadata();
    expect([width, height]).toEqual([5 * 256, 256]);
  });

  it("evaluation prints a mean with its interval", async () => {
    const [line] = await run("evaluation", pairs);
    expect(line).toMatch(/^mean reciprocal rank among 30 captions: 0\.\d+ \(0\.\d+ to 0\.\d+\)$/);
  });

  it("new-head learns", async () => {
    const losses = (await run("new-head", pairs, "1")).map((line) =>
      Number(line.split(" ").at(-1)),
    );
    expect(losses).toHaveLength(1);
    expect(losses[0]).toBeGreaterThan(0);
  });

  it("training-loop learns", async () => {
    const lines = await run("training-loop", pairs, "20");
    const losses = lines.map((line) => Number(line.split(" ").at(-1)));
    expect(losses).toHaveLength(2);
    expect(losses[1]).toBeLessThan(losses[0]!);
  });

  it("distillation pre-trains with the loss of its own", async () => {
    await mkdir(join(folder, "recipes"));
    const recipe = join(folder, "recipes", "shapes.json");
    await writeFile(recipe, JSON.stringify(shapesRecipe(folder)));
    const lines = await run("distillation", recipe, join(folder, "distillation"));
    expect(lines.join("\n")).toContain('"joint" is finished');
    expect(lines.join("\n")).toMatch(/3\/4 .*similarities 0\.\d+/);
  });

  it("programs are all run here", async () => {
    const names = (await readdir(join(root, "examples"))).filter((name) => name.endsWith(".ts"));
    expect(names.sort()).toEqual(
      ["attention-map", "distillation", "evaluation", "features", "new-head", "training-loop"].map(
        (name) => `${name}.ts`,
      ),
    );
  });
});
