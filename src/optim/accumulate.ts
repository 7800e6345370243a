import { reapply } from "../graph/trace.js";
import { add } from "../graph/ops/arithmetic.js";
import { ancestors, useCounts } from "../graph/order.js";
import { rewrite } from "../graph/rewrite.js";
import type { Tensor } from "../graph/tensor.js";

export interface Accumulated {
  readonly results: readonly Tensor[];
  /** `sums` plus `gradients`, by path. */
  readonly sums: ReadonlyMap<string, Tensor>;
}

/**
 * Adds each gradient to `sums` as soon as it is computed, so that gradients, or what they are computed from, need not be
 * kept until the end.
 *
 * @param results other tensors of the same graph, which is rewritten
 * @param gradients by path
 */
export function accumulate(
  results: readonly Tensor[],
  gradients: ReadonlyMap<string, Tensor>,
  sums: Readonly<Record<string, Tensor>>,
): Accumulated {
  const roots = [...results, ...gradients.values()];
  const uses = useCounts(ancestors(roots));
  for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
  const sumFor = new Map<Tensor, Tensor>();
  for (const [path, gradient] of gradients) {
    // A gradient with other readers, or one that is given, is left unchanged and added at the end.
    const isOwn = uses.get(gradient) === 1 && gradient.node.inputs.length > 0;
    if (isOwn) sumFor.set(gradient, sumAt(sums, path));
  }
  const traced = rewrite(roots, (node, inputs) => {
    if (!node.outputs.some((output) => sumFor.has(output))) return undefined;
    return reapply(node, inputs).map((made, index) => {
      const sum = sumFor.get(node.outputs[index]!);
      return sum ? add(sum, made) : made;
    });
  });
  const added = [...gradients].map(([path, gradient], index): [string, Tensor] => {
    const made = traced[results.length + index]!;
    return [path, sumFor.has(gradient) ? made : add(sumAt(sums, path), made)];
  });
  return { results: traced.slice(0, results.length), sums: new Map(added) };
}

function sumAt(sums: Readonly<Record<string, Tensor>>, path: string): Tensor {
  const sum = sums[path];
  if (sum) return sum;
  throw new Error(`The state has no gradient sum for ${path}: create the state for micro-batches.`);
}
