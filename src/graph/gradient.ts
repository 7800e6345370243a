/** Reverse-mode differentiation as a graph transformation. */
import { type Mapped, leavesOf, mapTree } from "../base/tree.js";
import { inScopeOf, reapply, shapeError } from "./trace.js";
import { add } from "./ops/arithmetic.js";
import { fill } from "./ops/fill.js";
import { cast } from "./ops/cast.js";
import { isFloat } from "./ops/require.js";
import { ancestors } from "./order.js";
import { type Node, type Tensor, sameShape } from "./tensor.js";

/**
 * The gradient of `loss`, a float32 scalar [], with respect to every tensor of the tree `wrt`, as a tree of the same
 * structure: each of the shape of its tensor. A tensor on which the loss does not depend has gradient `undefined`, so that
 * an optimizer can skip it.
 * @throws ShapeError if the loss has more than one element
 * @throws Error if it depends on `wrt` through an operation that has no gradient, as those that compute gradients
 */
export function gradient<S>(loss: Tensor, wrt: S): Mapped<S, Tensor, Tensor | undefined> {
  if (loss.size !== 1) throw shapeError("gradient", [loss], "a loss of one element");
  const nodes = ancestors([loss]);
  const targets = new Set(leavesOf<Tensor>(wrt).map(([, leaf]) => leaf));
  const dependent = dependents(nodes, targets);
  const gradients = new Map<Tensor, Tensor>([[loss, fill(loss.shape, 1, loss.dtype)]]);
  const recomputation = new Recomputation();
  for (const node of nodes.toReversed()) {
    if (!node.inputs.some((input) => dependent.has(input) && isFloat(input.dtype))) continue;
    const ofOutputs = node.outputs.map((output) => gradients.get(output));
    if (ofOutputs.every((g) => g === undefined)) continue;
    if (!node.op.gradient) throw withoutGradient(node);
    inScopeOf(node, () => {
      const ofInputs = node.op.gradient?.(recomputation.call(node), ofOutputs) ?? [];
      for (const [index, contribution] of ofInputs.entries()) {
        const input = node.inputs[index];
        if (input && contribution && dependent.has(input))
          accumulate(gradients, input, contribution);
      }
    });
  }
  return mapTree(wrt, (leaf: Tensor) => gradients.get(leaf));
}

/** Without an error this part of the gradient would be missing from the whole. */
function withoutGradient({ label }: Node): Error {
  return new Error(
    `${label} has no gradient, but the loss depends through it on what it is differentiated by. Where that is meant to be ` +
      "left out, say so with stopGradient.",
  );
}

/** The tensors among `nodes` whose values depend on one of `targets`, including the targets. */
function dependents(nodes: readonly Node[], targets: ReadonlySet<Tensor>): Set<Tensor> {
  const dependent = new Set(targets);
  for (const node of nodes) {
    if (node.inputs.some((input) => dependent.has(input))) {
      for (const output of node.outputs) dependent.add(output);
    }
  }
  return dependent;
}

function accumulate(gradients: Map<Tensor, Tensor>, tensor: Tensor, contribution: Tensor): void {
  if (!sameShape(tensor.shape, contribution.shape)) {
    throw shapeError(
      `the gradient of ${tensor.node.label}`,
      [contribution],
      `the shape of ${String(tensor)}`,
    );
  }
  const earlier = gradients.get(tensor);
  const own = cast(contribution, tensor.dtype);
  gradients.set(tensor, earlier ? add(earlier, own) : own);
}

/**
 * Decides whether each value read by the backward pass is kept from the forward pass or recomputed: values
 * inside a `remat` region and those of operations marked `recompute` are recomputed.
 */
class Recomputation {
  readonly #copies = new Map<Node, readonly Tensor[]>();

  /** The call of `node` for its gradient rule. */
  call(node: Node): Parameters<NonNullable<Node["op"]["gradient"]>>[0] {
    const value = (tensor: Tensor): Tensor => this.#value(tensor, node.region);
    const { inputs, outputs, attributes } = node;
    return {
      attributes,
      inputs: inputs.map(value),
      // Lazy, because few rules read the outputs.
      get outputs() {
        return outputs.map(value);
      },
    };
  }

  #value(tensor: Tensor, reader: number | undefined): Tensor {
    const { node } = tensor;
    const inside = node.region !== undefined && node.region === reader;
    const { recompute = false } = node.op;
    const recomputes = typeof recompute === "function" ? recompute(node.inputs) : recompute;
    const cheap = node.region === undefined && recomputes;
    if (!inside && !cheap) return tensor;
    let copy = this.#copies.get(node);
    if (!copy) {
      copy = reapply(
        node,
        node.inputs.map((input) => this.#value(input, node.region)),
      );
      this.#copies.set(node, copy);
    }
    return copy[tensor.index]!;
  }
}
