import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** One line of the comparison. The bar applies to `ratio`. */
export type Row = {
  readonly work: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly ratio: number;
  readonly bar: string;
  readonly holds: boolean;
  /** Other processes disturbed the measurement. */
  readonly noisy: boolean;
  /** Cosine to the result in float32, if the bar requires one. */
  readonly cosine?: number;
};

/** A bound on the ratio and, with `cosineAtLeast`, on the cosine to the result in float32. */
export type Bar = ({ readonly atLeast: number } | { readonly atMost: number }) & {
  readonly cosineAtLeast?: number;
};

/** A row that could not be measured. */
export type Failure = { readonly work: string; readonly failure: string };

type Measured = Pick<Row, "work" | "ours" | "peer" | "unit" | "cosine"> & {
  readonly ratio?: number;
  readonly noisy?: boolean;
};

/** Judges a measurement; its ratio is ours to the peer's unless another is given. */
export function judge(measured: Measured, bar: Bar): Row {
  const { ratio = measured.ours / measured.peer, cosine = NaN, noisy = false } = measured;
  const { cosineAtLeast } = bar;
  const demands = [
    "atLeast" in bar
      ? { text: `>= ${bar.atLeast}`, holds: ratio >= bar.atLeast }
      : { text: `<= ${bar.atMost}`, holds: ratio <= bar.atMost },
    ...(cosineAtLeast === undefined
      ? []
      : [{ text: `cosine >= ${cosineAtLeast}`, holds: cosine >= cosineAtLeast }]),
  ];
  const text = demands.map((demand) => demand.text).join(", ");
  const holds = demands.every((demand) => demand.holds);
  return { ...measured, ratio, bar: text, holds, noisy };
}

export function formatRow({
  work,
  ours,
  peer,
  unit,
  ratio,
  bar,
  holds,
  cosine,
  noisy,
}: Row): string {
  const also = cosine === undefined ? "" : `, cosine ${cosine.toFixed(4)}`;
  const cells = [
    work,
    figure(ours),
    figure(peer),
    unit,
    `${ratio.toFixed(2)}${also}`,
    bar,
    `${holds ? "yes" : "no"}${noisy ? ", noisy" : ""}`,
  ];
  return tableLine(cells);
}

export function formatFailure({ work, failure }: Failure): string {
  return tableLine([work, "", "", "", "", "", `failed: ${failure.replaceAll(/\s+/g, " ")}`]);
}

export const rowHeader = tableHeader(["work", "ours", "peer", "unit", "ratio", "bar", "holds"]);

export function tableHeader(titles: readonly string[]): string {
  return `${tableLine(titles)}\n${tableLine(titles.map(() => "---"))}`;
}

export function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Three significant digits, without exponents. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

export function describeMachine(): Record<string, string | number> {
  const flags =
    /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: cpus().length,
    instructions: ["avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8"]
      .filter((name) => flags.includes(name))
      .join(" "),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}
