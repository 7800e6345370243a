/**
 * Measures this package on this machine, mostly against PyTorch:
 *   npm run bench -- engine [--only TEXT] [--quick] [--json FILE]   the engine, every bar, row by row
 *   npm run bench -- model [--only TEXT] [--quick] [--json FILE]    FLAVA against transformers, likewise
 *   npm run bench -- finetune [--only TEXT] [--quick] [--json FILE]   steps of fine-tuning against PyTorch, likewise
 *   npm run bench -- growth [--json FILE] [--plot FILE]   how a training step grows with batch and length
 *   npm run bench -- profile [--model base] [--batch 8] [--precision bfloat16]   where training steps spend their time
 *   npm run bench -- images [--json FILE]               decoding and both views, against transformers'
 *   npm run bench -- training [--model mini] [--batch 256] [--steps 30] [--json FILE]   whole training, against transformers
 *   npm run bench -- probe [--items 10000] [--json FILE]   a linear probe's whole search, against scikit-learn
 *   npm run bench -- wasm [--tensorflow FOLDER] [--json FILE]   the kernels in WebAssembly, against native, reference and TensorFlow.js
 *   npm run bench -- agreement [--items 16] [--only TEXT] [--json FILE]   results of all backends and of ONNX files, against the reference backend
 *   npm run bench -- onnx [--json FILE]                 zero-shot accuracy by exported files of every dtype
 *   npm run bench -- gpu [--json FILE]                  WebGPU on this machine's GPU, in two minutes
 *   npm run bench -- serve [--model PATH] [--seconds 20] [--overload 600] [--json FILE]   flava serve under load, against the library
 *   npm run bench -- serve --peer URL [--seconds 20]      flava serve beside infinity (bench/serve-peer.ts says how to start it)
 *   npm run bench -- scaling [--model base]            two processes against two threads, and a model of many machines
 *   npm run bench -- codebook [--model PATH]              what the codebook keeps of held-out icons
 *   npm run bench -- reranking [--model PATH]             retrieval with and without re-ranking by the matching head
 *   npm run bench -- search [--items COUNT] [--real COUNT] [--json FILE]   exact search and LanceDB, against the speed of memory
 *   npm run bench -- kills [--items 200]                  kills flava serve and what writes its index, and looks for losses
 *   npm run bench -- curves NAME=STAGE-DIRECTORY... --plot FILE [--only TEXT]   a page that compares runs of equal compute
 * --only selects the rows, or curves, whose label contains TEXT, such as "loading", "peak resident memory", "ITM score, batch 8".
 * --quick measures the headline rows, in about five minutes. Where other processes keep the machine busy, a row is measured
 * all the same after three minutes (15 seconds with --quick) and marked as noisy. Both sides use two threads, or FLAVA_THREADS.
 */
import { writeFileSync } from "node:fs";
import { type ModelName, models } from "../src/configs/models.js";
import { parseArgs } from "node:util";
import { barsOf, machineKind } from "./bars.js";
import { engineLines } from "./compare-engine.js";
import { modelLines } from "./compare-model.js";
import { finetuningLines } from "./compare-finetuning.js";
import type { Line } from "./comparison.js";
import { type NamedRun, writeCurves } from "./curves.js";
import { measureHere, type FreshRequest } from "./fresh.js";
import { formatGrowth, growth, growthHeader, growthPanels, type GrowthRow } from "./growth.js";
import { benchAgreement } from "./agreement.js";
import { benchCodebook } from "./codebook.js";
import { benchOnnxZeroShot } from "./onnx-zero-shot.js";
import { openOurs } from "./ours.js";
import { startPeer } from "./peer.js";
import { benchImages } from "./images.js";
import { plot } from "./plot.js";
import { benchKills, writeUpdates } from "./kills.js";
import { benchProbe } from "./probe.js";
import { profile } from "./profile.js";
import { benchReranking } from "./reranking.js";
import { benchSearch } from "./search.js";
import { quick, thorough } from "./measure.js";
import { describeMachine, rowHeader } from "./report.js";
import { measureLines, selectLines, summarize } from "./run-lines.js";
import { benchServe } from "./serve.js";
import { benchServePeer } from "./serve-peer.js";
import { benchTraining } from "./training.js";
import { benchScaling } from "./scaling.js";
import { benchGpu } from "./gpu.js";
import { benchWasm } from "./wasm.js";

