import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { communicators } from "../../test/processes.js";
import { smallFlava } from "../../test/small-flava.js";
import type { Backend } from "../backend/backend.js";
import { referenceBackend } from "../backend/reference.js";
import { openSource } from "../data/formats/open.js";
import { classFoldersSource } from "../data/formats/labeled/class-folders.js";
import { flava35 } from "../eval/tasks/flava35.js";
import type { PaperValues } from "../eval/tasks/paper.js";
import type { LabeledTask, Part, RetrievalTask, Task } from "../eval/tasks/task.js";
import type { SuiteReport } from "./outcome.js";
import { suiteText } from "./table-text.js";
import { averagesOf, comparisonOf, rowsOf } from "./rows.js";
import { type SuiteOptions, runSuite } from "./run-suite.js";

const folder = temporaryDirectory();
process.env.FLAVA_CACHE = join(folder, "cache");
const data = join(folder, "data");
const out = join(folder, "out");
const classes = ["red", "blue"];
const templates = ["a {} image", "{}"];
const paper: PaperValues = [10, null, 20, 30, 40, 50, 60, 70];

async function image(file: string, background: string): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  const options = { width: 40, height: 30, channels: 3, background } as const;
  await writeFile(file, await sharp({ create: options }).png().toBuffer());
}

const part = (name: string) => ({
  files: [name],
  open: (root: string) => classFoldersSource(join(root, name), classes),
});

function probe(name: string, changes: Partial<LabeledTask> = {}): LabeledTask {
  const parts = Object.fromEntries(["train1", "train2", "test"].map((each) => [each, part(each)]));
  return {
    kind: "linear probe",
    name,
    title: name,
    family: "vision",
    origin: "the makers of colors",
    gigabytes: 0,
    inputs: "image",
    ...{ classes, templates },
    layouts: [{ name: "class folders", parts }],
    protocols: { clip: { train: [["train1"], ["train2"]], test: ["test"] } },
    paper: [{ title: name, metrics: ["accuracy"], values: paper }],
    ...changes,
  };
}

const captions: RetrievalTask = {
  kind: "zero-shot retrieval",
  name: "captions",
  title: "Captions",
  family: "multimodal",
  origin: "us",
  gigabytes: 0,
  layouts: [
    { name: "pairs", parts: { test: { files: ["all.jsonl"], open: (root) => openSource(root) } } },
  ],
  protocols: { paper: { train: [], test: ["test"] } },
  paper: [
    { title: "Captions TR R@1", metrics: ["text R@1"], values: paper },
    { title: "Captions IR R@5", metrics: ["image R@5"], values: paper },
  ],
};

const broken: Part<never> = {
  files: ["train1"],
  open: () => Promise.reject(new Error("train1 ends after 3 of 10 bytes.")),
};
const damaged = probe("damaged", {
  layouts: [{ name: "class folders", parts: { train1: broken, train2: broken, test: broken } }],
});
const tasks: readonly Task[] = [probe("colors"), probe("nowhere"), damaged, captions];

beforeAll(async () => {
  for (const [label, [r, b]] of [
    ["red", [240, 0]],
    ["blue", [0, 240]],
  ] as const) {
    for (const [name, count] of [
      ["train1", 6],
      ["train2", 6],
      ["test", 3],
    ] as const) {
      for (let index = 0; index < count; index++) {
        const file = `${name}/${label}/${index}.png`;
        await image(join(data, "colors", file), `rgb(${r},${20 * index + count},${b})`);
      }
    }
  }
  await mkdir(join(data, "damaged/train1"), { recursive: true });
  for (const color of ["red", "lime"]) await image(join(data, `captions/${color}.png`), color);
  const lines = [
    { file_name: "red.png", text: ["a", "b"] },
    { file_name: "lime.png", text: ["a", "c"] },
  ];
  await writeFile(
    join(data, "captions/all.jsonl"),
    lines
      .flatMap(({ file_name, text }) =>
        text.map((each) => JSON.stringify({ file_name, text: each })),
      )
      .join("\n"),
  );
});

interface Run {
  readonly report: SuiteReport;
  readonly progress: readonly number[];
  readonly notices: string;
}

async function run(changes: Partial<SuiteOptions> = {}, backend?: Backend): Promise<Run> {
  const progress: number[] = [];
  const notices: string[] = [];
  const report = await runSuite("colors35", tasks, await smallFlava(backend), {
    data,
    out,
    onNotice: (sentence) => notices.push(sentence),
    onProgress: (_, done, total) => progress.push(done / total),
    ...changes,
  });
  return { report, progress, notices: notices.join("\n") };
}

