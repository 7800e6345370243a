/** The sizes of a model, read off the shapes of its tensors: for files that come without a configuration. */
import type { Shape } from "../graph/tensor.js";
import type { CodebookConfig, FlavaConfig, StackConfig } from "../model/config.js";
import { type Sizes, standardCodebook } from "./huggingface-config.js";
import { CheckpointError } from "./stored-tensor.js";

/** The shape of the tensor at one of our paths, as it is stored. */
type ShapeOf = (path: string) => Shape | undefined;

/** The one size that no shape tells: the features of an attention head, 64 in all published models. */
const headWidth = 64;

/**
 * The sizes of TorchMultimodal's FLAVA, whose multimodal encoder attends to padding and whose heads normalize with 1e-5
 * (flava.md 1.12), or of a codebook that stands alone.
 */
export function sizesFromShapes(what: string, paths: Iterable<string>, shapeOf: ShapeOf): Sizes {
  const known = [...paths];
  const axis = (path: string, index: number): number => {
    const size = shapeOf(path)?.[index];
    if (size !== undefined) return size;
    throw new CheckpointError(
      `${what} has no tensor for ${path}, so the sizes of the model cannot be told.`,
    );
  };
  const codebook = known.some((path) => path.startsWith("codebook/"));
  if (!known.some((path) => path.startsWith("flava/")))
    return { kind: "codebook", config: codebookSizes(known, axis) };
  return {
    kind: "flava",
    config: flavaSizes(known, axis, codebook ? codebookSizes(known, axis) : standardCodebook),
    codebook,
  };
}

type Axis = (path: string, index: number) => number;

/** How many numbers follow `prefix` in the paths: one more than the largest. */
function countAfter(paths: readonly string[], prefix: string): number {
  const numbers = paths
    .filter((path) => path.startsWith(prefix))
    .map((path) => parseInt(path.slice(prefix.length)));
  return numbers.reduce((most, number) => Math.max(most, number + 1), 0);
}

function flavaSizes(paths: readonly string[], axis: Axis, codebook: CodebookConfig): FlavaConfig {
  const stack = (root: string): StackConfig => {
    const width = axis(`${root}/norm/gain`, 0);
    return {
      layers: countAfter(paths, `${root}/blocks/`),
      width,
      hidden: axis(`${root}/blocks/0/mlp/expand/weight`, 0),
      heads: Math.max(1, Math.floor(width / headWidth)),
    };
  };
  const patch = axis("flava/image/patch/weight", 2);
  const heads = paths.some((path) => path.startsWith("heads/"));
  return {
    image: {
      ...stack("flava/image"),
      size: patch * Math.round(Math.sqrt(axis("flava/image/positions", 1) - 1)),
      patch,
      channels: axis("flava/image/patch/weight", 1),
      vocabulary: heads ? axis("heads/mim/decoder/weight", 0) : codebook.vocabulary,
    },
    text: {
      ...stack("flava/text"),
      vocabulary: axis("flava/text/words", 0),
      positions: axis("flava/text/positions", 0),
      types: axis("flava/text/types", 0),
    },
    multimodal: stack("flava/multimodal"),
    codebook,
    projection: axis("flava/imageProjection/weight", 0),
    epsilon: 1e-12,
    headEpsilon: 1e-5,
    maskPadding: false,
  };
}

function codebookSizes(paths: readonly string[], axis: Axis): CodebookConfig {
  return {
    channels: axis("codebook/input/weight", 1),
    groups: countAfter(paths, "codebook/groups/"),
    blocksPerGroup: countAfter(paths, "codebook/groups/0/"),
    hidden: axis("codebook/input/weight", 0),
    vocabulary: axis("codebook/output/weight", 0),
  };
}
