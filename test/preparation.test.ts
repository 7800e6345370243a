/** What happens before the first step of a run: memory is checked, and everything can be interrupted. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { base } from "../src/configs/base.js";
import { openBackend } from "../src/backend/open.js";
import type { StageRecipe } from "../src/configs/recipe.js";
import { dryRun } from "../src/train/dry-run.js";
import { program } from "./build.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { shapesRecipe, writeShapes } from "./shapes.js";

const root = temporaryDirectory();
beforeAll(() => writeShapes(root));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `flava pretrain` on a recipe; `onMessage` may stop it once it has written to standard error. */
async function pretrain(
  recipe: unknown,
  memory: string,
  onMessage?: (stop: () => void) => void,
): Promise<Ended> {
  const file = join(root, "recipe.json");
  writeFileSync(file, JSON.stringify(recipe));
  const words = [program, "pretrain", file, "--out", join(root, "run")];
  const child = spawn(process.execPath, words, { env: { ...process.env, FLAVA_MEMORY: memory } });
  if (onMessage) child.stderr.once("data", () => onMessage(() => child.kill("SIGTERM")));
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

/** Changes of a stage that starts from no other, nor needs a codebook. */
const alone = {
  from: [],
  losses: { mim: 0, mmmImage: 0 },
  shares: { pair: 0.5, image: 0, text: 0.5 },
};

it("refuses the paper's joint stage within 8 GB, before anything is loaded", async () => {
  const joint = base.stages.find(({ name }) => name === "joint");
  const { data } = shapesRecipe(root);
  const recipe = { ...base, data: { ...base.data, ...data }, stages: [{ ...joint, ...alone }] };
  const { code, out, err } = await pretrain(recipe, "8GB");
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /^flava: Stage "joint" needs \d+ GB more memory, but 7\.\d+ GB are available\. .* for the state, .*microBatches/,
    ),
  ]);
  expect(out).not.toContain("validation data"); // that comes after the check
  expect(existsSync(join(root, "run", "joint", "checkpoints", "0000001"))).toBe(false);
});

it("refuses a limit that is no size", async () => {
  const { code, err } = await pretrain(shapesRecipe(root), "much");
  expect([code, err]).toEqual([1, expect.stringContaining('FLAVA_MEMORY is "much"; expected')]);
});

it("can be interrupted while data are indexed", async () => {
  writeFileSync(join(root, "many.txt"), "a line of text\n".repeat(500_000));
  const recipe = shapesRecipe(root);
  const texts = [{ path: "many.txt", documents: "lines" }];
  const stages = recipe.stages.slice(1); // the first stage that reads texts
  const changed = {
    ...recipe,
    data: { ...recipe.data, texts },
    stages: [{ ...stages[0], ...alone }],
  };
  const { code, out, err } = await pretrain(changed, "8GB", (stop) => stop());
  expect([code, err]).toEqual([
    130,
    expect.stringMatching(/^Indexing .*many\.txt: [\d,]+ samples/),
  ]);
  expect(out).toContain('Stopped before a step of stage "joint" was made.');
});

