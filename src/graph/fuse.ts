/**
 * Fusion: matrix products, convolutions and gradients of normalizations also perform the operations that follow while
 * the result is in registers, and activations before them while reading the input. This pass decides where fusion pays;
 * the operations declare what they support (`withEpilogue`, `withActivation`).
 */
import { ancestors, useCounts } from "./order.js";
import { type RewriteRule, rewrite } from "./rewrite.js";
import { type Epilogue, type Node, type Tensor, sameShape } from "./tensor.js";

type Results = readonly Tensor[] | undefined;
type Replace = Parameters<RewriteRule>[2];
type UsedOnce = (tensor: Tensor | undefined) => boolean;

/** Fuses epilogues and activations into operations that support them. Results change by rounding at most. */
export function fuse(roots: readonly Tensor[]): Tensor[] {
  const nodes = ancestors(roots);
  const uses = useCounts(nodes);
  for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
  const firstUse = new Map<Tensor, Node>();
  for (const node of nodes) {
    for (const input of node.inputs) if (!firstUse.has(input)) firstUse.set(input, node);
  }
  const usedOnce: UsedOnce = (tensor) => tensor !== undefined && uses.get(tensor) === 1;
  return rewrite(roots, (node, inputs, replace) => {
    const { fusesAs } = node.op;
    if (fusesAs === undefined) return fuseActivation(node, inputs, usedOnce);
    switch (fusesAs) {
      case "add":
        return fuseAddition(node, inputs, usedOnce, replace);
      case "gelu": {
        const [x] = node.inputs as [Tensor];
        return firstUse.get(x) === node ? fuseGelu(x, inputs[0]!, usedOnce(x), replace) : undefined;
      }
      case "relu":
        return usedOnce(node.inputs[0]) ? append(inputs[0]!, { kind: "relu" }) : undefined;
      case "geluGradient": {
        const [argument, dy] = inputs as [Tensor, Tensor];
        return usedOnce(node.inputs[1])
          ? append(dy, { kind: "geluGradient", argument })
          : undefined;
      }
    }
  });
}

/** The operation of `tensor` with an epilogue on its first result; undefined if it does not support it. */
function append({ node, index }: Tensor, epilogue: Epilogue): Results {
  return index === 0 ? node.op.withEpilogue?.(node, epilogue) : undefined;
}

/** x + f(...), where f supports an addend: the later of the two terms adds the other. */
function fuseAddition(
  node: Node,
  inputs: readonly Tensor[],
  usedOnce: UsedOnce,
  replace: Replace,
): Results {
  const [a, b] = inputs as [Tensor, Tensor];
  if (!sameShape(a.shape, b.shape)) return undefined;
  const candidates = ([0, 1] as const)
    .filter((side) => usedOnce(node.inputs[side]))
    .sort((left, right) => inputs[right]!.node.id - inputs[left]!.node.id);
  const { dtype } = node.outputs[0]!;
  for (const side of candidates) {
    const addend = side === 0 ? b : a;
    const fused = append(inputs[side]!, { kind: "add", addend, dtype });
    if (!fused) continue;
    // The other results of the term now come from the fused operation, too.
    const others = node.inputs[side]!.node.outputs.slice(1);
    for (const other of others) replace(other, fused[other.index]!);
    return fused;
  }
  return undefined;
}

/** gelu(product): computed by the product, which also returns the argument if the backward pass needs it. */
function fuseGelu(
  oldArgument: Tensor,
  argument: Tensor,
  argumentUsedOnce: boolean,
  replace: Replace,
): Results {
  const fused = append(argument, { kind: "gelu", keepsArgument: !argumentUsedOnce });
  const [result, preactivation] = fused ?? [];
  if (preactivation) replace(oldArgument, preactivation);
  return result && [result];
}

/**
 * An operation on an activation of x: it reads x and applies the activation itself. That is free for ReLU; for GELU it
 * pays only if the activation then need not be stored.
 */
function fuseActivation(node: Node, inputs: readonly Tensor[], usedOnce: UsedOnce): Results {
  const { op, outputs, attributes } = node;
  for (const [index, { node: before }] of inputs.entries()) {
    const activation = before.op.fusesAs;
    const fits = activation === "relu" || (activation === "gelu" && usedOnce(node.inputs[index]));
    if (!fits) continue;
    const call = { inputs: inputs.with(index, before.inputs[0]!), outputs, attributes };
    const fused = op.withActivation?.(call, index, activation);
    if (fused) return fused;
  }
  return undefined;
}
