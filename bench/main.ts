/** `npm run bench -- NAME`: measures this package on this machine, mostly against PyTorch. `--help` lists the benchmarks. */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { wholeNumberFrom } from "../src/cli/whole-number.js";
import { type ModelName, models } from "../src/configs/models.js";
import { benchAgreement } from "./agreement.js";
import { barsOf, describeBars } from "./bars.js";
import { benchBrowser } from "./browser.js";
import { benchCodebook } from "./codebook.js";
import { engineLines } from "./compare-engine.js";
import { finetuningLines } from "./compare-finetuning.js";
import { modelLines } from "./compare-model.js";
import type { Line } from "./comparison.js";
import { type NamedRun, writeCurves } from "./curves.js";
import { type FreshRequest, measureHere } from "./fresh.js";
import { benchGpu } from "./gpu.js";
import { type GrowthRow, formatGrowth, growth, growthHeader, growthPanels } from "./growth.js";
import { benchImages } from "./images.js";
import { benchKills, writeUpdates } from "./kills.js";
import { quick, thorough } from "./measure.js";
import { benchOnnxZeroShot } from "./onnx-zero-shot.js";
import { openOurs } from "./ours.js";
import { startPeer } from "./peer.js";
import { plot } from "./plot.js";
import { benchProbe } from "./probe.js";
import { profile } from "./profile.js";
import { describeMachine, rowHeader } from "./report.js";
import { benchReranking } from "./reranking.js";
import { measureLines, selectLines, summarize } from "./run-lines.js";
import { benchScaling } from "./scaling.js";
import { benchSearch } from "./search.js";
import { benchServePeer } from "./serve-peer.js";
import { benchServe } from "./serve.js";
import { benchTraining } from "./training.js";
import { benchWasm } from "./wasm.js";

const program = new Command("npm run bench --")
  .description(
    "Measures this package on this machine, mostly against PyTorch. Both sides use two threads, or FLAVA_THREADS. The exit code is " +
      "1 if a bar does not hold.",
  )
  .showHelpAfterError();

interface JsonOption {
  readonly json?: string | undefined;
}

const positive = wholeNumberFrom(1);

const multipleFrom =
  (least: number, step: number) =>
  (text: string): number => {
    const count = wholeNumberFrom(least)(text);
    if (count % step === 0) return count;
    throw new InvalidArgumentError(`Expected a multiple of ${step}.`);
  };

function modelName(name: string): ModelName {
  const names = Object.keys(models) as ModelName[];
  const found = names.find((each) => each === name);
  if (found) return found;
  throw new InvalidArgumentError(`Expected one of ${names.join(", ")}.`);
}

function namedRun(text: string, earlier: readonly NamedRun[] = []): NamedRun[] {
  const [, name, directory] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || directory === undefined)
    throw new InvalidArgumentError("Expected NAME=STAGE-DIRECTORY.");
  return [...earlier, { name, directory }];
}

