/**
 * Fusion: what follows a matrix product, a convolution or a normalization's gradient is done while its result is in
 * registers. The rules look at one node and its inputs; rewriting does the rest.
 */
import { applyAll } from "./trace.js";
import { convolutionOp } from "./ops/convolution.js";
import { layerNormGradientOp } from "./ops/layer-norm.js";
import { type MatmulAttributes, matmulOp } from "./ops/matmul.js";
import { type QuantizedMatmulAttributes, quantizedMatmulOp } from "./ops/quantize.js";
import { ancestors, useCounts } from "./order.js";
import { type RewriteRule, rewrite } from "./rewrite.js";
import { type Node, type Tensor, sameShape } from "./tensor.js";

type Replace = Parameters<RewriteRule>[2];

/** Merges epilogues into the operations that can carry them. Results change by rounding at most. */
export function fuse(roots: readonly Tensor[]): Tensor[] {
  const nodes = ancestors(roots);
  const uses = useCounts(nodes);
  for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
  const firstUse = new Map<Tensor, Node>();
  for (const node of nodes) {
    for (const input of node.inputs) if (!firstUse.has(input)) firstUse.set(input, node);
  }
  const usedOnce = (tensor: Tensor | undefined): boolean =>
    tensor !== undefined && uses.get(tensor) === 1;
  const rule: RewriteRule = (node, inputs, replace) => {
    switch (node.op.name) {
      case "add":
        return fuseAddend(node, inputs, usedOnce, replace);
      case "gelu": {
        const [x] = node.inputs as [Tensor];
        return firstUse.get(x) === node ? fuseGelu(x, inputs[0]!, usedOnce(x), replace) : undefined;
      }
      case "relu":
        return usedOnce(node.inputs[0]) ? fuseOutputRelu(inputs[0]!) : undefined;
      case "geluGradient":
        return usedOnce(node.inputs[1]) ? fuseGeluGradient(inputs) : undefined;
      case matmulOp.name:
        return usedOnce(node.inputs[1]) ? fuseGeluFactor(node, inputs) : undefined;
      case "conv2d":
      case "conv2dWeightGradient":
        return fuseInputRelu(node, inputs);
      default:
        return undefined;
    }
  };
  return rewrite(roots, rule);
}

type ProductAttributes = MatmulAttributes | QuantizedMatmulAttributes;

const isProduct = ({ node }: Tensor): boolean =>
  node.op.name === matmulOp.name || node.op.name === quantizedMatmulOp.name;

/** Whether `tensor` is a product without activation and addend, which can take one more step. */
function isPlainProduct(tensor: Tensor): boolean {
  const attributes = tensor.node.attributes as ProductAttributes;
  const plain = attributes.activation === "none" && !attributes.hasAddend;
  return isProduct(tensor) && tensor.index === 0 && plain;
}

/** x + f(..) where f can add x itself: the later of the two terms takes the other as its addend. */
function fuseAddend(
  node: Node,
  inputs: readonly Tensor[],
  usedOnce: (tensor: Tensor | undefined) => boolean,
  replace: Replace,
): readonly Tensor[] | undefined {
  const [a, b] = inputs as [Tensor, Tensor];
  if (!sameShape(a.shape, b.shape)) return undefined;
  const candidates = ([0, 1] as const)
    .filter((side) => usedOnce(node.inputs[side]))
    .sort((left, right) => inputs[right]!.node.id - inputs[left]!.node.id);
  const dtype = node.outputs[0]!.dtype;
  for (const side of candidates) {
    const fused = withAddend(side === 0 ? a : b, side === 0 ? b : a, dtype);
    if (!fused) continue;
    // The other results of the term now come from the fused operation too.
    const others = node.inputs[side]!.node.outputs.slice(1);
    for (const other of others) replace(other, fused[other.index]!);
    return fused;
  }
  return undefined;
}

/** The operation behind `term` with one more input, which it adds to its first result; undefined if it cannot. */
function withAddend(
  term: Tensor,
  addend: Tensor,
  dtype: Tensor["dtype"],
): readonly Tensor[] | undefined {
  const { op, inputs, attributes } = term.node;
  if (term.index !== 0 || attributes.hasAddend !== false) return undefined;
  if (isProduct(term)) {
    const last = attributes.activation === "geluGradient" ? inputs.slice(-1) : [];
    const first = inputs.slice(0, inputs.length - last.length);
    return applyAll(op, [...first, addend, ...last], { ...attributes, dtype, hasAddend: true });
  }
  const canAdd = op.name === convolutionOp.name || op.name === layerNormGradientOp.name;
  if (!canAdd || dtype !== term.dtype) return undefined;
  return applyAll(op, [...inputs, addend], { ...attributes, hasAddend: true });
}

/** gelu(product): done by the product, which also gives its argument where the backward pass needs it. */
function fuseGelu(
  oldArgument: Tensor,
  argument: Tensor,
  argumentUsedOnce: boolean,
  replace: Replace,
): readonly Tensor[] | undefined {
  if (!isPlainProduct(argument)) return undefined;
  const { op, inputs, attributes } = argument.node;
  // An 8-bit product gives no second result: nothing is differentiated through it.
  const outputsPreactivation = !argumentUsedOnce;
  if (outputsPreactivation && op.name === quantizedMatmulOp.name) return undefined;
  const more = op.name === matmulOp.name ? { outputsPreactivation } : {};
  const [result, preactivation] = applyAll(op, inputs, {
    ...attributes,
    activation: "gelu",
    ...more,
  });
  if (preactivation) replace(oldArgument, preactivation);
  return result && [result];
}

/** dY · gelu'(z) where dY is a product. */
function fuseGeluGradient(inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const [preactivation, dy] = inputs as [Tensor, Tensor];
  if (!isPlainProduct(dy) || dy.node.op.name !== matmulOp.name) return undefined;
  const all = [...dy.node.inputs, preactivation];
  return applyAll(dy.node.op, all, { ...dy.node.attributes, activation: "geluGradient" });
}

/**
 * A · gelu(Z) summed over samples, as the gradient of a weight is: it applies GELU while it gathers Z, whose GELU is then
 * never stored.
 */
function fuseGeluFactor(node: Node, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const [a, b, ...others] = inputs as [Tensor, Tensor, ...Tensor[]];
  const attributes = node.attributes as MatmulAttributes;
  if (b.node.op.name !== "gelu" || attributes.transposeB || attributes.geluB) return undefined;
  return applyAll(matmulOp, [a, b.node.inputs[0]!, ...others], { ...attributes, geluB: true });
}

/** relu(convolution), whose argument nothing else needs: done before the result is stored. */
function fuseOutputRelu({ node }: Tensor): readonly Tensor[] | undefined {
  const { op, inputs, attributes } = node;
  const takes = op.name === convolutionOp.name && !attributes.hasAddend && !attributes.outputRelu;
  return takes ? applyAll(op, inputs, { ...attributes, outputRelu: true }) : undefined;
}

/** A convolution of relu(x), or the gradient of its weight: it clips while it gathers its input. */
function fuseInputRelu(node: Node, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const [x, ...others] = inputs as [Tensor, ...Tensor[]];
  if (x.node.op.name !== "relu" || node.attributes.inputRelu !== false) return undefined;
  return applyAll(node.op, [x.node.inputs[0]!, ...others], {
    ...node.attributes,
    inputRelu: true,
  });
}
