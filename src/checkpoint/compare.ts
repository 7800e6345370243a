/** Which tensor of a checkpoint belongs to which of a state. */
import type { Matrices } from "../backend/backend.js";
import { type TensorSpec, sameShape } from "../graph/tensor.js";
import type { Checkpoint } from "./checkpoint.js";
import { type Layout, storedShape } from "./layout.js";
import { partOf, toFamily } from "./names.js";
import { type StoredWeights, holdsFloats } from "./files/stored-tensor.js";

/** How a checkpoint fits a state. Tensors go by the names of the checkpoint's family. */
export interface LoadReport {
  /** Number of tensors. */
  readonly loaded: number;
  /** What the state has and the checkpoint lacks; these tensors stay as they are. */
  readonly missing: readonly string[];
  /** What the checkpoint has and the state lacks, in parts that both have. */
  readonly unexpected: readonly string[];
  /** What is none of the model's, such as the heads and buffers of other programs; no fault. */
  readonly foreign: readonly string[];
  /** What has another shape, and how: these tensors stay as they are, too. */
  readonly misshapen: readonly string[];
}

/** A tensor of the state, by its path in the parameters, and the one of the checkpoint that belongs there. */
export interface Match {
  readonly path: string;
  readonly spec: TensorSpec;
  readonly layout: Layout;
  /** The file's matrices, one after another, that the state holds transposed. */
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

/** A convolution's kernel is a matrix there, of channels by positions, and is as it is here if it has one of either. */
function transposedIn(layout: Layout, { shape }: TensorSpec): Matrices | undefined {
  const [, height = 0, width = 0, inputs = 0] = shape;
  const moves = layout === "convolution" && height * width > 1 && inputs > 1;
  return moves ? { rows: inputs, columns: height * width } : undefined;
}