/** Writes the rows and a description of the machine. */
async function writeJson(file: string | undefined, rows: readonly object[]): Promise<void> {
  if (file === undefined) return;
  const peer = startPeer();
  const machine = { ...describeMachine(), peer: await peer.name() };
  await peer.close();
  writeFileSync(file, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
}

/** Writes the rows; the exit code is 1 unless all that count hold. */
async function finish<R extends { readonly holds: boolean }>(
  { json }: JsonOption,
  rows: readonly R[],
  counting: readonly R[] = rows,
): Promise<void> {
  await writeJson(json, rows);
  process.exitCode = counting.every((row) => row.holds) ? 0 : 1;
}

/** A benchmark with the option --json. */
const benchmark = (name: string, description: string): Command =>
  program.command(name).description(description).option("--json <file>", "write the rows as JSON");

interface ComparisonOptions extends JsonOption {
  readonly only?: string;
  readonly quick: boolean;
}

/** Prints the rows as they are measured; the exit code is 1 if a row failed or a bar does not hold. */
async function runComparison(
  lines: readonly Line[],
  { json, ...choice }: ComparisonOptions,
): Promise<void> {
  const selected = selectLines(lines, choice);
  if (selected.length === 0)
    program.error(`No row has a label that contains "${choice.only}".`, { exitCode: 2 });
  const effort = choice.quick ? quick : thorough;
  const peer = startPeer();
  const comparison = { ours: openOurs(), peer, effort };
  console.log(`Against ${await peer.name()}\n`);
  console.log(rowHeader);
  const outcomes = await measureLines(selected, comparison, console.log);
  await Promise.all([comparison.ours.close(), peer.close()]);
  await writeJson(json, outcomes);
  const { text, holds } = summarize(outcomes);
  console.log(`\n${describeBars()}: ${text}`);
  process.exitCode = holds ? 0 : 1;
}

const comparisons = {
  engine: { description: "the engine, every bar, row by row", lines: () => engineLines(barsOf()) },
  model: { description: "FLAVA against transformers, likewise", lines: () => modelLines(barsOf()) },
  finetune: { description: "steps of fine-tuning, likewise", lines: finetuningLines },
};
for (const [name, { description, lines }] of Object.entries(comparisons)) {
  benchmark(name, description)
    .option("--only <text>", 'only rows whose label contains this text, such as "ITM score"')
    .option("--quick", "only the headline rows, in about five minutes", false)
    .addHelpText(
      "after",
      "\nWhere other processes keep the machine busy, a row is measured all the same after three minutes (15 seconds with " +
        "--quick) and marked as noisy.",
    )
    .action((options: ComparisonOptions) => runComparison(lines(), options));
}

benchmark("growth", "how a training step grows with batch and length")
  .option("--plot <file>", "draw the rows as SVG")
  .action(async ({ json, plot: image }: JsonOption & { readonly plot?: string }) => {
    const rows: GrowthRow[] = [];
    console.log(growthHeader);
    for await (const row of growth()) {
      rows.push(row);
      console.log(formatGrowth(row));
    }
    await writeJson(json, rows);
    if (image !== undefined) writeFileSync(image, plot(growthPanels(rows)));
  });

program
  .command("profile")
  .description("where training steps spend their time")
  .option("--model <name>", "model to train", modelName, "base")
  .option("--batch <pairs>", "pairs in a batch", positive, 8)
  .addOption(
    new Option("--precision <dtype>", "precision of products")
      .choices(["float32", "bfloat16"])
      .default("bfloat16"),
  )
  .action(profile);

benchmark("images", "decoding and both views, against transformers'").action(
  async (options: JsonOption) => finish(options, await benchImages()),
);

benchmark("training", "whole training with its data, against transformers")
  .option("--model <recipe>", "recipe whose contrastive stage is trained", "mini")
  .option("--batch <pairs>", "pairs in a batch", positive, 256)
  .option("--steps <count>", "steps to time", positive, 30)
  .action(async ({ json, ...options }: JsonOption & Parameters<typeof benchTraining>[0]) =>
    finish({ json }, await benchTraining(options)),
  );

benchmark("probe", "a linear probe's whole search, against scikit-learn")
  .option("--items <count>", "rows of features", wholeNumberFrom(100), 10_000)
  .action(async ({ json, items }: JsonOption & { readonly items: number }) =>
    finish({ json }, await benchProbe({ items, width: 768, classes: 100 })),
  );

benchmark("wasm", "the kernels in WebAssembly, against native, reference and TensorFlow.js")
  .option("--tensorflow <folder>", "folder in which TensorFlow.js is installed")
  .action(async ({ json, tensorflow }: JsonOption & { readonly tensorflow?: string }) =>
    writeJson(json, await benchWasm(tensorflow)),
  );

benchmark(
  "browser",
  "how soon a fresh tab of Chromium classifies, on one thread of WebAssembly",
).action(async (options: JsonOption) => finish(options, await benchBrowser()));

benchmark("agreement", "results of all backends and of ONNX files, against the reference backend")
  .option("--items <pairs>", "pairs to embed and match", positive, 16)
  .option("--only <text>", "only engines whose name contains this text")
  .action(
    async ({
      items,
      only,
      ...options
    }: JsonOption & { readonly items: number; readonly only?: string }) =>
      finish(options, await benchAgreement(items, only)),
  );

benchmark("onnx", "zero-shot accuracy by exported files of every dtype").action(
  async ({ json }: JsonOption) => writeJson(json, await benchOnnxZeroShot()),
);

benchmark("gpu", "WebGPU on this machine's GPU, in two minutes").action(
  async ({ json }: JsonOption) => writeJson(json, await benchGpu()),
);

const seconds = wholeNumberFrom(5);
interface ServeOptions extends JsonOption {
  readonly model?: string;
  readonly seconds: number;
  readonly overload: number;
}
benchmark("serve", "flava serve under load, against the library")
  .option("--model <path>", "model to serve; default: the one that ships")
  .option("--seconds <count>", "seconds of each load", seconds, 20)
  .option("--overload <seconds>", "seconds of more requests than it can answer", seconds, 600)
  .action(async ({ model, seconds: each, overload: overloadSeconds, ...options }: ServeOptions) =>
    finish(options, await benchServe({ model, seconds: each, overloadSeconds })),
  );

benchmark("serve-peer", "flava serve beside infinity; bench/serve-peer.ts says how to start it")
  .argument("<url>", "where infinity answers")
  .option("--seconds <count>", "seconds of each load", seconds, 20)
  .action(async (url: string, { json, ...options }: JsonOption & { readonly seconds: number }) =>
    finish({ json }, await benchServePeer(url, options.seconds)),
  );

program
  .command("scaling")
  .description("two processes against two threads, and a model of many machines")
  .option("--model <name>", "base: mini and base", modelName, "base")
  .action(({ model }: { readonly model: ModelName }) => benchScaling(model));

program
  .command("codebook")
  .description("what the codebook keeps of held-out icons")
  .option("--model <path>", "model to measure; default: the one that ships")
  .action(({ model }: { readonly model?: string }) => benchCodebook(model));

program
  .command("reranking")
  .description("retrieval with and without re-ranking by the matching head")
  .option("--model <path>", "model to measure; default: the one that ships")
  .action(({ model }: { readonly model?: string }) => benchReranking(model));

benchmark("search", "exact search and LanceDB, against the speed of memory")
  .option(
    "--items <count>",
    "random vectors, a multiple of 2048",
    multipleFrom(2048, 2048),
    1_001_472,
  )
  .option("--real <count>", "vectors of real images, likewise", multipleFrom(0, 2048), 20_480)
  .action(async ({ json, ...sizes }: JsonOption & Parameters<typeof benchSearch>[0]) => {
    const rows = await benchSearch(sizes);
    await finish({ json }, rows, rows.slice(1, 2)); // the bar is one for the nearest of one query
  });

program
  .command("kills")
  .description("kills flava serve and what writes its index, and looks for losses")
  .option("--items <count>", "how many to kill", positive, 200)
  .action(async ({ items }: { readonly items: number }) => {
    const { kills, updates, answers, faults } = await benchKills(items);
    console.log(`${kills} kills, ${updates} updates, ${answers} answers; faults: ${faults.length}`);
    for (const fault of faults) console.log(fault);
    process.exitCode = faults.length === 0 ? 0 : 1;
  });

program
  .command("curves")
  .description("a page that compares runs of equal compute")
  .argument("<runs...>", "runs, each as NAME=STAGE-DIRECTORY", namedRun)
  .requiredOption("--plot <file>", "page to write")
  .option("--only <text>", "only curves whose label contains this text", "")
  .action((runs: readonly NamedRun[], options: { readonly plot: string; readonly only: string }) =>
    writeCurves(options.plot, runs, options.only),
  );

// Started by bench/kills.ts and bench/fresh.ts.
program
  .command("updates <path> <first>", { hidden: true })
  .action((path: string, first: string) => writeUpdates(path, Number(first)));
program.command("fresh <request>", { hidden: true }).action(async (request: string) => {
  console.log(JSON.stringify(await measureHere(JSON.parse(request) as FreshRequest)));
});

await program.parseAsync();
