/** Matches the tensors of a checkpoint with those of a state. */
import type { Matrices } from "../backend/backend.js";
import { type TensorSpec, sameShape } from "../graph/tensor.js";
import type { Checkpoint } from "./checkpoint.js";
import { type Layout, storedShape } from "./layout.js";
import { partOf, toFamily } from "./names.js";
import { type StoredWeights, holdsFloats } from "./files/stored-tensor.js";

/** How a checkpoint fits a state. Tensors have the names of the checkpoint's family. */
export interface LoadReport {
  /** Number of tensors. */
  readonly loaded: number;
  /** Tensors that the state has and the checkpoint lacks; they stay unchanged. */
  readonly missing: readonly string[];
  /** Tensors that the checkpoint has and the state lacks, in parts that both have. */
  readonly unexpected: readonly string[];
  /** Tensors that do not belong to the model, such as heads and buffers of other programs; not an error. */
  readonly foreign: readonly string[];
  /** Tensors with another shape, and how it differs; they stay unchanged, too. */
  readonly misshapen: readonly string[];
}

/** A tensor of the state, by its path in the parameters, and its counterpart in the checkpoint. */
export interface Match {
  readonly path: string;
  readonly spec: TensorSpec;
  readonly layout: Layout;
  /** The consecutive matrices in the file that the state stores transposed. */
  readonly transposed?: Matrices | undefined;
  readonly stored: StoredWeights;
}

/** Compares the expected tensors, by path, with those of the checkpoint. */
export function compare(
  { family, sizes, weights, unknown }: Checkpoint,
  expected: ReadonlyMap<string, TensorSpec>,
): { readonly report: LoadReport; readonly matches: readonly Match[] } {
  const image = sizes?.kind === "flava" ? sizes.config.image : undefined;
  const expectedParts = new Set([...expected.keys()].map(partOf));
  const matches: Match[] = [];
  const misshapen: string[] = [];
  const unexpected: string[] = [];
  for (const [path, { name, layout, stored }] of weights) {
    const spec = expected.get(path);
    if (!spec) {
      if (expectedParts.has(partOf(path))) unexpected.push(name);
      continue;
    }
    const storedAs = storedShape(layout, spec.shape, image);
    if (holdsFloats(stored) && sameShape(stored.shape, storedAs)) {
      matches.push({ path, spec, layout, transposed: transposedIn(layout, spec), stored });
    } else {
      const { dtype, shape } = stored;
      misshapen.push(
        `${name} (${dtype}[${shape.join(", ")}], not float32[${storedAs.join(", ")}])`,
      );
    }
  }
  const missing = [...expected.keys()]
    .filter((path) => !weights.has(path))
    .map((path) => toFamily(family, path)?.name ?? path);
  return {
    report: { loaded: matches.length, missing, unexpected, foreign: unknown, misshapen },
    matches,
  };
}

/** A stored kernel is a matrix of channels by positions; with only one of either, both layouts are the same. */
function transposedIn(layout: Layout, { shape }: TensorSpec): Matrices | undefined {
  const [, height = 0, width = 0, inputs = 0] = shape;
  const moves = layout === "convolution" && height * width > 1 && inputs > 1;
  return moves ? { rows: inputs, columns: height * width } : undefined;
}
