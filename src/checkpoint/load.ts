/** Loads weights from a checkpoint into a state, one tensor at a time. */
import { counted } from "../base/counted.js";
import type { CallOptions } from "../base/call-options.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import type { Matrices } from "../backend/backend.js";
import type { Checkpoint } from "./checkpoint.js";
import { type LoadReport, type Match, compare } from "./compare.js";
import { fromStored } from "./layout.js";
import { mapWeights } from "./load-mapped.js";
import { readFloat32, readingBytes } from "./files/stored-tensor.js";
import { root, weightPaths } from "./weight-paths.js";

/** Which weights are loaded, and what has to fit. Progress is in tensors. */
export interface LoadWeightsOptions extends CallOptions {
  /** Prefixes of the paths to load, such as "flava/image" and "codebook"; default: everything in the state. */
  readonly parts?: readonly string[];
  /** Throws a `WeightsMismatch` unless the checkpoint and these parts of the state fit exactly; default true. */
  readonly strict?: boolean;
}

/** A checkpoint does not fit; `report` lists all mismatches. Nothing was loaded. */
export class WeightsMismatch extends Error {
  override readonly name = "WeightsMismatch";

  /**
   * @param path the checkpoint, for the message
   * @param report how it fits the state
   */
  constructor(
    path: string,
    /** What is missing, unexpected or of another shape. */
    readonly report: LoadReport,
  ) {
    super(`${path} does not fit the model. ${describeMismatch(report).join(". ")}.`);
  }
}

/** The mismatches, one phrase for each kind with at most `shown` names: "2 missing: cls_token, mask_token". */
export function describeMismatch(report: LoadReport, shown = 10): string[] {
  return (["missing", "unexpected", "misshapen"] as const)
    .filter((kind) => report[kind].length > 0)
    .map((kind) => `${report[kind].length} ${kind}: ${enumerate(report[kind], shown)}`);
}

function enumerate(names: readonly string[], shown: number): string {
  const first = names.slice(0, shown).join(", ");
  return names.length <= shown ? first : `${first} and ${names.length - shown} more`;
}

/** A phrase on the tensors that do not belong to the model; there is at least one. */
export const describeForeign = (names: readonly string[], shown = 5): string =>
  `Ignored ${counted(names.length, "tensor")} that FLAVA does not have: ${enumerate(names, shown)}`;

/** What loading a model from the checkpoint leaves out or rounds: a sentence for each. */
export function describeLosses({
  unknown,
  weights,
}: Pick<Checkpoint, "unknown" | "weights">): string[] {
  const rounds = [...weights.values()].some(({ stored }) => stored.dtype === "float64");
  return [
    ...(unknown.length > 0 ? [`${describeForeign(unknown)}.`] : []),
    ...(rounds ? ["Rounded float64 weights to float32."] : []),
  ];
}

/**
 * Reads weights into the "parameters" of `state`. Tensors stored exactly as in the state are mapped where possible, and
 * read on first use, or else copied in pieces of a few megabytes. Converting other tensors takes the memory of the
 * largest one in float32 (twice that for convolutions).
 *
 * The checkpoint may then be closed, and its files replaced by renaming others, as all writers here do; but a
 * mapped file must not be truncated in place while the state is in use (see `Backend.map`).
 */
export async function loadWeights(
  checkpoint: Checkpoint,
  state: State,
  { parts, strict = true, signal, onProgress }: LoadWeightsOptions = {},
): Promise<LoadReport> {
  const isSelected = (path: string): boolean =>
    parts?.some((part) => `${path}/`.startsWith(`${part}/`)) ?? true;
  const selected = weightPaths(state).filter(isSelected);
  const { report, matches } = compare(
    checkpoint,
    new Map(selected.map((path) => [path, state.spec(root + path)])),
  );
  const { missing, unexpected, misshapen } = report;
  if (strict && missing.length + unexpected.length + misshapen.length > 0) {
    throw new WeightsMismatch(checkpoint.path, report);
  }
  signal?.throwIfAborted();
  const copied = mapWeights(state, matches);
  const mapped = matches.length - copied.length;
  onProgress?.(mapped, matches.length);
  await copyWeights(copied, state, (done) => {
    onProgress?.(mapped + done, matches.length);
    signal?.throwIfAborted();
  });
  return report;
}

async function copyWeights(
  copied: readonly Match[],
  state: State,
  onCopied: (tensors: number) => void,
): Promise<void> {
  if (copied.length === 0) return;
  const whole = copied.filter((match) => !isReadInPieces(match));
  const most = whole.reduce((bytes, { stored }) => Math.max(bytes, readingBytes(stored)), 0);
  const memory = new ArrayBuffer(Math.max(most, 2 * pieceBytes));
  for (const [index, match] of copied.entries()) {
    if (isReadInPieces(match)) await readInPieces(match, memory, state);
    else state.write(root + match.path, await read(match, memory));
    onCopied(index + 1);
  }
}

/** Small enough to stay in the processor's cache between reading and writing. */
const pieceBytes = 2 ** 21;

/** Whether a tensor can be copied in pieces: float32 on both sides, with matrices that fit into one. */
function isReadInPieces({ spec, stored, transposed }: Match): boolean {
  const same = spec.dtype === "float32" && stored.dtype === "float32";
  return same && stored.readPart !== undefined && wholeMatrices(pieceBytes, transposed) > 0;
}

/** The largest number of bytes, up to `bytes`, that is a whole number of matrices. */
function wholeMatrices(bytes: number, matrices: Matrices = { rows: 1, columns: 1 }): number {
  return bytes - (bytes % (4 * matrices.rows * matrices.columns));
}

/** Copies a tensor in pieces: while one is written to the state, the next is read. */
async function readInPieces(
  { path, stored, transposed }: Match,
  memory: ArrayBuffer,
  state: State,
): Promise<void> {
  const step = wholeMatrices(pieceBytes, transposed);
  const pieceAt = (from: number): Uint8Array => {
    const half = (from / step) % 2;
    return new Uint8Array(memory, half * step, Math.min(step, stored.bytes - from));
  };
  let pending = stored.readPart?.(0, pieceAt(0));
  for (let from = 0; from < stored.bytes; from += step) {
    await pending;
    const next = from + step;
    if (next < stored.bytes) pending = stored.readPart?.(next, pieceAt(next));
    const piece = pieceAt(from);
    const elements = new Float32Array(memory, piece.byteOffset, piece.byteLength / 4);
    state.writePart(root + path, from / 4, elements, transposed);
  }
}

/** A tensor's elements in the form that the state accepts. bfloat16 bits go into a bfloat16 tensor unchanged. */
async function read({ spec, layout, stored }: Match, memory: ArrayBuffer): Promise<Values> {
  if (spec.dtype !== "bfloat16" || stored.dtype !== "bfloat16") {
    return fromStored(layout, spec.shape, await readFloat32(stored, memory));
  }
  await stored.read(new Uint8Array(memory, 0, stored.bytes));
  return fromStored(layout, spec.shape, new Uint16Array(memory, 0, spec.size));
}
