/**
 * State of which each process has a range of the numbers (ZeRO stage 3, Rajbhandari et al. 2020). A program reads it whole: wherever it
 * does, the ranges of all processes are gathered shortly before, and the memory is free again afterwards.
 */
import { gatherRange } from "./ops/collective.js";
import { ancestors } from "./order.js";
import { rewrite } from "./rewrite.js";
import { type Op, type Shape, type Tensor, TensorSpec } from "./tensor.js";
import { apply, reapply } from "./trace.js";
import type { World } from "./world.js";

type DividedAttributes = { shape: Shape; channel: number; size: number; rank: number };

/** Stands for the whole of its input while a function is traced; `gatherWhereRead` replaces it. */
const dividedOp: Op<DividedAttributes> = {
  name: "divided",
  infer: ([range], { shape }) => [new TensorSpec(shape, range!.dtype)],
  reference() {
    throw new Error("What is divided among processes has to be gathered before it is read.");
  },
};

/** The whole, of shape `shape`, of state of which this process has a range, float32 [n] (see `rangeOf`). */
export function divided(range: Tensor, shape: Shape, world: World, channel: number): Tensor {
  const { size, rank } = world;
  return apply(dividedOp, [range], { shape, channel, size, rank });
}

/** What this process has of a tensor of the state: its range, or all of it. */
export function heldOf(tensor: Tensor): Tensor {
  return isDivided(tensor) ? tensor.node.inputs[0]! : tensor;
}

export const isDivided = (tensor: Tensor): boolean => (tensor.node.op as unknown) === dividedOp;

/** Gathered tensors are read again, or gathered ahead, as long as they are at most this share of all that a program gathers. */
const windowShare = 1 / 32;

/** At most this many bytes of what the nodes gather are kept, or gathered ahead: about a block of a deep model. */
export function windowBytes(tensors: Iterable<Tensor>): number {
  let bytes = 0;
  for (const tensor of tensors) bytes += tensor.bytes;
  return windowShare * bytes;
}

/**
 * The graph of `roots`, in which divided state is gathered. What is read again soon, in the order of tracing, has been gathered once;
 * what is read much later, as by the backward pass, is gathered again.
 */
export function gatherWhereRead(roots: readonly Tensor[]): Tensor[] {
  const wholes = ancestors(roots).flatMap(({ outputs }) => outputs.filter(isDivided));
  if (wholes.length === 0) return [...roots];
  const gathered = new RecentlyGathered(windowBytes(wholes));
  const rewritten = rewrite(roots, (node, inputs) => {
    if (inputs.some(isDivided))
      return reapply(
        node,
        inputs.map((each) => gathered.at(each)),
      );
    return node.outputs.some(isDivided) ? node.outputs : undefined;
  });
  return rewritten.map((root) => gathered.at(root));
}

/** Of divided tensors, those gathered last. */
class RecentlyGathered {
  /** The one that was read last comes last. */
  readonly #recent = new Map<Tensor, Tensor>();
  #bytes = 0;

  constructor(private readonly most: number) {}

  /** The gathered tensor; `tensor` itself, if it is not divided. */
  at(tensor: Tensor): Tensor {
    if (!isDivided(tensor)) return tensor;
    const whole = this.#recent.get(tensor) ?? gather(tensor);
    if (!this.#recent.delete(tensor)) this.#bytes += tensor.bytes;
    this.#recent.set(tensor, whole);
    for (const oldest of this.#recent.keys()) {
      if (this.#bytes <= this.most || oldest === tensor) break;
      this.#recent.delete(oldest);
      this.#bytes -= oldest.bytes;
    }
    return whole;
  }
}

function gather({ node, shape }: Tensor): Tensor {
  const { channel, size, rank } = node.attributes as DividedAttributes;
  return gatherRange(node.inputs[0]!, shape, { size, rank }, channel);
}
