import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { config, smallState } from "../../test/small-model.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { referenceBackend } from "../backend/reference.js";
import { keyOf } from "../base/random.js";
import { defaultProcessor } from "../data/image/processor.js";
import { openTokenizer } from "../data/text/tokenizer.js";
import { Embedder } from "../inference/embedder.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import { openEvaluationSet, parseClasses } from "./evaluation-set.js";
import { page } from "../report/page.js";
import { photoTemplates } from "../inference/prompts.js";
import { toJson, toMarkdown } from "../report/evaluation-text.js";
import { toSection } from "../report/evaluation-section.js";

const backend = referenceBackend();
const key = keyOf(0);
const folder = temporaryDirectory();
const [labeled, described, probed] = ["<labeled>", "described", "probed"].map((name) =>
  join(folder, name),
) as [string, string, string];
const progress: number[] = [];

async function plainImage(background: string): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .png()
    .toBuffer();
}

/** Images of three colors in folders, with a damaged one and one of no class; and some with captions. */
async function writeSets(): Promise<void> {
  for (const [place, name] of [
    ["a", "red"],
    ["b", "lime"],
    ["odd", "blue"],
  ] as const) {
    await mkdir(join(labeled, place), { recursive: true });
    for (const file of ["1.png", "2.png"]) {
      await writeFile(join(labeled, place, file), await plainImage(name));
    }
  }
  for (const [part, count] of [
    ["train", 12],
    ["test", 4],
  ] as const) {
    for (let i = 0; i < count; i++) {
      await mkdir(join(probed, part, ["a", "b"][i % 2]!), { recursive: true });
      const level = Math.round((150 * i) / count);
      const color = i % 2 === 0 ? `rgb(250,${level},0)` : `rgb(0,${level},250)`;
      await writeFile(join(probed, part, ["a", "b"][i % 2]!, `${i}.png`), await plainImage(color));
    }
  }
  await writeFile(join(probed, "classes.json"), '{"classes": ["a", "b", "c"]}');
  await writeFile(join(labeled, "a", "3.png"), (await plainImage("red")).subarray(0, 60));
  const classes = { classes: ["a", "b"], templates: ["x {}", "{}"] };
  await writeFile(join(labeled, "classes.json"), JSON.stringify(classes));
  await mkdir(described);
  const captions = [
    { file_name: "1.png", text: "a <b>", seen: true },
    { file_name: "2.png", text: "c d", seen: false },
    { file_name: "3.png", text: "a <b>", seen: false },
  ];
  const lines = captions.map((caption) => JSON.stringify(caption));
  await writeFile(join(described, "metadata.jsonl"), lines.join("\n"));
  for (const [index, color] of ["red", "lime", "blue"].entries()) {
    await writeFile(join(described, `${index + 1}.png`), await plainImage(color));
  }
}

const evaluations: Evaluation[] = [];
beforeAll(async () => {
  await writeSets();
  const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "x", "<", ">"];
  const embedder = new Embedder({
    config,
    state: smallState(backend),
    tokenizer: await openTokenizer({ vocabulary: `${pieces.join("\n")}\n` }),
    processor: defaultProcessor(32, 16),
  });
  for (const path of [labeled, described, probed]) {
    const options = { embedder, backend, key, onProgress: (count: number) => progress.push(count) };
    evaluations.push(await evaluate(await openEvaluationSet(path), options));
  }
});

