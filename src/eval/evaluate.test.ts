import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluateDescribed, evaluateSmallSets } from "../../test/evaluation-sets.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { smallFlava } from "../../test/small-flava.js";
import { config } from "../../test/small-model.js";
import { photoTemplates } from "../inference/prompts.js";
import { measurements, summary } from "../report/measurements.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import {
  type LinearProbeSet,
  openEvaluationSet,
  openTextSet,
  parseClasses,
} from "./evaluation-set.js";
import { openProbeSet } from "./probe-set.js";

const folder = temporaryDirectory();
const progress: [number, number | undefined][] = [];
let evaluations: Evaluation[];
beforeAll(async () => {
  evaluations = await evaluateSmallSets(folder, {
    onProgress: (done, total) => progress.push([done, total]),
  });
});

describe("an evaluation", () => {
  it("classifies labeled images and counts skipped samples", () => {
    const [first] = evaluations;
    if (first?.kind !== "zero-shot") throw new Error("classes.json makes a zero-shot set");
    expect(first.keys).toEqual(["a/1", "a/2", "b/1", "b/2"]);
    expect([...first.labels]).toEqual([0, 0, 1, 1]);
    expect(first.images).toHaveLength(4 * config.projection);
    expect(Object.fromEntries(first.skipped.counts)).toEqual({ damaged: 1, unwanted: 2 });
    expect([...first.unknownLabels]).toEqual([["odd", 2]]);
    expect(summary(first)).toContain("not among the classes: odd (2)");
    expect(summary(first)).toContain('Prompts: "x {}", "{}".');
    const { ranks, predicted, top1 } = first.result;
    expect([ranks[0], predicted[0]]).toEqual([ranks[1], predicted[1]]); // the same image
    expect(top1.mean).toBe([...ranks].filter((rank) => rank === 0).length / 4);
  });

  it("reports samples done, those left out included, of all parts of a set", () => {
    expect(progress.map(([done]) => done)).toEqual([7, 3, 12, 16]);
    expect(progress.at(-1)).toEqual([16, 16]);
  });

  it("measures retrieval in both directions, for seen and unseen kinds separately", () => {
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

it("an image that a table has a row for each caption of is evaluated as one image", async () => {
  const place = join(folder, "rows");
  await mkdir(place);
  const rows = ["image,caption", "gone.png,nothing"];
  for (const color of ["red", "lime", "blue"]) {
    const create = { width: 20, height: 20, channels: 3, background: color } as const;
    await sharp({ create }).toFile(join(place, `${color}.png`));
    rows.push(...["a", "one", "some"].map((word) => `${color}.png,${word} ${color}`));
  }
  await writeFile(join(place, "captions.csv"), rows.join("\n"));
  const flava = await smallFlava();
  for (const kind of ["retrieval", "matching", "masked words"] as const) {
    const [table, images] = await Promise.all(
      [join(place, "captions.csv"), place].map(async (path) =>
        evaluate(await openTextSet(kind, path), flava),
      ),
    );
    expect(table!.keys).toHaveLength(3);
    const [ofTable, ofImages] = [table!, images!].map((one) =>
      measurements(one).map(({ share }) => share),
    );
    expect(ofTable).toEqual(ofImages);
    expect(summary(table!)).toContain("1 of 10 samples");
    if (kind === "retrieval")
      expect(summary(table!)).toContain("among 3 images and 9 distinct texts");
  }
});

it("an evaluation stops when its signal is aborted", async () => {
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error("enough"));
  const stopped = evaluateSmallSets(join(folder, "stopped"), { signal: stop.signal, onProgress });
  await expect(stopped).rejects.toThrow("enough");
});

describe("a linear probe", () => {
  it("is fitted to the training part and evaluated on the test part", () => {
    const [, , third] = evaluations;
    if (third?.kind !== "linear probe") throw new Error("train and test make a linear probe");
    expect(third.keys).toHaveLength(4);
    expect(third.fitted).toBe(12);
    expect(third.search.probe.width).toBe(config.image.width);
    expect(third.result.top1.mean).toBe(1);
    expect(third.result.chance.top1).toBeCloseTo(1 / 3, 12);
  });
});

it("classes.json must have distinct names and templates with {}", () => {
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
  expect(refuse('{"classes": ["a"], "template": ["a {}"]}')).toContain(
    'unknown key "template". Did you mean "templates"? The keys are "classes" and "templates"',
  );
  expect(refuse("{")).toMatch(/x cannot be used.*should look like/);
  expect(refuse('{"classes": ["a"], "classes": ["b"]}')).toContain(
    'it holds the key "classes" twice',
  );
  expect(refuse('{"classes": []}')).toContain("classes");
  expect(refuse('{"classes": ["a", "b", "a"]}')).toContain('"a" is listed twice');
  expect(refuse('{"classes": ["a"], "templates": ["photo"]}')).toContain('has no "{}"');
});

describe("folders of classes without a classes.json", () => {
  const place = (name: string): string => join(folder, name);
  async function write(set: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(place(set), path)), { recursive: true });
      await writeFile(join(place(set), path), content);
    }
  }

  it("are a zero-shot set with their names as classes", async () => {
    await write("folders", {
      "fire_truck/1.png": "x",
      "big--cat/1.png": "x",
      ".hidden/1.png": "x",
    });
    expect(await openEvaluationSet(place("folders"))).toMatchObject({
      kind: "zero-shot",
      classes: ["big cat", "fire truck"],
      labels: ["big--cat", "fire_truck"],
      namedBy: "folder names",
      templates: photoTemplates,
    });
    await write("folders", { "big cat/1.png": "x" });
    await expect(openEvaluationSet(place("folders"))).rejects.toThrow(
      'two folders for the class "big cat"',
    );
  });

  it("need images in each", async () => {
    await write("archive", {
      "cat/1.png": "x",
      "dog/1.png": "x",
      "__MACOSX/cat/._1.png": "x",
      "__MACOSX/._cat.png": "x",
    });
    const refusal = "has the folder __MACOSX, in which there are no images";
    await expect(openEvaluationSet(place("archive"))).rejects.toThrow(refusal);
    const paths = { train: place("archive"), test: place("archive") };
    expect(await openProbeSet(paths)).toMatchObject({ classes: ["cat", "dog"] });
  });

  it("are a linear probe in train and test", async () => {
    await write("parts", { "train/a/1.png": "x", "train/b/1.png": "x", "test/b/1.png": "x" });
    const set = await openEvaluationSet(place("parts"));
    expect(set).toMatchObject({ kind: "linear probe", classes: ["a", "b"] });
    expect(set).not.toHaveProperty("validation");
    await write("parts", { "Val/a/1.png": "x" });
    const { validation } = (await openEvaluationSet(place("parts"))) as LinearProbeSet;
    expect(validation?.name).toContain("parts/Val");
    await write("untested", { "train/a/1.png": "x", "train/b/1.png": "x", "val/b/1.png": "x" });
    await expect(openEvaluationSet(place("untested"))).rejects.toThrow(
      /no folder named test.*flava probe \S+train \S+val for a linear probe/,
    );
  });

  it("give images of all classes where only some are read", async () => {
    const paths = ["a", "b", "c"].flatMap((name) => [1, 2, 3].map((n) => `${name}/${n}.png`));
    await write("many", Object.fromEntries(paths.map((path) => [path, "x"])));
    const { source } = await openEvaluationSet(place("many"), { maxSamples: 3 });
    const labels: unknown[] = [];
    for await (const { label } of source.read()) labels.push(label);
    expect(labels).toEqual(["a", "b", "c"]);
  });

  it("are none where images have captions", async () => {
    await write("captioned", {
      "a/1.png": "x",
      "a/1.txt": "one",
      "b/2.png": "x",
      "b/2.txt": "two",
    });
    expect(await openEvaluationSet(place("captioned"))).toMatchObject({ kind: "retrieval" });
  });
});

