/** Vectors in the memory of a backend: their 8-bit forms, to be scanned, and themselves. */
import type { Abortable } from "../base/call-options.js";
import type { Backend, OpenFile } from "../backend/backend.js";
import { type Program, compile } from "../backend/program.js";
import { State } from "../backend/state.js";
import { gatherRows } from "../graph/ops/gather.js";
import { quantizedScan } from "../graph/ops/quantized-scan.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { type Bounds, type Quantized, noBounds, quantize, widest } from "./quantized.js";

/** Queries scanned at a time, where there are several, and rows read at a time. */
export const queriesAtOnce = 16;
const rowsAtOnce = 256;

interface BlockSpecs {
  readonly vectors: TensorSpec;
  readonly scales: TensorSpec;
  readonly codes: TensorSpec;
}

type ScanProgram = Program<{ x: TensorSpec }, { scores: Tensor }>;
type ReadProgram = Program<{ ids: TensorSpec }, { rows: Tensor }>;

/** Where the tensors of a full block begin in a file, in bytes. */
export function blockLayout(rows: number, width: number): Record<keyof BlockSpecs, number> {
  return { vectors: 0, scales: rows * width * 4, codes: rows * width * 4 + rows * 4 };
}

/** Bytes of a full block in a file. */
export const blockBytes = (rows: number, width: number): number => rows * (5 * width + 4);

/** A block with a fixed number of places, filled from the first on. */
export class VectorBlock {
  readonly #state: State<BlockSpecs>;
  readonly #scans = new Map<number, ScanProgram>();
  #reader: ReadProgram | undefined;
  #rows = 0;
  #bounds: Bounds = noBounds;

  constructor(
    backend: Backend,
    readonly capacity: number,
    readonly width: number,
  ) {
    this.#state = new State(backend, {
      vectors: spec([capacity, width]),
      scales: spec([capacity]),
      codes: spec([capacity, width], "int8"),
    });
  }

  /** A full block in a file, as `blockLayout` says; undefined if the backend cannot map it. */
  static map(
    backend: Backend,
    file: OpenFile,
    rows: number,
    width: number,
    bounds: Bounds,
  ): VectorBlock | undefined {
    const block = new VectorBlock(backend, rows, width);
    const offsets = new Map(Object.entries(blockLayout(rows, width)));
    if (!block.#state.map(file, offsets)) return undefined;
    block.#rows = rows;
    block.#bounds = bounds;
    return block;
  }

  /** Number of vectors. */
  get rows(): number {
    return this.#rows;
  }

  get bounds(): Bounds {
    return this.#bounds;
  }

  /** Appends vectors [N, width], for which there must be room. */
  append(vectors: Float32Array, quantized: Quantized = quantize(vectors, this.width)): void {
    const { codes, scales, bounds } = quantized;
    const start = this.#rows;
    this.#state.writePart("vectors", start * this.width, vectors);
    this.#state.writePart("scales", start, scales);
    this.#state.writePart("codes", start * this.width, codes);
    this.#rows += scales.length;
    this.#bounds = widest(this.#bounds, bounds);
  }

  /**
   * Approximate products with one query or up to `queriesAtOnce`: float32 [rows] for each. See `errorBound`.
   * @param queries float32 [Q, width]
   */
  async scan(queries: Float32Array, { signal }: Abortable = {}): Promise<Float32Array[]> {
    const { width, capacity } = this;
    const count = queries.length / width;
    const lanes = count === 1 ? 1 : queriesAtOnce;
    const program = this.#scanOf(lanes);
    const x = new Float32Array(lanes * width);
    x.set(queries);
    const { scores } = await program.run({ x }, { signal });
    return Array.from({ length: count }, (_, query) =>
      (scores as Float32Array).subarray(query * capacity, query * capacity + this.#rows),
    );
  }

  /** The vectors of these rows: float32 [ids, width]. */
  async read(ids: readonly number[], { signal }: Abortable = {}): Promise<Float32Array> {
    const { width } = this;
    const program = (this.#reader ??= compile(
      { state: this.#state, inputs: { ids: spec([rowsAtOnce], "int32") } },
      ({ vectors }, inputs) => ({ outputs: { rows: gatherRows(vectors, inputs.ids) } }),
    ));
    const read = new Float32Array(ids.length * width);
    for (let first = 0; first < ids.length; first += rowsAtOnce) {
      const some = new Int32Array(rowsAtOnce).fill(-1);
      some.set(ids.slice(first, first + rowsAtOnce));
      const { rows } = await program.run({ ids: some }, { signal });
      const kept = Math.min(rowsAtOnce, ids.length - first) * width;
      read.set(rows.subarray(0, kept), first * width);
    }
    return read;
  }

  dispose(): void {
    for (const program of this.#scans.values()) program.dispose();
    this.#scans.clear();
    this.#reader?.dispose();
    this.#reader = undefined;
    this.#state.dispose();
  }

  #scanOf(lanes: number): ScanProgram {
    const known = this.#scans.get(lanes);
    if (known) return known;
    const program = compile(
      { state: this.#state, inputs: { x: spec([lanes, this.width]) } },
      ({ codes, scales }, { x }) => ({ outputs: { scores: quantizedScan(x, codes, scales) } }),
    );
    this.#scans.set(lanes, program);
    return program;
  }
}
