/** Fine-tuning runs on a toy task: what they learn, write, and how they resume. */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { openBackend } from "../src/backend/open.js";
import { openSafetensors } from "../src/checkpoint/files/safetensors.js";
import { writeModel } from "../src/checkpoint/write-model.js";
import {
  type FinetuningRecipeInput,
  checkFinetuningRecipe,
} from "../src/configs/finetuning-recipe.js";
import { createServer } from "../src/serve/server.js";
import type { FinetuneOptions } from "../src/train/finetune-session.js";
import { finetuneDryRun } from "../src/train/finetune-dry-run.js";
import { type FinetuneResult, finetune } from "../src/train/finetune.js";
import { ChangedRunError } from "../src/train/run/provenance.js";
import { program } from "./build.js";
import { flava as flavaHere } from "./command-line.js";
import { post } from "./served.js";
import { checkpointConfig, checkpointState, writeCheckpoint } from "./small-checkpoint.js";
import { toyReviews } from "./toy-reviews.js";

const backend = openBackend();
let root: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-finetuning-"));
  model = join(root, "small");
  await writeCheckpoint(model);
});
afterAll(async () => {
  backend.dispose();
  await rm(root, { recursive: true, force: true });
});

const input: FinetuningRecipeInput = {
  name: "toy",
  encoder: "text",
  precision: "float32",
  batch: 8,
  steps: 12,
  rate: { peak: 1e-3 },
  lengths: [16, 32],
  every: { log: 4, evaluate: 4, save: 4 },
};

interface Run extends FinetuneResult {
  readonly lines: readonly string[];
}

async function run(
  name: string,
  recipe: Partial<FinetuningRecipeInput> = {},
  changes: Partial<FinetuneOptions> = {},
): Promise<Run> {
  const lines: string[] = [];
  const result = await finetune({
    recipe: checkFinetuningRecipe({ ...input, ...recipe }, "toy"),
    model,
    train: toyReviews(60, 1),
    validation: toyReviews(24, 2),
    directory: join(root, name),
    backend,
    workers: 0,
    log: (line) => lines.push(line),
    ...changes,
  });
  return { ...result, lines };
}

