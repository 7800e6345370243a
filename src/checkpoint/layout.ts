/** Layouts of tensors in other code bases compared with ours. */
import type { Shape } from "../graph/tensor.js";
import type { ImageConfig } from "../model/config.js";

/**
 * - same: as here;
 * - token: [D] here, [1, 1, D] there;
 * - sequence: [L, D] here, [1, L, D] there;
 * - patches: [D, C · p · p] here, [D, C, p, p] there, in the same order;
 * - convolution: [O, k, k, C] here, [O, C, k, k] there: the channels move.
 */
export type Layout = "same" | "token" | "sequence" | "patches" | "convolution";

/** The stored shape of a tensor that has shape `shape` here. */
export function storedShape(
  layout: Layout,
  shape: Shape,
  image: Pick<ImageConfig, "channels" | "patch"> | undefined,
): Shape {
  const [outputs = 0, height = 0, width = 0, inputs = 0] = shape;
  switch (layout) {
    case "same":
      return shape;
    case "token":
      return [1, 1, ...shape];
    case "sequence":
      return [1, ...shape];
    case "patches":
      return image ? [outputs, image.channels, image.patch, image.patch] : shape;
    case "convolution":
      return [outputs, inputs, height, width];
  }
}

type Elements = Float32Array | Uint16Array;

/** Reorders stored elements for a tensor of shape `shape` here. */
export function fromStored<E extends Elements>(layout: Layout, shape: Shape, elements: E): E {
  const [outputs = 0, height = 0, width = 0, inputs = 0] = shape;
  return layout === "convolution"
    ? transposeEach(elements, outputs, inputs, height * width)
    : elements;
}

/** Reorders the elements of a tensor of shape `shape` here for storage. */
export function toStored<E extends Elements>(layout: Layout, shape: Shape, elements: E): E {
  const [outputs = 0, height = 0, width = 0, inputs = 0] = shape;
  return layout === "convolution"
    ? transposeEach(elements, outputs, height * width, inputs)
    : elements;
}

/** `count` matrices of rows x columns, each transposed. */
function transposeEach<E extends Elements>(
  elements: E,
  count: number,
  rows: number,
  columns: number,
): E {
  if (rows === 1 || columns === 1) return elements;
  const result = new (elements.constructor as new (length: number) => E)(elements.length);
  for (let matrix = 0; matrix < count; matrix++) {
    const start = matrix * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        result[start + column * rows + row] = elements[start + row * columns + column]!;
      }
    }
  }
  return result;
}
