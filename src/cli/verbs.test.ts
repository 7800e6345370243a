/** The verbs that use a model, from their arguments to what they print and write. */
import { existsSync, statSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { nativeLevels } from "../backend/native.js";
import type { Comparison } from "../report/comparison.js";
import { Evaluations } from "../serve/runs/read-evaluations.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { writeCheckpoint } from "../../test/small-checkpoint.js";
import { addClassify } from "./classify.js";
import { addConvert } from "./convert.js";
import { addEmbed } from "./embed.js";
import { addEvaluate } from "./evaluation/evaluate.js";
import { addExport } from "./export.js";
import { addFill } from "./fill.js";
import { addInspect } from "./inspect.js";
import { addMatch } from "./match.js";
import { addProbe } from "./evaluation/probe.js";
import { addDedupe } from "./searching/dedupe.js";
import { addIndex } from "./searching/index-verb.js";
import { addSearchApp } from "./searching/search-app.js";
import { addSearch } from "./searching/search.js";

const folder = temporaryDirectory();
const [model, images] = [join(folder, "model"), join(folder, "images")];
const red = join(images, "red.png");

beforeAll(async () => {
  await writeCheckpoint(model);
  await mkdir(images);
  for (const background of ["red", "lime", "blue"]) {
    const image = sharp({ create: { width: 40, height: 32, channels: 3, background } });
    await image.png().toFile(join(images, `${background}.png`));
    await writeFile(join(images, `${background}.txt`), `a ${background}\nsquare`);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const verbs = [
  ...[addClassify, addMatch, addFill, addEvaluate, addProbe, addEmbed, addSearch],
  ...[addInspect, addConvert, addExport, addIndex, addDedupe, addSearchApp],
];

/** Runs a command and returns its output, line by line. A usage error rejects with its exit code. */
async function run(...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => lines.push(...text.split("\n")));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = new Command().exitOverride((error) => {
    throw new Error(`exit ${error.exitCode}: ${error.message}`);
  });
  for (const add of verbs) add(program);
  const takesModel = !words.includes("--model") && !["convert", "inspect"].includes(words[0]!);
  const chosen = takesModel ? ["--model", model] : [];
  await program.parseAsync([...words, ...chosen], { from: "user" });
  return lines;
}

describe("flava", () => {
  it("classify prints the labels, the most probable first", async () => {
    const lines = await run(
      ...["classify", red, "--labels", "cat,dog, tree"],
      ...["--template", "a {}", "--template", "one {}"],
    );
    const found = lines.map((line) => /^ *(\d+\.\d) % {2}(cat|dog|tree)$/.exec(line)!);
    const shares = found.map(([, share]) => Number(share));
    expect(new Set(found.map(([, , label]) => label)).size).toBe(3);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(100, 0);
  });

  it("classify refuses a label that is given twice", async () => {
    const twice = run("classify", red, "--labels", "cat,dog, cat");
    await expect(twice).rejects.toThrow('labels 1 and 3 are both "cat"');
  });

  it("classify prints the best label of each of several images, or all as JSON", async () => {
    const words = ["classify", red, join(images, "blue.png"), "--labels", "cat,dog"];
    const lines = await run(...words);
    expect(lines.map((line) => line.split("\t")[0])).toEqual(words.slice(1, 3));
    const found = JSON.parse((await run(...words, "--json")).join("\n")) as unknown;
    expect(found).toMatchObject([{ image: red, labels: [{}, {}] }, { labels: [{}, {}] }]);
  });

  it("classify leaves out images that are damaged, and says so; alone, one is an error", async () => {
    const damaged = join(folder, "damaged.png");
    await writeFile(damaged, "no image");
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lines = await run("classify", damaged, red, "--labels", "cat,dog");
    expect(lines.map((line) => line.split("\t")[0])).toEqual([red]);
    expect(said.mock.calls.flat().join("\n")).toContain(
      `1 of 2 samples was left out: 1 cannot be read (first: ${damaged}: A file that begins with`,
    );
    await expect(run("classify", damaged, "--labels", "cat,dog")).rejects.toThrow(damaged);
    const none = run("classify", damaged, damaged, "--labels", "cat,dog");
    await expect(none).rejects.toThrow("The list of 2 images has no sample that can be used");
  });

  it("match prints a probability", async () => {
    expect(await run("match", red, "a red square")).toEqual([
      expect.stringMatching(/^ *\d+\.\d %$/),
    ]);
    const json = await run("match", red, "a red square", "--json");
    expect(JSON.parse(json.join("\n"))).toMatchObject({ image: red, text: "a red square" });
    await expect(run("match", "nowhere.png", "a")).rejects.toThrow("nowhere.png cannot be read");
  });

  it("fill prints words and draws images", async () => {
    const out = join(folder, "filled.webp");
    const lines = await run("fill", "a [MASK] [MASK]", "--image", red, "--out", out, "--top", "2");
    expect(lines).toHaveLength(1 + 2 * 3 + 1);
    expect(lines[0]).not.toContain("[MASK]");
    const json = await run("fill", "a [MASK]", "--image", red, "--out", out, "--json");
    expect(JSON.parse(json.join("\n"))).toMatchObject({
      masks: [Array(5).fill({ piece: expect.any(String) as string })],
      image: { path: out, patches: 16 },
    });
    expect(await sharp(out).metadata()).toMatchObject({ format: "webp", width: 32, height: 32 });
  });

  it("embed writes what search finds", async () => {
    const out = join(folder, "vectors.parquet");
    expect(await run("embed", images, "--out", out)).toEqual([`${out}: 3 samples`]);
    await expect(run("embed", images, "--out", out)).rejects.toThrow(/exit \d: .*The file exists/);
    const found = await run("search", out, "--image", red, "--top", "2");
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^1\.0000\t\S*red\S*\ta red square$/);
    const texts = await run("search", out, "a lime\nsquare", "--among", "texts");
    expect(texts[0]).toMatch(/^1\.0000\t\S*lime\S*\ta lime square$/);

    const other = join(folder, "other");
    await cp(model, other, { recursive: true });
    const config = join(other, "preprocessor_config.json");
    const text = await readFile(config, "utf8");
    await writeFile(config, text.replace(/"image_mean": \[\s*0\.\d+/, '"image_mean": [0.5'));
    await expect(run("search", out, "a", "--model", other)).rejects.toThrow(
      `embedded by another model, ${model}`,
    );
  });

  it("embed takes several sources and patterns, and writes one file", async () => {
    const [out, more] = [join(folder, "several.parquet"), join(folder, "more.jsonl")];
    await writeFile(more, '{"text": "a poem"}\n');
    const sources = [join(images, "r*.png"), join(images, "lime.png"), more];
    expect(await run("embed", ...sources, "--out", out)).toEqual([`${out}: 3 samples`]);
    const found = await run("search", out, "a poem", "--among", "texts", "--json");
    const keys = (JSON.parse(found.join("\n")) as { key: string }[]).map(({ key }) => key);
    expect(keys.toSorted()).toEqual(["images/lime", "images/red", "more/0"]);
  });

  it("index follows its images, and search and dedupe use it", async () => {
    const [source, out] = [join(folder, "followed"), join(folder, "index")];
    await cp(images, source, { recursive: true });
    const said = vi.spyOn(console, "error").mockReturnValue();
    expect(await run("index", source, "--out", out)).toEqual([
      `${out}: 3 images, 3 texts (3 added)`,
    ]);
    await cp(red, join(source, "again.png"));
    await rm(join(source, "lime.png"));
    await cp(red, join(source, "blue.png"));
    await writeFile(join(source, "red.txt"), "a crimson square");
    expect(await run("index", source, "--out", out)).toEqual([
      `${out}: 3 images, 2 texts (1 added, 2 replaced, 1 deleted)`,
    ]);
    const found = await run("search", out, "a crimson square", "--among", "texts", "--top", "1");
    expect(found[0]).toMatch(/^1\.0000\t\S*red\.png\ta crimson square$/);
    const filter = ["--filter", "text=a blue\nsquare", "--rerank", "3", "--json"];
    const ranked = await run("search", out, "a", "--without", "b", ...filter);
    expect(await run("search", out, "a", "--filter", "key=red", "--filter", "key=blue")).toEqual(
      [],
    );
    await expect(run("search", out, "a", "--filter", "license=MIT")).rejects.toThrow(
      'No entry of the index has a field "license" to filter by. There are: ',
    );
    expect(JSON.parse(ranked.join("\n"))).toMatchObject([
      { key: "blue", match: expect.any(Number) as number },
    ]);
    expect(await run("dedupe", out, "--threshold", "2")).toEqual([
      "the same image:",
      ...["again", "blue", "red"].map((name) => `  ${join(source, name)}.png`),
    ]);
    expect(said.mock.calls.at(-1)).toEqual(["flava: 2 of 3 images repeat another; groups: 1"]);
    const file = join(folder, "followed.parquet");
    await run("embed", source, "--out", file);
    const other = join(folder, "of-file");
    expect(await run("index", file, "--out", other)).toEqual([
      `${other}: 3 images, 2 texts (3 added)`,
    ]);
    await expect(run("index", source, "--out", other)).rejects.toThrow("holds");
    await expect(run("index", source, "--out", out, "--approximate")).rejects.toThrow("lancedb");
  });

  it("search-app gives the address of the page that searches, until it is interrupted", async () => {
    const { isTTY } = process.stdout;
    process.stdout.isTTY = false; // nothing is to open a browser
    const places = ["--port", "0", "--index", join(folder, "app-index")];
    const running = run("search-app", images, ...places);
    await vi.waitUntil(() => vi.mocked(console.log).mock.calls.length > 0, { timeout: 30_000 });
    process.emit("SIGINT");
    expect(await running).toEqual([expect.stringMatching(/^http:.*\/(#\/search|docs)$/)]);
    process.stdout.isTTY = isTTY;
    process.exitCode = undefined;
  });

  it("embed takes columns, a separator and limits, and writes nothing where nothing is usable", async () => {
    const table = join(folder, "table.csv");
    await writeFile(
      table,
      "where!what\nimages/red.png!red\nimages/lime.png!lime\nimages/x.png!x\n",
    );
    const out = join(folder, "limited.parquet");
    const data = ["embed", table, "--out", out, "--separator", "!"];
    await expect(run(...data)).rejects.toThrow(/has no sample that can be used: .*--image-column/);
    const columns = ["--image-column", "where", "--text-column", "what"];
    await expect(run(...data, ...columns, "--max-pixels", "5")).rejects.toThrow("--max-pixels");
    expect(existsSync(out)).toBe(false);
    expect(await run(...data, ...columns, "--max-samples", "1")).toEqual([`${out}: 1 sample`]);
    await rm(out);
    const printed = vi.spyOn(console, "error").mockReturnValue();
    expect(await run(...data, ...columns)).toEqual([`${out}: 2 samples`]);
    expect(printed.mock.calls[0]?.[0]).toContain(
      "1 of 3 samples was left out: 1 has no image (first",
    );
  });

  it("evaluate prints a table or JSON, and writes a page and a report for the web app", async () => {
    const html = join(folder, "found.html");
    const json = await run("evaluate", images, "--json", "--html", html, "--backend", "reference");
    expect(await run("evaluate", images, "--out", join(folder, "found"))).toContain("## images");
    const report = await new Evaluations(folder).read("found");
    expect(report).toMatchObject({ model, evaluations: [{ set: "images", kind: "retrieval" }] });
    expect(JSON.stringify(report)).toMatch(/"thumbnails":\{"[^"]+":"data:image/);
    expect(JSON.parse(json.join("\n"))).toMatchObject({
      model,
      precision: "float32",
      evaluations: [{ set: "images", kind: "retrieval", images: 3, texts: 3 }],
    });
    expect(await readFile(html, "utf8")).toMatch(/ reference \(.*<\/html>/s);
  });

  it("evaluate compares two models on the same samples", async () => {
    const words = ["evaluate", images, "--against", model];
    const lines = await run(...words);
    expect(lines).toContain(`### Against ${model}`);
    expect(lines.find((line) => line.startsWith("| text to image, R@10 "))).toBeDefined();
    const json = JSON.parse((await run(...words, "--json")).join("\n")) as {
      readonly evaluations: readonly [{ readonly against: Comparison }];
    };
    const { differences } = json.evaluations[0].against;
    expect(differences.map(({ difference }) => difference.mean)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(differences[0]?.first).toBe(differences[0]?.second);
  });

  it("probe fits a classifier to labeled images and scores it on others", async () => {
    vi.stubEnv("FLAVA_CACHE", join(folder, "cache"));
    const rows = ["train", "train", "train", "train", "test"].map((part, i) => ({ part, i }));
    for (const { part, i } of rows) {
      for (const label of ["red", "blue"]) {
        const place = join(folder, "probed", part, label);
        await mkdir(place, { recursive: true });
        await cp(join(images, `${label}.png`), join(place, `${i}.png`));
      }
    }
    const words = ["probe", join(folder, "probed/train"), join(folder, "probed/test")];
    const said = vi.spyOn(console, "error").mockReturnValue();
    const found = JSON.parse((await run(...words, "--json")).join("\n")) as unknown;
    expect(found).toMatchObject({
      evaluations: [{ set: "test", kind: "linear probe", classes: 2, fitted: 8 }],
    });
    expect(JSON.stringify(found)).toContain('{"name":"top-1 accuracy","mean":1,');
    expect(said.mock.calls.flat().join()).toMatch(/features are kept in .*of memory/);
    await expect(run("probe", images, images)).rejects.toThrow("has no labels");
  });

  it("inspect and convert print JSON", async () => {
    const facts = JSON.parse((await run("inspect", model, "--json")).join("\n")) as unknown;
    expect(facts).toMatchObject({ family: "FlavaForPreTraining", missing: [], unexpected: [] });
    const path = join(folder, "converted");
    const written = await run("convert", model, path, "--dtype", "bfloat16", "--json");
    expect(JSON.parse(written.join("\n"))).toEqual({ path, dtype: "bfloat16" });
  });

  it("export writes ONNX files with all that prepares their inputs", async () => {
    const out = join(folder, "exported");
    const json = JSON.parse((await run("export", out, "--model", model, "--json")).join("\n")) as {
      files: { path: string; bytes: number }[];
    };
    expect(json.files.map(({ path }) => path)).toEqual(
      ["vision_model", "text_model", "model", "multimodal_model", "mlm_head", "mmm_text_head"].map(
        (name) => join(out, "onnx", `${name}.onnx`),
      ),
    );
    for (const { path, bytes } of json.files) expect(statSync(path).size).toBe(bytes);
    const lines = await run("export", out, "--model", model, "--dtype", "int8");
    expect(lines[0]).toMatch(/vision_model_quantized\.onnx +[\d.]+ [kM]B$/);
    await expect(run("export", folder, "--model", model)).rejects.toThrow("has other files");
    await mkdir(join(model, "onnx"));
    await expect(run("export", model, "--model", model)).rejects.toThrow("where the model comes");
    await rm(join(model, "onnx"), { recursive: true });
  });

  it.runIf(nativeLevels().length > 0)("inspect describes the machine", async () => {
    const json = await run("inspect", "--machine", "--json");
    const { level, levels } = JSON.parse(json.join("\n")) as { level: string; levels: object };
    expect(Object.keys(levels)).toContain(level);
    const lines = await run("inspect", "--machine");
    expect(lines).toContain(`Processor level: ${level}, as FLAVA_LEVEL says`);
    expect(lines.filter((line) => /^ {2}portable +\d+ +\d+ +\d+/.test(line))).toHaveLength(1);
  });

  it.each([
    [["inspect"], "give a checkpoint, or --machine"],
    [["search", "x.parquet"], "give a text, or an image"],
    [["search", "x.parquet", "a", "--filter", "b"], "Expected name=value"],
    [["index", "a"], "--out"],
    [["index", "a", "--out", "b", "--uri", "c"], "goes with --database lancedb"],
    [["fill"], "give a text with [MASK]"],
    [["fill", "--out", "a.png"], "needs the image"],
    [["classify", "a.png"], "required option '--labels"],
    [["fill", "--out", "a.txt", "--image", "a.png"], "ends in .png, .jpg"],
    [["match", "a.png", "b", "--threads", "0"], "Expected an integer >= 1"],
    [["match", "a.png", "b", "--precision", "float8"], "Allowed choices"],
    [["embed", "a"], "--out"],
    [["embed", "a", "--out", "a.json"], "ends in .parquet"],
    [["embed", "a", "--out", "nowhere/a.parquet"], "There is no directory nowhere"],
    [["evaluate", "a", "--html", folder], "ends in .html"],
    [["evaluate"], "name sets to evaluate, or a suite"],
    [["evaluate", "a", "--suite", "flava35"], "name sets to evaluate, or a suite"],
    [["evaluate", "--suite", "flava35", "--data", "nowhere"], "nowhere is none"],
    [["evaluate", "a", "--half"], "--half goes with --suite"],
    [["evaluate", "--suite", "mini35", "--html", "a.html"], "--html does not go with --suite"],
    [["index", "a", "--out", "b", "--approximate"], "--approximate goes with --database lancedb"],
    [["index", "a", "--out", "b", "--force"], "--force goes with --approximate"],
    [["inspect", "base", "--set", "seed=1"], "--set goes with --processes"],
    [["fill", "a [MASK]", "--seed", "1"], "--seed goes with --out"],
    [["probe", "a"], "missing required argument 'test'"],
    [["convert", "a", "package.json"], "It is a file. Name a directory"],
  ])("refuses %j", async (words, reason) => {
    await expect(run(...words)).rejects.toThrow(reason);
  });
});
