/** The contents of a checkpoint, as plain values. */
import { leavesOf } from "../base/tree.js";
import { type TensorSpec, sizeOf } from "../graph/tensor.js";
import { codebookParameters } from "../model/codebook.js";
import { pretrainingParameters } from "../model/flava.js";
import type { Checkpoint } from "./checkpoint.js";
import { type LoadReport, compare } from "./compare.js";
import type { Sizes } from "./huggingface-config.js";
import { partOf } from "./names.js";

/** Bytes of memory for the weights. */
interface Memory {
  readonly float32: number;
  readonly bfloat16: number;
  readonly int8: number;
  /** Bytes for training with AdamW. */
  readonly training: number;
}

/** Besides the names of tensors that do not fit the sizes. */
export interface Inspection extends Pick<LoadReport, "missing" | "unexpected" | "misshapen"> {
  readonly family: string;
  /** The file format. */
  readonly format: string;
  readonly sizes?: Sizes;
  readonly tensors: number;
  readonly parameters: number;
  /** Number of parameters of each part, such as "flava/image". */
  readonly parts: Readonly<Record<string, number>>;
  /** Dtypes of the stored tensors. */
  readonly dtypes: readonly string[];
  readonly bytes: number;
  /** Memory needed, without activations, which depend on the batch. */
  readonly memory: Memory;
  /** Names of tensors that do not belong to FLAVA, ignored by loading. */
  readonly ignored: readonly string[];
}

/** Inspects a checkpoint from the headers of its files, without reading weights. */
export function inspectCheckpoint(checkpoint: Checkpoint): Inspection {
  const { family, format, sizes, weights, unknown } = checkpoint;
  const stored = [...weights.values()].map((weight) => weight.stored);
  const { missing, unexpected, misshapen } = compare(checkpoint, expectedOf(checkpoint)).report;
  return {
    family,
    format,
    ...(sizes && { sizes }),
    tensors: stored.length,
    parameters: countOf(weights.values()),
    parts: parametersByPart(checkpoint),
    dtypes: [...new Set(stored.map(({ dtype }) => dtype))],
    bytes: stored.reduce((sum, tensor) => sum + tensor.bytes, 0),
    memory: memoryOf(checkpoint),
    missing,
    unexpected,
    misshapen,
    ignored: unknown,
  };
}

type Weights = Iterable<{ readonly stored: { readonly shape: readonly number[] } }>;

function countOf(weights: Weights): number {
  return [...weights].reduce((sum, { stored }) => sum + sizeOf(stored.shape), 0);
}

function parametersByPart({ weights }: Checkpoint): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const [path, weight] of weights) {
    const part = partOf(path);
    parts[part] = (parts[part] ?? 0) + countOf([weight]);
  }
  return parts;
}

/** Bytes per parameter with AdamW: the weight, its gradient and two moments, all float32. */
const trainingBytes = 16;

/** Weights are kept in float32; programs add a packed copy of those that they multiply with. */
function memoryOf({ weights }: Checkpoint): Memory {
  const entries = [...weights];
  const total = countOf(weights.values());
  const count = (chosen: (path: string) => boolean): number =>
    countOf(entries.filter(([path]) => chosen(path)).map(([, weight]) => weight));
  const multiplied = count(isMultiplied);
  const frozen = count((path) => partOf(path) === "codebook");
  return {
    float32: 4 * total + 4 * multiplied,
    bfloat16: 4 * total + 2 * multiplied,
    int8: 4 * total + 2 * multiplied - count(isQuantized),
    training: trainingBytes * (total - frozen) + 4 * frozen,
  };
}

/** The weights of linear layers. */
function isMultiplied(path: string): boolean {
  return path.endsWith("/weight") && partOf(path) !== "codebook";
}

/** In int8, weights of the blocks' linear layers take one byte; the others stay in bfloat16. */
function isQuantized(path: string): boolean {
  return /\/blocks\/\d+\/(attention|mlp)\/\w+\/weight$/.test(path);
}

/** The tensors implied by the sizes, in the main parts (encoders, heads, codebook) that the file has. */
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