const outcomeOf = ({ outcomes }: SuiteReport, name: string) =>
  outcomes.find(({ task }) => task.name === name)!;

it("the averages of the paper's columns are those that it prints", () => {
  const without = { status: "missing", reason: "" } as const;
  const averages = averagesOf(rowsOf(flava35.map((task) => ({ task, without }))));
  const printed = {
    NLP: [null, 71.55, 64.8, 74.22, 75.55, 78.19, 46.44, 50.5],
    Vision: [57.46, null, 79.14, 79.35, 78.29, 79.44, 76.12, 82.57],
    Multimodal: [null, null, 66.25, 69.11, 67.32, 69.92, 62.02, 67.29],
    Macro: [19.15, 23.85, 70.06, 74.23, 73.72, 75.85, 61.52, 66.78],
  };
  expect(averages.map(({ title, rows }) => [title, rows])).toEqual([
    ...[
      ["NLP", 8],
      ["Vision", 22],
      ["Multimodal", 11],
      ["Macro", 41],
    ],
  ]);
  for (const [index, numbers] of Object.values(printed).entries()) {
    for (const [column, number] of numbers.entries()) {
      const found = averages[index]!.paper[column]!;
      // The paper's rows are rounded, and its averages are not made of these.
      if (number === null) expect(found).toBeNull();
      else expect(Math.abs(found - number)).toBeLessThan(0.011);
    }
  }
});

