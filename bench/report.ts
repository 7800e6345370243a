import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** One line of the comparison. `ratio` is what the bar is set on. */
export type Row = {
  readonly work: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly ratio: number;
  readonly bar: string;
  readonly holds: boolean;
};

export type Bar = { readonly atLeast: number } | { readonly atMost: number };

type Measured = Pick<Row, "work" | "ours" | "peer" | "unit"> & { readonly ratio?: number };

/** Judges a measurement; its ratio is ours to the peer's unless another is given. */
export function judge(measured: Measured, bar: Bar): Row {
  const { work, ours, peer, unit, ratio = ours / peer } = measured;
  const holds = "atLeast" in bar ? ratio >= bar.atLeast : ratio <= bar.atMost;
  const said = "atLeast" in bar ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`;
  return { work, ours, peer, unit, ratio, bar: said, holds };
}

export function formatRow({ work, ours, peer, unit, ratio, bar, holds }: Row): string {
  const cells = [
    work,
    figure(ours),
    figure(peer),
    unit,
    ratio.toFixed(2),
    bar,
    holds ? "yes" : "no",
  ];
  return tableLine(cells);
}

export const rowHeader = tableHeader(["work", "ours", "peer", "unit", "ratio", "bar", "holds"]);

export function tableHeader(titles: readonly string[]): string {
  return `${tableLine(titles)}\n${tableLine(titles.map(() => "---"))}`;
}

export function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Three significant digits, never in exponents. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

export function describeMachine(): Record<string, string | number> {
  const flags =
    /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: cpus().length,
    instructions: ["avx2", "avx512f", "avx512_bf16", "avx512_vnni"]
      .filter((name) => flags.includes(name))
      .join(" "),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}
