/** The gradients of a loss that compares the samples of all parts of a batch. */
import { gradient } from "../../graph/gradient.js";
import { add } from "../../graph/ops/arithmetic.js";
import { allGather, reduceScatter } from "../../graph/ops/collective.js";
import { concatenate } from "../../graph/ops/concatenate.js";
import { stopGradient } from "../../graph/ops/elementwise.js";
import { fill } from "../../graph/ops/fill.js";
import { slice } from "../../graph/ops/slice.js";
import { checkFinite } from "../../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import type { World } from "../../graph/world.js";
import type { Comparison, Embedded, TracedLoss } from "./loss.js";
import { treeOf } from "./tree-sum.js";

/** What a comparison needs to know of a part. */
export interface Compared<T> {
  readonly embedded: Embedded<T>;
  readonly places: T;
  readonly rows: T;
  readonly shares: Readonly<Record<string, T>>;
}

/** Shapes of what a comparison needs to know of a part. */
export function comparedSpecs(
  { embedded, rows }: Pick<Comparison<never, never>, "embedded" | "rows">,
  shares: readonly string[],
): Compared<TensorSpec> {
  return {
    embedded,
    places: spec(rows.shape, "int32"),
    rows,
    shares: shareSpecs(shares),
  };
}

/** Shapes of a part's shares, by name. */
export function shareSpecs(names: readonly string[]): Readonly<Record<string, TensorSpec>> {
  return Object.fromEntries(names.map((name) => [name, spec([])]));
}

/** Of one part. */
export interface ComparedPart {
  readonly loss: TracedLoss;
  /** The gradient of the loss of all parts. */
  readonly slopes: Embedded<Tensor>;
}

/** Channels of the embeddings, one for each name; channel 0 is for small facts, those from 8 on are for gradients. */
const firstChannel = 1;

/** Compares the samples of this process's parts with those of all parts of all processes. */
export function compare<P, I>(
  { gather, trace }: Pick<Comparison<P, I>, "gather" | "trace">,
  parts: readonly Compared<Tensor>[],
  world: World,
): ComparedPart[] {
  const names = Object.keys(parts[0]?.embedded.vectors ?? {});
  const all = byName(names, (name, index) => {
    const local = concatenate(
      parts.map(({ embedded }) => embedded.vectors[name]!),
      0,
    );
    return stopGradient(allGather(local, world, firstChannel + index));
  });
  const compared = parts.map(({ embedded, places, rows, shares }) => {
    const loss = trace(embedded, all, places, rows, shares);
    const total = checkFinite(loss.total);
    return { loss: { ...loss, total }, slopes: gradient(total, { own: embedded, all }) };
  });
  const throughAll = byName(names, (name, index) => {
    if (gather !== "global") return undefined;
    const slopes = compared.map(({ slopes }) => slopeOf(slopes.all[name], all[name]!));
    return reduceScatter(treeOf(slopes), world, firstChannel + index);
  });
  return compared.map(({ loss, slopes }, index) => {
    const vectors = byName(names, (name) => {
      const own = slopeOf(slopes.own.vectors[name], parts[index]!.embedded.vectors[name]!);
      const [count = 0] = own.shape;
      if (gather === "none") return own;
      const first = gather === "global" ? index : world.rank * parts.length + index;
      const through = throughAll[name] ?? slopeOf(slopes.all[name], all[name]!);
      return add(own, slice(through, 0, first * count, (first + 1) * count));
    });
    const factor = slopeOf(slopes.own.factor, parts[index]!.embedded.factor);
    return { loss, slopes: { vectors, factor } };
  });
}

function byName<T>(
  names: readonly string[],
  make: (name: string, index: number) => T,
): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, make(name, index)]));
}

const slopeOf = (slope: Tensor | undefined, { shape }: Tensor): Tensor => slope ?? fill(shape, 0);
