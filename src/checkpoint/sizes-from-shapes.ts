/** Infers the sizes of a model from the shapes of its tensors, for files without a configuration. */
import type { Shape } from "../graph/tensor.js";
import type { CodebookConfig, FlavaConfig, StackConfig } from "../model/config.js";
import { type Sizes, standardCodebook } from "./huggingface-config.js";
import { CheckpointError } from "./files/stored-tensor.js";

/** The stored shape of the tensor at one of our paths. */
type ShapeOf = (path: string) => Shape | undefined;

/**
 * The sizes of FLAVA, given its numbers of attention heads, or of a codebook alone. Other sizes that cannot be inferred
 * from shapes have Hugging Face's defaults (flava.md 1.9).
 */
export function sizesFromShapes(
  what: string,
  paths: Iterable<string>,
  shapeOf: ShapeOf,
  heads: number | undefined,
): Sizes {
  const known = [...paths];
  const axis = (path: string, index: number): number => {
    const size = shapeOf(path)?.[index];
    if (size !== undefined) return size;
    throw new CheckpointError(
      `${what} has no tensor for ${path}, so the sizes of the model are unknown.`,
    );
  };
  const codebook = known.some((path) => path.startsWith("codebook/"));
  if (!known.some((path) => path.startsWith("flava/")))
    return { kind: "codebook", config: codebookSizes(known, axis) };
  if (heads === undefined) {
    throw new CheckpointError(
      `${what} has no config.json beside it, and the number of attention heads does not follow from its tensors. ` +
        "Put the model's config.json beside it, or give the number: load(path, { heads: 12 }), --heads 12 " +
        "(12 is that of the published FLAVA).",
    );
  }
  const codebookConfig = codebook ? codebookSizes(known, axis) : standardCodebook;
  const config = flavaSizes(known, axis, codebookConfig, heads);
  for (const { width } of [config.image, config.text, config.multimodal]) {
    if (Number.isInteger(heads) && heads >= 1 && width % heads === 0) continue;
    throw new CheckpointError(
      `${what} has encoders of width ${width}, which ${heads} attention heads do not divide.`,
    );
  }
  return { kind: "flava", config, codebook };
}

type Axis = (path: string, index: number) => number;

/** The number of list entries below `prefix`: one more than the largest index in the paths. */
function countAfter(paths: readonly string[], prefix: string): number {
  const numbers = paths
    .filter((path) => path.startsWith(prefix))
    .map((path) => parseInt(path.slice(prefix.length)));
  return numbers.reduce((most, number) => Math.max(most, number + 1), 0);
}

function flavaSizes(
  paths: readonly string[],
  axis: Axis,
  codebook: CodebookConfig,
  heads: number,
): FlavaConfig {
  const stack = (root: string): StackConfig => {
    return {
      layers: countAfter(paths, `${root}/blocks/`),
      width: axis(`${root}/norm/gain`, 0),
      hidden: axis(`${root}/blocks/0/mlp/expand/weight`, 0),
      heads,
    };
  };
  const patch = axis("flava/image/patch/weight", 2);
  const predictsTokens = paths.some((path) => path.startsWith("heads/mim/"));
  return {
    image: {
      ...stack("flava/image"),
      size: patch * Math.round(Math.sqrt(axis("flava/image/positions", 1) - 1)),
      patch,
      channels: axis("flava/image/patch/weight", 1),
      vocabulary: predictsTokens ? axis("heads/mim/decoder/weight", 0) : codebook.vocabulary,
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
    headEpsilon: 1e-12,
    maskPadding: true,
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