async function digest(name: string, ...path: string[]): Promise<string> {
  const bytes = await readFile(join(root, name, ...path));
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bytes of all tensors of a model by name. */
async function tensorsAt(directory: string): Promise<Map<string, Buffer>> {
  const files = await openSafetensors(join(directory, "model.safetensors"));
  const found = new Map<string, Buffer>();
  for (const [name, tensor] of files.tensors) {
    const bytes = Buffer.alloc(tensor.bytes);
    await tensor.read(bytes);
    found.set(name, bytes);
  }
  await files.close();
  return found;
}

const weights = ["seed-0", "final", "model.safetensors"] as const;
const head = ["seed-0", "final", "head.safetensors"] as const;

describe("a fine-tuning run", () => {
  it("writes a model that predicts, and whose measures the results repeat", async () => {
    const { model: path, seeds, ending } = await run("whole");
    expect(ending).toBe("finished");
    expect(seeds).toMatchObject([
      { seed: 0, measures: { accuracy: expect.any(Number) as number } },
    ]);
    const flava = await load(path, { onWarning: () => undefined });
    const validation = toyReviews(24, 2);
    const predictions = await flava.predict(validation.map(({ text }) => text!));
    const alone = await flava.predict(validation[3]!.text!);
    const server = await createServer({ models: { toy: () => Promise.resolve(flava) } });
    const inputs = [{ text: validation[3]!.text! }, { text: "a good film ".repeat(40) }];
    const refused = await post(server, "/v1/predict", { inputs });
    const cut = await post(server, "/v1/predict", { inputs, truncate: true });
    await server.close(); // and the model
    expect(refused).toMatchObject({ status: 422, body: { error: { param: "inputs[1]" } } });
    expect((cut.body as { data: unknown[] }).data).toHaveLength(2);
    const hits = predictions.filter((prediction, index) => {
      const { target } = validation[index]!;
      return "label" in prediction && target?.kind === "class" && prediction.label === target.label;
    });
    expect(hits.length / 24).toBeCloseTo(seeds[0]!.measures.accuracy!, 6);
    // A text alone is padded to another length and runs in another batch.
    const [one, other] = [alone, predictions[3]!] as [
      { probability: number },
      { probability: number },
    ];
    expect(one.probability).toBeCloseTo(other.probability, 4);
  });

  it("is written in float32, as it was evaluated, whatever its model is stored in", async () => {
    const halves = join(root, "halves");
    const stored = { state: checkpointState, config: checkpointConfig };
    await writeModel(halves, stored, { dtype: "bfloat16" });
    const { model: path } = await run("from-halves", { steps: 4 }, { model: halves });
    const files = await openSafetensors(join(path!, "model.safetensors"));
    const dtypes = new Set([...files.tensors.values()].map(({ dtype }) => dtype));
    await files.close();
    expect([...dtypes]).toEqual(["float32"]);
  });

  it("tells of what its model lacks, and of dropout that it asks for, before anything is trained", async () => {
    const bare = join(root, "bare");
    await cp(model, bare, { recursive: true });
    await rm(join(bare, "preprocessor_config.json"));
    const config = join(bare, "config.json");
    const json = JSON.parse(await readFile(config, "utf8")) as Record<string, object>;
    json.text_config = { ...json.text_config, hidden_dropout_prob: 0.1 };
    await writeFile(config, JSON.stringify(json));
    const lines: string[] = [];
    await finetuneDryRun({
      ...{ recipe: checkFinetuningRecipe(input, "toy"), model: bare, workers: 0, backend },
      ...{ train: toyReviews(60, 1), validation: toyReviews(24, 2), directory: join(root, "dry") },
      log: (line) => lines.push(line),
    });
    expect(lines).toContain(
      `${bare}: No image processor; using FLAVA's, with images of 32 pixels.`,
    );
    expect(lines).toContain(
      `${bare}: Its config.json has hidden_dropout_prob 0.1 (text); training here is without dropout.`,
    );
  });

  it("gives the same bits for any number of threads that make batches, and after a stop", async () => {
    await run("workers", {}, { workers: 2 });
    const stop = new AbortController();
    const log = (line: string): void => {
      if (line.startsWith(" 4/12")) stop.abort();
    };
    const stopped = await run("stopped", {}, { signal: stop.signal, log });
    expect(stopped.ending).toBe("stopped");
    const resumed = await run("stopped");
    expect(resumed.lines).toContain("Continuing after step 4 of 12.");
    for (const path of [weights, head]) {
      expect(await digest("workers", ...path)).toBe(await digest("whole", ...path));
      expect(await digest("stopped", ...path)).toBe(await digest("whole", ...path));
    }
  });

  it("gives almost the same in micro-batches", async () => {
    const first = async (
      name: string,
      recipe: Partial<FinetuningRecipeInput>,
    ): Promise<number[]> => {
      await run(name, { ...recipe, every: { log: 1, evaluate: 12, save: 12 } });
      const log = await readFile(join(root, name, "seed-0", "log.jsonl"), "utf8");
      return log
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { kind: string; scalars: Record<string, number> })
        .flatMap(({ kind, scalars }) => (kind === "training" ? [scalars.loss!] : []));
    };
    const [whole, parts] = [await first("one", {}), await first("four", { microBatches: 4 })];
    expect(whole).toHaveLength(12);
    for (const [step, loss] of whole.entries()) expect(parts[step]).toBeCloseTo(loss, 4);
  });

  it("refuses to continue with other data or settings", async () => {
    const changed = run("whole", {}, { train: toyReviews(60, 3) });
    await expect(changed).rejects.toThrow(ChangedRunError);
    await expect(run("whole", { rate: { peak: 2e-3 } })).rejects.toThrow(
      /rate\.peak: 0\.001 -> 0\.002/,
    );
    expect((await run("whole")).lines.join("\n")).toMatch(/^Seed 0 is finished/m);
  });

  it("runs several seeds and reports their median and range", async () => {
    const { lines, seeds } = await run("seeds", { seeds: [0, 1], steps: 4 });
    expect(seeds.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(lines.join("\n")).toMatch(/Median accuracy of 2 seeds: \d\.\d+ \(\d\.\d+ to \d\.\d+\)/);
    const results = await readFile(join(root, "seeds", "results.json"), "utf8");
    expect(JSON.parse(results)).toMatchObject({ measure: "accuracy", seeds: [{}, {}] });
    const page = await readFile(join(root, "seeds", "report.html"), "utf8");
    expect(page).toMatch(/<p>Median accuracy of 2 seeds: /);
    expect(await digest("seeds", "seed-1", "final", "head.safetensors")).not.toBe(
      await digest("seeds", ...head),
    );
  });

  it("ends early without progress, at the same step after resuming", async () => {
    const hopeless = {
      rate: { peak: 1e-12 },
      optimizer: { weightDecay: 0 },
      steps: 40,
      patience: 2,
    };
    const { lines } = await run("early", hopeless);
    const ended = lines.find((line) => line.startsWith("Ended early"));
    expect(ended).toBe("Ended early after step 12: no better value for 2 evaluations.");
    expect((await run("early", hopeless)).lines).toContain(ended);
  });

  it("leaves frozen parts alone", async () => {
    const { model: path } = await run("frozen", { frozen: ["flava/text/blocks"], steps: 4 });
    const [before, after] = await Promise.all([model, path!].map(tensorsAt));
    const changed = [...after!].filter(
      ([name, values]) => Buffer.compare(values, before!.get(`flava.${name}`)!) !== 0,
    );
    const names = changed.map(([name]) => name);
    expect(names).toContain("text_model.layernorm.weight");
    expect(names).toContain("text_model.embeddings.token_type_embeddings.weight");
    expect(names.filter((name) => !name.startsWith("text_model."))).toEqual([]);
    expect(names.filter((name) => name.includes(".layer."))).toEqual([]);
    await expect(run("nothing", { frozen: ["flava/txt"] })).rejects.toThrow(
      /"flava\/txt".* Parts that have: flava\/image, flava\/text/,
    );
    await expect(run("rules", { rules: [["texts.*", { frozen: true }]] })).rejects.toThrow(
      /matches no weights/,
    );
  });

  it("names the setting to change if a loss is not finite", async () => {
    await expect(run("wild", { rate: { peak: 1e30, warmup: 0 } })).rejects.toThrow(
      /infinite value or NaN.*--set rate\.peak=…/,
    );
  });

  it("refuses what cannot be learned", async () => {
    const same = toyReviews(20, 1).map((sample) => ({
      ...sample,
      target: { kind: "class", label: "good" } as const,
    }));
    await expect(run("same", {}, { train: same })).rejects.toThrow(/nothing to tell apart/);
    await expect(run("by", { best: "acuracy" })).rejects.toThrow(/Did you mean "accuracy"/);
    const one = run("one class", { best: "AUROC", steps: 4 }, { validation: same.slice(0, 4) });
    await expect(one).rejects.toThrow(/No model can be chosen by "AUROC", .* all are of one class/);
  });
});

describe("flava finetune", () => {
  /** Runs the command line; `onLine` may kill it. */
  async function flava(
    words: readonly string[],
    onOutput?: (text: string, kill: () => void) => void,
  ): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
    const child = spawn(process.execPath, [program, ...words], { cwd: root });
    child.stdout.on("data", (data: Buffer) =>
      onOutput?.(data.toString(), () => child.kill("SIGKILL")),
    );
    const [out, err, [code]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { code, out, err };
  }

  beforeAll(async () => {
    const rows = toyReviews(80, 5).map(({ text, target }) =>
      target?.kind === "class" ? `${text},${target.label}` : "",
    );
    await writeFile(join(root, "toy.csv"), ["review,stars", ...rows, "no label,", ""].join("\n"));
  });

  const words = [
    ...["finetune", "toy.csv", "--text", "review", "--label", "stars", "--model", "small"],
    ...["--set", "steps=12", "batch=8", "every.save=2", "every.log=2"],
  ];

  it("continues after a kill with the same bits, then predicts and scores", async () => {
    const { code, out } = await flava([...words, "--out", "cli"]);
    expect(code).toBe(0);
    expect(out).toMatch(/toy\.csv: of 81 samples, 1 has no label\./);
    const killed = await flava([...words, "--out", "killed"], (text, kill) => {
      if (/ [468]\/12 /.test(text)) kill();
    });
    expect(killed.code).not.toBe(0);
    expect(existsSync(join(root, "killed", "model"))).toBe(false);
    const resumed = await flava([...words, "--out", "killed"]);
    expect(resumed.out).toContain("Continuing after step");
    expect(await digest("killed", ...weights)).toBe(await digest("cli", ...weights));

    const here = (words: readonly string[]): ReturnType<typeof flavaHere> => flavaHere(root, words);
    const predicted = await here(["predict", "cli/model", "the film was great", "--json"]);
    expect(JSON.parse(predicted.out)).toMatchObject([{ labels: [{}, {}] }]);
    const misnamed = await here(["predict", "cli/model", "toi.csv"]);
    expect([misnamed.code, misnamed.err]).toEqual([
      1,
      expect.stringContaining("There is no file toi.csv"),
    ]);
    const file = await here(["predict", "cli/model", "cli/model/labels.json"]);
    expect([file.code, file.err]).toEqual([1, expect.stringContaining("labels.json is a file")]);
    const unread = await flava(["predict", "cli/model", "a text", "--text", "review"]);
    expect([unread.code, unread.err]).toEqual([2, expect.stringContaining("--text is for tables")]);
    await mkdir(join(root, "parts"));
    for (const part of ["train", "dev"])
      await writeFile(join(root, "parts", `${part}.csv`), "review,stars\nfine,good\n");
    const whole = await here(["evaluate", "parts", "--model", "cli/model"]);
    expect(whole.err).toContain("Name the part to score, such as parts/dev*");
    const evaluate = ["evaluate", "toy.csv", "--model", "cli/model", "--no-quotes"];
    const scored = await here([...evaluate, "--json", "--html", "scored.html"]);
    const found = JSON.parse(scored.out) as { evaluations: { samples: number }[] };
    expect(found.evaluations).toMatchObject([{ samples: 80, skipped: { unwanted: 1 } }]);
    const page = await readFile(join(root, "scored.html"), "utf8");
    expect(page).toMatch(/toy\.csv.*80 samples; .*accuracy.*<\/html>/s);
  }, 120_000);

  it("tells in a dry run what it would do, what is left out, and writes nothing", async () => {
    const rows = toyReviews(60, 5).map(
      ({ text }, row) => `${text},${row % 2 ? "a" : `once${row}`}`,
    );
    await writeFile(join(root, "rare.csv"), ["review,stars", ...rows, ""].join("\n"));
    const rare = words.map((word) => (word === "toy.csv" ? "rare.csv" : word));
    const { code, out } = await flava([...rare, "--out", "dry", "--dry-run"]);
    expect(code).toBe(0);
    const alone = Number(/of 60 samples, (\d+) have labels not learned: once/.exec(out)![1]);
    const [, train, held] = /(\d+) samples of rare\.csv to train on, and (\d+) held out/.exec(out)!;
    expect(Number(train) + Number(held) + alone).toBe(60);
    for (const line of [
      /^\d+ labels: "a" \(\d+\), "once0" \(1\), /m,
      /^Columns: text "review", label "stars"\.$/m,
      /^Training: 12 steps of 8 samples each, .* evaluated on \d+ after every/m,
      /^Memory: /m,
      /^Disk: /m,
    ])
      expect(out).toMatch(line);
    expect(existsSync(join(root, "dry"))).toBe(false);
  });

  it.each([
    ["an unknown column", ["--text", "reviews", "--label", "stars"], /no column reviews/],
    ["no columns", [], /name the columns to learn from/],
    ["another recipe's columns", ["--text", "review", "--recipe", "vqav2"], /--text and --image/],
    ["a task without its files", ["--recipe", "cola"], /no folder toy\.csv.*CoLA.*gluebenchmark/],
    ["a misspelt setting", ["--text", "review", "--set", "rate.peek=1"], /Did you mean "peak"/],
  ])("refuses %s", async (_, more, message) => {
    const { code, err } = await flavaHere(root, [
      "finetune",
      "toy.csv",
      ...more,
      "--out",
      "refused",
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(join(root, "refused"))).toBe(false);
  });
});
