import { ourCost, peerCost, type Cost } from "./fresh.js";
import { thorough } from "./measure.js";
import type { Panel } from "./plot.js";
import { figure, tableHeader, tableLine } from "./report.js";
import { threads, type Encoder } from "./work.js";

/** Time and memory of one training step of the encoder, each side in its own process. */
export type GrowthRow = {
  readonly batch: number;
  readonly tokens: number;
  readonly ours: Cost;
  readonly peer: Cost;
};

const batches = [1, 2, 4, 8, 16, 32, 64];
/** Images of 224, 288, 384 and 480 pixels a side, in patches of 16, and the class token. */
const lengths = [197, 325, 577, 901];
const usual = { batch: 8, tokens: 197 } as const;

export const growthHeader = tableHeader([
  "batch",
  "tokens",
  "ours, s",
  "peer, s",
  "ours, GB",
  "peer, GB",
  "noisy",
]);

/** Measures how a bfloat16 training step grows with the batch and with the length. */
export async function* growth(): AsyncGenerator<GrowthRow> {
  const sizes = [
    ...batches.map((batch) => ({ ...usual, batch })),
    ...lengths.filter((tokens) => tokens !== usual.tokens).map((tokens) => ({ ...usual, tokens })),
  ];
  for (const size of sizes) {
    const work: Encoder = { kind: "train", dtype: "bfloat16", ...size };
    const request = { work, threads, effort: { ...thorough, rounds: 3 } };
    yield { ...size, ours: await ourCost(request), peer: await peerCost(request) };
  }
}

export function formatGrowth({ batch, tokens, ours, peer }: GrowthRow): string {
  const figures = [ours.seconds, peer.seconds, ours.peakBytes / 1e9, peer.peakBytes / 1e9];
  const noisy = ours.noisy || peer.noisy ? "yes" : "";
  return tableLine([String(batch), String(tokens), ...figures.map(figure), noisy]);
}

/** Time and memory over the batch and over the length. */
export function growthPanels(rows: readonly GrowthRow[]): readonly Panel[] {
  const measures = [
    { y: "seconds a step", of: (cost: Cost) => cost.seconds },
    { y: "peak memory, GB", of: (cost: Cost) => cost.peakBytes / 1e9 },
  ];
  const axes = [
    {
      x: `batch, at ${usual.tokens} tokens`,
      key: "batch",
      rows: rows.filter(({ tokens }) => tokens === usual.tokens),
    },
    {
      x: `tokens, at batch ${usual.batch}`,
      key: "tokens",
      rows: rows.filter(({ batch }) => batch === usual.batch),
    },
  ] as const;
  return measures.flatMap(({ y, of }) =>
    axes.map(({ x, key, rows: shown }) => ({
      x,
      y,
      series: (["ours", "peer"] as const).map((side) => ({
        name: side,
        points: shown.map((row) => ({ x: row[key], y: of(row[side]) })),
      })),
    })),
  );
}
