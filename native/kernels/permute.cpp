// Reordering the axes of a tensor: rows are copied where the innermost axis stays, tiles are transposed where not.
#include "movement.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Elements along either side of a tile: a tile's lines of both layouts fit the innermost cache. */
constexpr int64_t tileSide = 32;

/** Output rows are `toStride` apart and go down the columns of the input, whose rows are `fromStride` apart. */
template <class Element>
void transposeTile(const char* from, int64_t fromStride, char* to, int64_t toStride, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row) {
    const char* source = from + row * static_cast<int64_t>(sizeof(Element));
    auto* target = reinterpret_cast<Element*>(to + row * toStride);
    for (int64_t column = 0; column < columns; ++column) {
      target[column] = *reinterpret_cast<const Element*>(source + column * fromStride);
    }
  }
}

/** The last axis of the box is innermost in the output; `row`, some other axis, is innermost in the input. */
template <class Element>
void transpose(const Call& call, const Box& box, int row, const void* source, void* target) {
  // The outer axes, without `row`, in a box of their own.
  Box outer(box.elementBytes);
  for (int axis = 0; axis < box.rank - 1; ++axis) {
    if (axis != row) outer.add(box.dims[axis], box.from[axis] / box.elementBytes, box.to[axis] / box.elementBytes);
  }
  const int64_t rows = box.dims[row], columns = box.dims[box.rank - 1];
  const int64_t tilesDown = (rows + tileSide - 1) / tileSide;
  const int64_t fromStride = box.from[box.rank - 1], toStride = box.to[row];
  const int64_t grain = max(int64_t{1}, byteGrain / (tileSide * columns * box.elementBytes));
  parallelFor(call, outer.size * tilesDown, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; ++task) {
      const Odometer position(outer, outer.rank, task / tilesDown);
      const int64_t first = task % tilesDown * tileSide;
      for (int64_t column = 0; column < columns; column += tileSide) {
        const char* from = static_cast<const char*>(source) + position.from + first * box.elementBytes;
        char* to = static_cast<char*>(target) + position.to + first * toStride;
        transposeTile<Element>(from + column * fromStride, fromStride, to + column * box.elementBytes, toStride,
                               min(tileSide, rows - first), min(tileSide, columns - column));
      }
    }
  });
}

void permuteKernel(const Call& call) {
  const Tensor &x = call.in(0), &y = call.out(0);
  if (y.size == 0) return;
  int64_t from[maxRank], to[maxRank];
  denseStrides(x, from);
  denseStrides(y, to);
  Box box(bytesOf(y.dtype));
  for (int axis = 0; axis < y.rank; ++axis) box.add(y.dims[axis], from[call.integer(axis)], to[axis]);
  if (box.hasRows()) return copyRows(call, box, x.data, y.data);
  int row = 0;
  while (box.from[row] != box.elementBytes) ++row;
  switch (box.elementBytes) {
    case 1:
      return transpose<uint8_t>(call, box, row, x.data, y.data);
    case 2:
      return transpose<uint16_t>(call, box, row, x.data, y.data);
    default:
      return transpose<uint32_t>(call, box, row, x.data, y.data);
  }
}

FLAVA_KERNEL("permute", permuteKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