it("a dry run states samples, memory, time and disk space of each stage, and writes nothing", async () => {
  const lines: string[] = [];
  const backend = openBackend();
  const directory = join(root, "dry", "run");
  await dryRun({
    ...{ recipe: shapesRecipe(root), directory, backend, workers: 1 },
    log: (line) => lines.push(line),
  });
  backend.dispose();
  const text = lines.join("\n");
  expect(text).toMatch(/Stage "codebook": 4 steps\n {2}image +30 {2}pairs\/shapes\/train\n/);
  expect(text).toMatch(
    /Stage "joint"[^]* {2}text +30 {2}text\/words\/train\n {2}text batches of 8/,
  );
  expect(
    text.match(/^ {2}memory .* for the state.*\n {2}time .*\n {2}disk .* are free$/gm),
  ).toHaveLength(2);
  expect(lines.filter((line) => line.includes("validation data"))).toEqual([
    "  The model with the highest ink accuracy on validation data is kept in best/.",
    expect.stringMatching(/^ {2}The model with the highest zero-shot top-1 \(of equal ones, /),
  ]);
  expect(existsSync(directory)).toBe(false);
});

it("a dry run refuses a best model by what validation data turn out not to measure", async () => {
  const { stages, ...recipe } = shapesRecipe(root);
  const [codebook, joint] = stages as [StageRecipe, StageRecipe];
  const best = "contrastive among 3"; // of thirty pairs
  const backend = openBackend();
  const refused = dryRun({
    recipe: { ...recipe, stages: [codebook, { ...joint, best }] },
    ...{ directory: root, backend, workers: 1, log: () => undefined },
  });
  await expect(refused).rejects.toThrow(`by "${best}", which it does not measure`);
  backend.dispose();
});

const picture = { width: 32, height: 32, channels: 3, background: "red" } as const;

it("a dry run tells once of what it chooses and leaves out, whatever a set serves for", async () => {
  await sharp({ create: picture }).png().toFile(join(root, "red.png"));
  const rows = ["image,caption,title", ...Array<string>(8).fill("red.png,a red square,Red"), "x"];
  writeFileSync(join(root, "pairs.csv"), rows.join("\n"));
  const { data, ...recipe } = shapesRecipe(root);
  const pairs = ["pairs.csv"];
  const validation = { ...data.validation, pairs };
  const lines: string[] = [];
  const backend = openBackend();
  await dryRun({
    recipe: { ...recipe, data: { ...data, pairs, images: pairs, validation } },
    ...{ directory: root, backend, workers: 1, log: (line: string) => lines.push(line) },
  });
  backend.dispose();
  expect(lines.filter((line) => /left out|chooses/.test(line))).toEqual([
    expect.stringContaining("texts are those of the column caption"),
    expect.stringContaining("pairs.csv: 1 of 9 samples was left out: 1 is damaged"),
  ]);
});

it("a dry run tells of validation data that are trained on", async () => {
  const { data, ...recipe } = shapesRecipe(root);
  const lines: string[] = [];
  const backend = openBackend();
  await dryRun({
    recipe: { ...recipe, data: { ...data, pairs: ["pairs/*/*"] } },
    ...{ directory: root, backend, workers: 1, log: (line: string) => lines.push(line) },
  });
  backend.dispose();
  expect(lines.filter((line) => line.includes("trained on"))).toEqual([
    expect.stringMatching(/^ {2}pairs\/shapes\/validation is trained on, too: /),
  ]);
});

it("a dry run lists many sources once, for the first stage that draws from them", async () => {
  const images = ["one", "two", "three"];
  const png = await sharp({ create: picture }).png().toBuffer();
  for (const name of images) {
    mkdirSync(join(root, name));
    for (let i = 0; i < 8; i++) writeFileSync(join(root, name, `${i}.png`), png);
  }
  const { data, ...recipe } = shapesRecipe(root);
  const lines: string[] = [];
  const backend = openBackend();
  await dryRun({
    recipe: { ...recipe, data: { ...data, images } },
    ...{ directory: root, backend, workers: 1, log: (line: string) => lines.push(line) },
  });
  backend.dispose();
  const listed = lines.filter((line) => /^ {2}image .*(\d {2}|as of)/.test(line));
  expect(listed.map((line) => line.replaceAll(/ +/g, " ").trim())).toEqual([
    ...["image 8 one", "image 8 three", "image 8 two"],
    'image sources as of stage "codebook"',
  ]);
});

it("a dry run with peek writes a page with the first batch of each kind", async () => {
  const backend = openBackend();
  const peek = join(root, "batches.html");
  const lines: string[] = [];
  await dryRun({
    ...{ recipe: shapesRecipe(root), directory: root, backend, only: ["joint"], workers: 1, peek },
    log: (line) => lines.push(line),
  });
  backend.dispose();
  expect(lines.at(-1)).toBe(`The first batches are in ${peek}.`);
  const html = readFileSync(peek, "utf8");
  for (const kind of ["pair", "image", "text"]) {
    expect(html).toMatch(new RegExp(`joint: ${kind} batch of step \\d+</h2>`));
  }
  expect(html.match(/<img src="data:image\/png/g)).toHaveLength(2 * 8); // a batch of pairs and one of images
  expect(html).toMatch(/<mark>[^<]+<\/mark><rt>[^<]+<\/rt>/);
});