describe("images with captions", () => {
  it("are matched with their own and with wrong texts", async () => {
    const evaluation = await evaluateDescribed(join(folder, "matched"), "matching");
    if (evaluation.kind !== "matching") throw new Error("asked for matching");
    const names = evaluation.measures.map(({ name }) => name);
    expect(names).toContain("own text above a stranger's");
    expect(evaluation.measures[0]!.interval.count).toBe(3);
    expect(evaluation.calibrationError).toBeGreaterThan(0);
    expect(measurements(evaluation).at(-1)?.name).toBe("expected calibration error");
  });

  it("are matched with wrong texts of the same words where there are no others, and not without", async () => {
    const evaluate = (...texts: [string, string, string]) =>
      evaluateDescribed(join(folder, "alike"), "matching", texts);
    const names = measurements(await evaluate("arrow up", "arrow left", "arrow right")).map(
      ({ name }) => name,
    );
    expect(names).toHaveLength(2);
    expect(names.every((name) => name.includes("with the same words"))).toBe(true);
    await expect(evaluate("a", "a", "a")).rejects.toThrow("has no wrong text for any image");
  });

  it("have their words masked, beside their own image and another one", async () => {
    const evaluation = await evaluateDescribed(join(folder, "masked"), "masked words");
    if (evaluation.kind !== "masked words") throw new Error("asked for masked words");
    const means = evaluation.measures.map(({ interval }) => interval.mean);
    expect(means).toHaveLength(5);
    const [own, other, , gained, commonest] = means;
    expect(gained).toBeCloseTo(own! - other!, 9);
    expect(commonest).toBeGreaterThanOrEqual(1 / 3);
  });
});