describe("an evaluation", () => {
  it("of labeled images classifies them and counts what is left out", () => {
    const [first] = evaluations;
    if (first?.kind !== "zero-shot") throw new Error("classes.json makes a zero-shot set");
    expect(first.keys).toEqual(["a/1", "a/2", "b/1", "b/2"]);
    expect([...first.labels]).toEqual([0, 0, 1, 1]);
    expect(first.images).toHaveLength(4 * config.projection);
    expect(Object.fromEntries(first.skipped.counts)).toEqual({ damaged: 1, unwanted: 2 });
    const { ranks, predicted, top1 } = first.result;
    expect([ranks[0], predicted[0]]).toEqual([ranks[1], predicted[1]]); // the same image
    expect(top1.mean).toBe([...ranks].filter((rank) => rank === 0).length / 4);
    expect(progress).toEqual([4, 3, 12, 4]);
  });

  it("of described images searches both ways, seen and unseen kinds apart", () => {
    const [, second] = evaluations;
    if (second?.kind !== "retrieval") throw new Error("captions make a retrieval set");
    expect(second.relation.texts).toEqual(["a <b>", "c d"]);
    const { imageToText, textToImage } = second.result;
    expect(imageToText.seen?.at1.count).toBe(1);
    expect(imageToText.unseen?.at1.count).toBe(2);
    expect(textToImage.all.at5.mean).toBe(1);
    expect(textToImage.seen?.at1.count).toBe(1);
  });
});

describe("a linear probe", () => {
  it("is fitted to one part and tested on another", () => {
    const [, , third] = evaluations;
    if (third?.kind !== "linear probe") throw new Error("train and test make a linear probe");
    expect(third.keys).toHaveLength(4);
    expect(third.fitted).toBe(12);
    expect(third.images).toHaveLength(4 * config.image.width);
    expect(third.result.top1.mean).toBe(1);
    expect(third.result.chance.top1).toBeCloseTo(1 / 3, 12);
  });
});

describe("its report", () => {
  it("says in Markdown and JSON what was found", () => {
    const markdown = toMarkdown(evaluations);
    expect(markdown).toContain("## \\<labeled\\>\n");
    expect(markdown).toContain("3 skipped: 1 damaged, 2 unwanted");
    const { mean } =
      evaluations[0]!.kind === "zero-shot" ? evaluations[0]!.result.top1 : { mean: 0 };
    expect(markdown).toContain(`| top-1 accuracy | ${(100 * mean).toFixed(1)} % |`);
    expect(markdown.match(/^\|/gm)).toHaveLength(2 + 4 + 2 + 2 * 9 + 2 + 4);
    const json = JSON.parse(JSON.stringify(evaluations.map(toJson))) as unknown;
    expect(json).toMatchObject([
      { set: "<labeled>", kind: "zero-shot", images: 4, skipped: { damaged: 1 } },
      { kind: "retrieval", texts: 2 },
      { kind: "linear probe", classes: 3, fitted: 12, converged: true },
    ]);
    expect(JSON.stringify(json)).toContain('"name":"image to text, R@1 (unseen kinds)"');
  });

  it("is a page that needs nothing from elsewhere, with names escaped", async () => {
    const sections = [];
    for (const one of evaluations) sections.push(await toSection(one, { backend, key }));
    const source = page("A & B", "facts", sections);
    expect(source.replace(/^\s*<!doctype html>\s*/, "")).toMatch(/^<html/);
    expect(source).toContain("<title>A &amp; B</title>");
    expect(source).toContain("&lt;labeled&gt;");
    expect(source).toContain("a &lt;b&gt;");
    expect(source).not.toMatch(/<labeled|<b>|undefined|NaN|\[object/);
    expect(source).not.toMatch(/(src|href)="(?!data:image\/webp;base64,|#section-)|url\(|@import/);
    const images = source.match(/<img\s/g) ?? [];
    expect(images.length).toBe(4 + 2 * 3 + 3 + 4);
  });
});

it("classes.json has distinct names, and templates with a place for them", () => {
  expect(parseClasses("x", '{"classes": ["a", "b"]}')).toEqual({
    classes: ["a", "b"],
    templates: photoTemplates,
  });
  const refuse = (text: string): string => {
    try {
      parseClasses("x", text);
    } catch (error) {
      return String(error);
    }
    return "";
  };
  expect(refuse("{")).toMatch(/x cannot be used.*should look like/);
  expect(refuse('{"classes": []}')).toContain("classes");
  expect(refuse('{"classes": ["a", "b", "a"]}')).toContain('"a" stands there twice');
  expect(refuse('{"classes": ["a"], "templates": ["photo"]}')).toContain('has no "{}"');
});
