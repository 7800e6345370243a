/**
 * Measures the engine against PyTorch on this machine:
 *   npm run bench -- engine [--json FILE]                 every bar, row by row
 *   npm run bench -- growth [--json FILE] [--plot FILE]   how a training step grows with batch and length
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compare } from "./comparison.js";
import { openEngine } from "./engine.js";
import { measureHere, type FreshRequest } from "./fresh.js";
import { formatGrowth, growth, growthHeader, growthPanels, type GrowthRow } from "./growth.js";
import { startPeer } from "./peer.js";
import { plot } from "./plot.js";
import { describeMachine, formatRow, rowHeader, type Row } from "./report.js";

type Files = { readonly json?: string | undefined; readonly plot?: string | undefined };

/** Fails where a bar does not hold. */
async function runEngine({ json }: Files): Promise<void> {
  const sides = { ours: openEngine(), peer: startPeer() };
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

async function runGrowth({ json, plot: picture }: Files): Promise<void> {
  const rows: GrowthRow[] = [];
  console.log(growthHeader);
  for await (const row of growth()) {
    rows.push(row);
    console.log(formatGrowth(row));
  }
  await writeJson(json, rows);
  if (picture !== undefined) writeFileSync(picture, plot(growthPanels(rows)));
}

/** The rows, and what they were measured on. */
async function writeJson(file: string | undefined, rows: readonly object[]): Promise<void> {
  if (file === undefined) return;
  const peer = startPeer();
  const machine = { ...describeMachine(), peer: await peer.name() };
  await peer.close();
  writeFileSync(file, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, plot: { type: "string" } },
});
const [command, request] = positionals;
if (command === "engine") await runEngine(values);
else if (command === "growth") await runGrowth(values);
else if (command === "fresh" && request !== undefined) {
  console.log(JSON.stringify(await measureHere(JSON.parse(request) as FreshRequest)));
} else {
  console.error("usage: npm run bench -- engine|growth [--json FILE] [--plot FILE]");
  process.exitCode = 2;
}
