import { placeholderOf } from "./placeholder.js";
import type { Attributes, Node, Tensor } from "./tensor.js";

/**
 * Describes how tensors are computed from state: equal descriptions mean equal values, in whichever program. A tensor
 * that depends on anything else has none.
 */
export class Origins {
  readonly #known = new Map<Node, string | undefined>();

  of(tensor: Tensor): string | undefined {
    const node = this.#ofNode(tensor.node);
    return node && `${node}.${tensor.index}: ${String(tensor)}`;
  }

  #ofNode(node: Node): string | undefined {
    if (this.#known.has(node)) return this.#known.get(node);
    const origin = this.#describe(node);
    this.#known.set(node, origin);
    return origin;
  }

  #describe({ op, attributes, inputs, outputs }: Node): string | undefined {
    const held = placeholderOf(outputs[0]!);
    if (held) return held.source === "state" ? held.path : undefined;
    const origins = inputs.map((input) => this.of(input));
    if (origins.includes(undefined)) return undefined;
    return `${op.name}{${describeAttributes(attributes)}}(${origins.join("; ")})`;
  }
}

function describeAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