describe("a suite", () => {
  let first: Run;
  beforeAll(async () => {
    first = await run();
  });

  it("scores what is there, and says what is missing or damaged", () => {
    const scored = outcomeOf(first.report, "colors");
    expect(scored).toMatchObject({
      scores: { layout: "class folders", samples: { train: 12, test: 6 } },
    });
    if (!("scores" in scored)) throw new Error("colors should be scored");
    const { accuracy, "zero-shot accuracy": zeroShot } = scored.scores.metrics;
    expect([accuracy?.mean, zeroShot?.count]).toEqual([1, 6]);
    const { seconds, secondsInPrograms } = scored.scores;
    expect(secondsInPrograms).toBeGreaterThan(0);
    expect(secondsInPrograms).toBeLessThanOrEqual(seconds);
    expect(outcomeOf(first.report, "nowhere")).toMatchObject({
      without: { status: "missing", reason: expect.stringContaining("makers of colors") as string },
    });
    expect(scored).toMatchObject({ scores: { partial: false } });
    expect(outcomeOf(first.report, "damaged")).toMatchObject({
      without: { status: "failed", reason: "train1 ends after 3 of 10 bytes." },
    });
    expect(first.progress.at(-1)).toBe(1);
    expect(first.notices).toMatch(/4 tasks: 2 to run.*embeddings take at most.*of memory/s);
  });

  it("counts equal captions one by one", () => {
    const scored = outcomeOf(first.report, "captions");
    if (!("scores" in scored)) throw new Error("captions should be scored");
    expect(scored.scores.metrics["image R@1"]?.count).toBe(4);
    expect(scored.scores.metrics["text R@5"]?.mean).toBe(1);
  });

  it("never averages missing rows away", () => {
    const rows = rowsOf(first.report.outcomes);
    const [vision, multimodal, macro] = averagesOf(rows);
    expect(vision).toMatchObject({ title: "Vision", rows: 3, missing: 2 });
    expect([vision?.value, macro?.value]).toEqual([undefined, undefined]);
    expect(multimodal?.value).toBeGreaterThan(0);
    expect(vision?.paper).toEqual(paper);
  });

  it("has the same scores, files and embeddings if several processes share it", async () => {
    const place = join(folder, "shared");
    const cache = process.env.FLAVA_CACHE!;
    process.env.FLAVA_CACHE = join(folder, "shared-cache");
    const shared = await Promise.all(
      communicators(2).map((processes) => run({ out: place }, referenceBackend({ processes }))),
    );
    process.env.FLAVA_CACHE = cache;
    const untimed = (report: unknown): unknown =>
      JSON.parse(
        JSON.stringify(report, (name, value: unknown) => (name.startsWith("seconds") ? 0 : value)),
      );
    for (const { report } of shared) expect(untimed(report)).toEqual(untimed(first.report));
    const scoresIn = async (directory: string): Promise<unknown> =>
      untimed(JSON.parse(await readFile(join(directory, "tasks/colors.json"), "utf8")));
    expect(await scoresIn(place)).toEqual(await scoresIn(out));
    const stored = (root: string): string[] =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => /rows|digests/.test(name))
        .sort()
        .map(
          (name) =>
            `${name} ${createHash("sha256")
              .update(readFileSync(join(root, name)))
              .digest("hex")}`,
        );
    expect(stored(join(folder, "shared-cache"))).toEqual(stored(cache));
    const finetune = run(
      { out: place, finetune: true },
      referenceBackend({ processes: communicators(2)[0]! }),
    );
    await expect(finetune).rejects.toThrow(/--finetune runs in one process/);
  });

  it("writes the table as a page, as Markdown and as JSON", async () => {
    const [page, markdown, json] = await Promise.all(
      ["report.html", "report.md", "report.json"].map((name) => readFile(join(out, name), "utf8")),
    );
    expect(page).toContain("Captions TR R@1");
    expect(markdown).toMatch(/\| colors \| 100\.00 \| 100\.00 to 100\.00 \| 10\.00 \| 20\.00/);
    expect(markdown).toMatch(/\| nowhere \| missing \|/);
    expect(markdown).toMatch(/\*\*Vision\*\* \| 1 of 3 rows/);
    expect(page).toContain("Zero-shot classification");
    expect(markdown).toMatch(/\| colors \| \d+\.00 \| .* \| 50\.00 \| 2 \| 2 \|/);
    expect(JSON.parse(json!)).toMatchObject({
      suite: "colors35",
      zeroShot: [{ task: "colors", classes: 2, prompts: 2, count: 6 }],
      rows: [{ task: "colors", mean: 100, paper: { FLAVA: 50, MLM: null } }, {}, {}, {}, {}],
    });
  });

  it("shows on a terminal what was scored, and sums up what is missing", () => {
    const text = suiteText(first.report);
    expect(text).toMatch(/^task .* FLAVA +CLIP \(400M\)$/m);
    expect(text).toMatch(/^colors +100\.00 +100\.00 to 100\.00 +50\.00/m);
    expect(text).toMatch(/^damaged +failed/m);
    expect(text).not.toMatch(/^nowhere/m);
    expect(text).toContain("Files are missing for nowhere.");
  });

  it("keeps finished tasks and embeddings", async () => {
    const again = await run();
    expect(again.notices).toMatch(/4 tasks: 0 to run, 2 finished earlier/);
    expect(again.report.outcomes).toEqual(first.report.outcomes);
    await rm(join(out, "tasks/colors.json"));
    await image(join(data, "colors/test/red/0.png"), "blue"); // another content
    const changed = outcomeOf((await run()).report, "colors");
    if ("scores" in changed) expect(changed.scores.metrics.accuracy?.mean).toBeCloseTo(5 / 6, 12);
  });

  it("marks scores on other data than the official ones, and leaves them out of averages", async () => {
    const [train1, train2, test] = ["train1", "train2", "test"].map(part);
    const parts = { train1: train1!, train2: train2!, test: { ...test!, samples: 600 } };
    const few = probe("colors", { layouts: [{ name: "class folders", parts }] });
    const place = join(folder, "few");
    const given = { data, out: place, incomplete: true };
    const { outcomes } = await runSuite("few", [few], await smallFlava(), given);
    const rows = rowsOf(outcomes);
    expect([rows[0]?.partial, averagesOf(rows)[0]?.missing]).toEqual([true, 1]);
    const markdown = await readFile(join(place, "report.md"), "utf8");
    expect(markdown).toMatch(/\| colors \| [0-9.]+ \* \|/);
    expect(markdown).toContain("Not the official data: test has 6 of 600 samples.");
  });

  it("does not score a set with an image that cannot be used, unless it may be incomplete", async () => {
    const place = join(folder, "hurt");
    const hurt = probe("hurt", { protocols: { clip: { train: [["train1"]], test: ["test"] } } });
    for (const color of ["red", "blue"]) {
      const samples = ["train1/{}/0.png", "train1/{}/1.png", "train1/{}/2.png", "test/{}/0.png"];
      for (const [index, file] of samples.entries()) {
        const path = join(data, "hurt", file.replace("{}", color));
        await image(path, color === "red" ? `rgb(240,${index},0)` : `rgb(0,${index},240)`);
      }
    }
    const file = join(data, "hurt/test/red/1.png");
    await writeFile(file, (await readFile(join(data, "hurt/test/red/0.png"))).subarray(0, 60));
    const given = { data, out: place };
    const [refused] = (await runSuite("hurt", [hurt], await smallFlava(), given)).outcomes;
    const reason = refused && "without" in refused ? refused.without.reason : "";
    expect(reason).toMatch(/1 of 3 samples was left out: .*red\/1.*makers of colors; --incomplete/);
    const accepted = { ...given, incomplete: true };
    const [rest] = (await runSuite("hurt", [hurt], await smallFlava(), accepted)).outcomes;
    expect(rest).toMatchObject({ scores: { partial: true, samples: { train: 6, test: 2 } } });
    const again = (await runSuite("hurt", [hurt], await smallFlava(), given)).outcomes;
    expect(again).toEqual([refused]); // what was accepted once is not taken for granted
  });

  it("shows beside the model what is reached without it, and marks rows that do not beat it", async () => {
    const place = join(folder, "baselines");
    const given = { data, out: place, baselines: true };
    const { outcomes } = await runSuite(
      "with",
      [probe("colors"), captions],
      await smallFlava(),
      given,
    );
    const [colors, texts] = rowsOf(outcomes);
    expect(colors?.baselines).toMatchObject({ chance: 50, mostFrequent: { mean: 50, count: 6 } });
    // Gradient histograms see the colors of these images too: the model is as good, but not better.
    expect(colors?.baselines?.simple?.mean).toBe(colors?.value?.mean);
    expect(comparisonOf(colors!)).toBe("not better");
    expect(texts?.baselines).toMatchObject({
      method: "one order for all",
      mostFrequent: undefined,
    });
    const markdown = await readFile(join(place, "report.md"), "utf8");
    expect(markdown).toMatch(/\| colors .* \| 50.00 \| 50.00 \(.* no \|/);
    expect(markdown).toContain("in 3 it does not");
    expect(suiteText({ ...first.report, outcomes })).toMatch(/^task .* simple baseline +beaten/m);
  });

  it("runs a finished task again if its files or the model have changed, and says so", async () => {
    await image(join(data, "colors/test/red/new.png"), "rgb(240,20,0)");
    const again = await run();
    expect(again.notices).toContain("colors: its files have changed since it was scored");
    expect(again.notices).toMatch(/4 tasks: 1 to run, 1 finished earlier/);
    expect(outcomeOf(again.report, "colors")).toMatchObject({ scores: { samples: { test: 7 } } });
    const file = join(out, "tasks/captions.json");
    const scores = JSON.parse(await readFile(file, "utf8")) as { of: { model: string } };
    await writeFile(file, JSON.stringify({ ...scores, of: { ...scores.of, model: "another" } }));
    const other = await run();
    expect(other.notices).toContain("Captions: the model has changed since it was scored");
    expect((await run()).notices).toMatch(/4 tasks: 0 to run, 2 finished earlier/);
    const half = await run({ dtype: "float16" });
    expect(half.notices).toContain("colors: the precision of kept embeddings has changed");
  });

  it("shows no number where a metric is none, which JSON keeps as null", () => {
    const colors = outcomeOf(first.report, "colors");
    if (!("scores" in colors)) throw new Error("colors should be scored");
    const accuracy = { mean: null, low: null, high: null, count: 1 } as never;
    const scores = { ...colors.scores, metrics: { accuracy } };
    const rows = rowsOf([{ ...colors, scores }]);
    expect(rows[0]?.value).toBeUndefined();
    expect(averagesOf(rows)[0]).toMatchObject({ rows: 1, missing: 1 });
  });

  it("refuses to mix the results of two suites", async () => {
    const other = runSuite("other", tasks, await smallFlava(), { data, out });
    await expect(other).rejects.toThrow("holds results of colors35");
  });

  it("stops when its signal is aborted, and keeps what is finished", async () => {
    const stop = new AbortController();
    const place = join(folder, "stopped");
    const stopped = run({
      out: place,
      signal: stop.signal,
      onOutcome: (outcome) => {
        if ("scores" in outcome) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(JSON.parse(await readFile(join(place, "tasks/colors.json"), "utf8"))).toMatchObject({
      task: "colors",
    });
  });
});
