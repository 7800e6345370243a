/** What a checkpoint holds, in words and numbers. */
import { formatBytes } from "../backend/available-memory.js";
import { leavesOf } from "../base/tree.js";
import { type TensorSpec, sizeOf } from "../graph/tensor.js";
import { codebookParameters } from "../model/codebook.js";
import type { CodebookConfig, StackConfig } from "../model/config.js";
import { pretrainingParameters } from "../model/flava.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Sizes } from "./huggingface-config.js";
import { compare } from "./compare.js";
import { partOf } from "./names.js";

type Row = readonly [label: string, value: string];

/** A description for people, of several lines. */
export function describeCheckpoint(checkpoint: Checkpoint): string {
  const { family, format, sizes } = checkpoint;
  const sections: (readonly [title: string, rows: readonly Row[]])[] = [
    [`${family}, ${format}`, totalRows(checkpoint)],
    ["Sizes", sizes ? sizeRows(sizes, checkpoint) : []],
    ["Parameters by part", partRows(checkpoint)],
    [
      "Memory of the weights (activations, which depend on the batch, come on top)",
      memoryRows(checkpoint),
    ],
    ["Does not fit the sizes", faultRows(checkpoint)],
    ["Not of FLAVA", foreignRows(checkpoint)],
  ];
  return sections
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) =>
      [title, ...rows.map(([label, value]) => `  ${label.padEnd(22)}${value}`)].join("\n"),
    )
    .join("\n\n");
}

const number = (value: number): string => value.toLocaleString("en");

function totalRows({ weights }: Checkpoint): Row[] {
  const stored = [...weights.values()].map((weight) => weight.stored);
  const dtypes = [...new Set(stored.map(({ dtype }) => dtype))].join(", ");
  const bytes = stored.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return [
    ["parameters", `${number(countOf(weights.values()))} in ${number(stored.length)} tensors`],
    ["stored as", `${dtypes}, ${formatBytes(bytes)}`],
  ];
}

type Weights = Iterable<{ readonly stored: { readonly shape: readonly number[] } }>;

function countOf(weights: Weights): number {
  return [...weights].reduce((sum, { stored }) => sum + sizeOf(stored.shape), 0);
}

function sizeRows(sizes: Sizes, { weights }: Checkpoint): Row[] {
  if (sizes.kind === "codebook") return [["codebook", codebookSize(sizes.config)]];
  const { image, text, multimodal, codebook, projection, maskPadding } = sizes.config;
  const stack = ({ layers, width, heads, hidden }: StackConfig): string =>
    `layers ${layers}, width ${width}, heads ${heads}, hidden ${hidden}`;
  const hasCodebook = [...weights.keys()].some((path) => partOf(path) === "codebook");
  return [
    ["image encoder", `${stack(image)}; ${image.size} pixels in patches of ${image.patch}`],
    [
      "text encoder",
      `${stack(text)}; ${number(text.vocabulary)} words, up to ${text.positions} tokens`,
    ],
    ["multimodal encoder", stack(multimodal)],
    ["embeddings", `width ${projection}`],
    ...(hasCodebook ? [["codebook", codebookSize(codebook)] as const] : []),
    ["padding of texts", `${maskPadding ? "left out" : "seen"} by the multimodal encoder`],
  ];
}

function codebookSize({ groups, blocksPerGroup, hidden, vocabulary }: CodebookConfig): string {
  return `groups ${groups}, blocks ${blocksPerGroup}, hidden ${hidden}; ${number(vocabulary)} visual tokens`;
}

function partRows({ weights }: Checkpoint): Row[] {
  const parts = new Map<string, number>();
  for (const [path, weight] of weights) {
    const part = partOf(path);
    parts.set(part, (parts.get(part) ?? 0) + countOf([weight]));
  }
  return [...parts].map(([part, count]) => [part, number(count)]);
}

/** Bytes per parameter of AdamW: the weight, its gradient and two moments, all float32. */
const trainingBytes = 16;

/** Weights are kept in float32; programs add a copy of those they multiply with, packed for the kernels. */
function memoryRows({ weights }: Checkpoint): Row[] {
  const entries = [...weights];
  const total = countOf(weights.values());
  const count = (chosen: (path: string) => boolean): number =>
    countOf(entries.filter(([path]) => chosen(path)).map(([, weight]) => weight));
  const multiplied = count(isMultiplied);
  const quantized = count(isQuantized);
  const frozen = count((path) => partOf(path) === "codebook");
  return [
    ["to run in float32", formatBytes(4 * total + 4 * multiplied)],
    ["to run in bfloat16", formatBytes(4 * total + 2 * multiplied)],
    ["to run in int8", formatBytes(4 * total + 2 * multiplied - quantized)],
    ["to train with AdamW", formatBytes(trainingBytes * (total - frozen) + 4 * frozen)],
  ];
}

/** The weights of linear layers. */
function isMultiplied(path: string): boolean {
  return path.endsWith("/weight") && partOf(path) !== "codebook";
}

/** In int8 the linear layers of the blocks have weights of one byte; the others stay in bfloat16. */
function isQuantized(path: string): boolean {
  return /\/blocks\/\d+\/(attention|mlp)\/\w+\/weight$/.test(path);
}

function faultRows(checkpoint: Checkpoint): Row[] {
  const { report } = compare(checkpoint, expectedOf(checkpoint));
  const kinds = ["missing", "unexpected", "misshapen"] as const;
  return kinds.flatMap((kind) => report[kind].map((name): Row => [kind, name]));
}

/** Tensors that are none of FLAVA's, which loading ignores. */
function foreignRows({ unknown }: Checkpoint): Row[] {
  const shown = unknown.slice(0, 10).map((name): Row => ["ignored", name]);
  const rest = unknown.length - shown.length;
  return rest > 0 ? [...shown, ["", `and ${rest} more`]] : shown;
}

/** The tensors that the sizes ask for, of those main parts (encoders, heads, codebook) that the file has. */
function expectedOf({ sizes, weights }: Checkpoint): Map<string, TensorSpec> {
  const root = (path: string): string => path.split("/")[0] ?? "";
  const present = new Set([...weights.keys()].map(root));
  if (!sizes) return new Map();
  const tree =
    sizes.kind === "flava"
      ? pretrainingParameters(sizes.config)
      : { codebook: codebookParameters(sizes.config) };
  return new Map(leavesOf<TensorSpec>(tree).filter(([path]) => present.has(root(path))));
}
