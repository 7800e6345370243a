/** Indices of elements in WGSL, as expressions of u32. */
import type { Shape } from "../../../graph/tensor.js";
import { stridesOf } from "../../../graph/ops/strides.js";

/** The expression that follows an element `i` of a tensor of shape `shape` to one with these strides. */
export function stridedIndex(
  shape: Shape,
  strides: readonly number[],
  i: string,
  first = 0,
): string {
  const own = stridesOf(shape);
  const terms = shape.flatMap((size, axis) => {
    const stride = strides[axis]!;
    if (stride === 0 || size === 1) return [];
    const divided = own[axis] === 1 ? i : `${i} / ${own[axis]!}u`;
    const isOutermost = shape.slice(0, axis).every((outer) => outer === 1);
    const coordinate = isOutermost ? `(${divided})` : `(${divided}) % ${size}u`;
    return [stride === 1 ? coordinate : `(${coordinate}) * ${stride}u`];
  });
  if (first > 0) terms.push(`${first}u`);
  return terms.length === 0 ? "0u" : terms.map((term) => `(${term})`).join(" + ");
}

/** The element of a tensor of shape `from` at element `i` of one to whose shape `to` it is broadcast. */
export function broadcastIndex(from: Shape, to: Shape, i: string): string {
  const added = to.length - from.length;
  const strides = stridesOf(from);
  const stretched = to.map((size, axis) =>
    axis < added || (from[axis - added] === 1 && size !== 1) ? 0 : strides[axis - added]!,
  );
  const same = to.every((size, axis) => size === 1 || stretched[axis] === stridesOf(to)[axis]);
  return same ? i : stridedIndex(to, stretched, i);
}