const usage = `usage: npm run bench -- engine|model|finetune [--only TEXT] [--quick] [--json FILE]
       npm run bench -- growth [--json FILE] [--plot FILE]
       npm run bench -- images [--json FILE]
       npm run bench -- training [--model RECIPE] [--batch COUNT] [--steps COUNT] [--json FILE]
       npm run bench -- probe [--items COUNT] [--json FILE]
       npm run bench -- wasm [--tensorflow FOLDER] [--json FILE]
       npm run bench -- agreement [--items COUNT] [--only TEXT] [--json FILE]
       npm run bench -- onnx [--json FILE]
       npm run bench -- gpu [--json FILE]
       npm run bench -- serve [--model PATH] [--seconds COUNT] [--overload SECONDS] [--json FILE]
       npm run bench -- serve --peer URL [--seconds COUNT]
       npm run bench -- scaling [--model MODEL]   base, the default: mini and base
       npm run bench -- codebook [--model PATH]
       npm run bench -- reranking [--model PATH]
       npm run bench -- search [--items COUNT] [--real COUNT] [--json FILE]   counts: multiples of 2,048
       npm run bench -- kills [--items COUNT]
       npm run bench -- curves NAME=STAGE-DIRECTORY... --plot FILE [--only TEXT]
       npm run bench -- profile [--model MODEL] [--batch COUNT] [--precision float32|bfloat16]`;

type Options = {
  readonly only?: string | undefined;
  readonly json?: string | undefined;
  readonly plot?: string | undefined;
  readonly batch?: string | undefined;
  readonly precision: string;
  readonly model?: string;
  readonly steps: string;
  readonly items?: string;
  readonly real: string;
  readonly seconds: string;
  readonly overload: string;
  readonly peer?: string | undefined;
  readonly tensorflow?: string | undefined;
  readonly quick: boolean;
};

/** Prints the rows as they are measured; the exit code is 1 if a row failed or a bar does not hold. */
async function runComparison(lines: readonly Line[], { json, ...choice }: Options): Promise<void> {
  const selected = selectLines(lines, choice);
  if (selected.length === 0) throw new Error(`No row has a label that contains "${choice.only}".`);
  const effort = choice.quick ? quick : thorough;
  const peer = startPeer();
  const comparison = { ours: openOurs(), peer, effort };
  console.log(`Against ${await peer.name()}\n`);
  console.log(rowHeader);
  const outcomes = await measureLines(selected, comparison, console.log);
  await Promise.all([comparison.ours.close(), peer.close()]);
  await writeJson(json, outcomes);
  const { text, holds } = summarize(outcomes);
  console.log(`\nBars for ${machineKind()}: ${text}`);
  process.exitCode = holds ? 0 : 1;
}

async function runGrowth({ json, plot: image }: Options): Promise<void> {
  const rows: GrowthRow[] = [];
  console.log(growthHeader);
  for await (const row of growth()) {
    rows.push(row);
    console.log(formatGrowth(row));
  }
  await writeJson(json, rows);
  if (image !== undefined) writeFileSync(image, plot(growthPanels(rows)));
}

async function runImages({ json }: Options): Promise<void> {
  const rows = await benchImages();
  await writeJson(json, rows);
  process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
}

async function runTraining({ json, model = "mini", batch = "256", steps }: Options): Promise<void> {
  const counts = { batch: Number(batch), steps: Number(steps) };
  if (!Object.values(counts).every((count) => Number.isInteger(count) && count > 0)) {
    refuse("--batch and --steps are whole numbers from 1 on");
    return;
  }
  const rows = await benchTraining({ model, ...counts });
  await writeJson(json, rows);
  process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
}

async function runServe({ json, model, seconds, overload, peer }: Options): Promise<void> {
  const times = { seconds: Number(seconds), overloadSeconds: Number(overload) };
  if (!Object.values(times).every((time) => time >= 5)) {
    refuse("--seconds and --overload are 5 seconds or more");
    return;
  }
  const rows = await (peer === undefined
    ? benchServe({ model, ...times })
    : benchServePeer(peer, times.seconds));
  await writeJson(json, rows);
  process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
}

async function runProbe({ json, items = "10000" }: Options): Promise<void> {
  const count = Number(items);
  if (!Number.isInteger(count) || count < 100) {
    refuse("--items is a whole number from 100 on");
    return;
  }
  const rows = await benchProbe({ items: count, width: 768, classes: 100 });
  await writeJson(json, rows);
  process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
}

async function runSearch({ json, items = "1001472", real }: Options): Promise<void> {
  const sizes = { items: Number(items), real: Number(real) };
  if (!Object.values(sizes).every((count) => Number.isInteger(count) && count % 2048 === 0)) {
    refuse("--items and --real are multiples of 2,048");
    return;
  }
  const rows = await benchSearch(sizes);
  await writeJson(json, rows);
  process.exitCode = rows[1]!.holds ? 0 : 1;
}

