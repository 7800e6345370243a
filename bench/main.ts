/**
 * Measures this package against PyTorch on this machine:
 *   npm run bench -- engine [--json FILE]                 the engine, every bar, row by row
 *   npm run bench -- model [--json FILE]                  FLAVA against transformers', in the same way
 *   npm run bench -- growth [--json FILE] [--plot FILE]   how a training step grows with batch and length
 *   npm run bench -- profile [--batch 8] [--precision bfloat16]   where the time of training steps goes
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareEngine } from "./compare-engine.js";
import { compareModel } from "./compare-model.js";
import type { Sides } from "./comparison.js";
import { measureHere, type FreshRequest } from "./fresh.js";
import { formatGrowth, growth, growthHeader, growthPanels, type GrowthRow } from "./growth.js";
import { openOurs } from "./ours.js";
import { startPeer } from "./peer.js";
import { plot } from "./plot.js";
import { profile } from "./profile.js";
import { describeMachine, formatRow, rowHeader, type Row } from "./report.js";

const usage = `usage: npm run bench -- engine|model [--json FILE]
       npm run bench -- growth [--json FILE] [--plot FILE]
       npm run bench -- profile [--batch COUNT] [--precision float32|bfloat16]`;

type Options = {
  readonly json?: string | undefined;
  readonly plot?: string | undefined;
  readonly batch: string;
  readonly precision: string;
};

/** Prints the rows as they come; fails where a bar does not hold. */
async function runComparison(
  compare: (sides: Sides) => AsyncIterable<Row>,
  { json }: Options,
): Promise<void> {
  const sides = { ours: openOurs(), peer: startPeer() };
  const rows: Row[] = [];
  console.log(rowHeader);
  for await (const row of compare(sides)) {
    rows.push(row);
    console.log(formatRow(row));
  }
  await Promise.all([sides.ours.close(), sides.peer.close()]);
  await writeJson(json, rows);
  const below = rows.filter((row) => !row.holds);
  console.log(`\n${rows.length - below.length} of ${rows.length} bars hold.`);
  process.exitCode = below.length === 0 ? 0 : 1;
}

async function runGrowth({ json, plot: picture }: Options): Promise<void> {
  const rows: GrowthRow[] = [];
  console.log(growthHeader);
  for await (const row of growth()) {
    rows.push(row);
    console.log(formatGrowth(row));
  }
  await writeJson(json, rows);
  if (picture !== undefined) writeFileSync(picture, plot(growthPanels(rows)));
}

async function runProfile({ batch, precision }: Options): Promise<void> {
  const count = Number(batch);
  const possible = precision === "float32" || precision === "bfloat16";
  if (possible && Number.isInteger(count) && count > 0) await profile({ batch: count, precision });
  else refuse();
}

/** The rows, and what they were measured on. */
async function writeJson(file: string | undefined, rows: readonly object[]): Promise<void> {
  if (file === undefined) return;
  const peer = startPeer();
  const machine = { ...describeMachine(), peer: await peer.name() };
  await peer.close();
  writeFileSync(file, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
}

function refuse(): void {
  console.error(usage);
  process.exitCode = 2;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    plot: { type: "string" },
    batch: { type: "string", default: "8" },
    precision: { type: "string", default: "bfloat16" },
  },
});
const [command, request] = positionals;
switch (command) {
  case "engine":
    await runComparison(compareEngine, values);
    break;
  case "model":
    await runComparison(compareModel, values);
    break;
  case "growth":
    await runGrowth(values);
    break;
  case "profile":
    await runProfile(values);
    break;
  case "fresh": // for our own use, in bench/fresh.ts
    console.log(JSON.stringify(await measureHere(JSON.parse(request ?? "") as FreshRequest)));
    break;
  case undefined:
  default:
    refuse();
}