async function runAgreement({ json, only, items = "16" }: Options): Promise<void> {
  const count = Number(items);
  if (!Number.isInteger(count) || count < 1) {
    refuse("--items is a whole number from 1 on");
    return;
  }
  const rows = await benchAgreement(count, only);
  await writeJson(json, rows);
  process.exitCode = rows.every((row) => row.holds) ? 0 : 1;
}

async function runKills({ items = "200" }: Options): Promise<void> {
  const { kills, updates, answers, faults } = await benchKills(Number(items));
  console.log(`${kills} kills, ${updates} updates, ${answers} answers; faults: ${faults.length}`);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

async function runProfile({ model = "base", batch = "8", precision }: Options): Promise<void> {
  const count = Number(batch);
  const possible = precision === "float32" || precision === "bfloat16";
  if (!possible || !Number.isInteger(count) || count <= 0) {
    refuse("--batch is a whole number from 1 on, --precision is float32 or bfloat16");
    return;
  }
  await profile({ model: modelName(model), batch: count, precision });
}

async function runCurves(
  named: readonly string[],
  { plot: image, only = "" }: Options,
): Promise<void> {
  const runs = named.map((text): NamedRun => {
    const [name = "", ...directory] = text.split("=");
    return { name, directory: directory.join("=") };
  });
  if (image === undefined || runs.length === 0 || runs.some(({ directory }) => directory === "")) {
    refuse("curves needs one or more NAME=STAGE-DIRECTORY, and --plot");
    return;
  }
  await writeCurves(image, runs, only);
}

/** Writes the rows and a description of the machine. */
async function writeJson(file: string | undefined, rows: readonly object[]): Promise<void> {
  if (file === undefined) return;
  const peer = startPeer();
  const machine = { ...describeMachine(), peer: await peer.name() };
  await peer.close();
  writeFileSync(file, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
}

function modelName(name: string): ModelName {
  const names = Object.keys(models) as ModelName[];
  const found = names.find((each) => each === name);
  if (found) return found;
  throw new Error(`There is no model "${name}". Name one of ${names.join(", ")}.`);
}

function refuse(reason: string): void {
  console.error(`${reason}\n\n${usage}`);
  process.exitCode = 2;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    json: { type: "string" },
    plot: { type: "string" },
    batch: { type: "string" },
    precision: { type: "string", default: "bfloat16" },
    model: { type: "string" },
    steps: { type: "string", default: "30" },
    seconds: { type: "string", default: "20" },
    overload: { type: "string", default: "600" },
    peer: { type: "string" },
    items: { type: "string" },
    real: { type: "string", default: "20480" },
    tensorflow: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const [command, ...requests] = positionals;
const [request] = requests;
switch (command) {
  case "engine":
    await runComparison(engineLines(barsOf()), values);
    break;
  case "model":
    await runComparison(modelLines(barsOf()), values);
    break;
  case "finetune":
    await runComparison(finetuningLines(), values);
    break;
  case "growth":
    await runGrowth(values);
    break;
  case "images":
    await runImages(values);
    break;
  case "training":
    await runTraining(values);
    break;
  case "serve":
    await runServe(values);
    break;
  case "probe":
    await runProbe(values);
    break;
  case "profile":
    await runProfile(values);
    break;
  case "agreement":
    await runAgreement(values);
    break;
  case "onnx":
    await writeJson(values.json, await benchOnnxZeroShot());
    break;
  case "gpu":
    await writeJson(values.json, await benchGpu());
    break;
  case "wasm":
    await writeJson(values.json, await benchWasm(values.tensorflow));
    break;
  case "scaling":
    await benchScaling(modelName(values.model ?? "base"));
    break;
  case "codebook":
    await benchCodebook(values.model);
    break;
  case "reranking":
    await benchReranking(values.model);
    break;
  case "search":
    await runSearch(values);
    break;
  case "curves":
    await runCurves(requests, values);
    break;
  case "kills":
    await runKills(values);
    break;
  case "updates": // internal, started by bench/kills.ts
    await writeUpdates(request ?? "", Number(requests[1]));
    break;
  case "fresh": // internal, started by bench/fresh.ts
    console.log(JSON.stringify(await measureHere(JSON.parse(request ?? "") as FreshRequest)));
    break;
  case undefined:
    refuse("name what is to be measured");
    break;
  default:
    refuse(`there is no benchmark "${command}"`);
}
