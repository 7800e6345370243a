// Permutation of axes: copies rows if the innermost axis stays, transposes squares otherwise.
#include "movement.h"
#include "../simd/transpose.h"

namespace FLAVA_NAMESPACE {
namespace {

Ints loadLine(const uint32_t* from) { return loadVector<Ints>(from); }
Ints loadLine(const uint16_t* from) { return __builtin_convertvector(loadVector<Shorts>(from), Ints); }
Ints loadLine(const uint8_t* from) { return __builtin_convertvector(loadVector<Bytes>(from), Ints); }
void storeLine(uint32_t* to, Ints line) { __builtin_memcpy(to, &line, sizeof line); }
void storeLine(uint16_t* to, Ints line) {
  const Shorts narrowed = __builtin_convertvector(line, Shorts);
  __builtin_memcpy(to, &narrowed, sizeof narrowed);
}
void storeLine(uint8_t* to, Ints line) {
  const Bytes narrowed = __builtin_convertvector(line, Bytes);
  __builtin_memcpy(to, &narrowed, sizeof narrowed);
}

/** Transposes `width` lines of as many elements; strides are in bytes. */
template <class Element>
void transposeSquare(const char* from, int64_t fromStride, char* to, int64_t toStride) {
  Ints lines[width];
#pragma GCC unroll 16
  for (int line = 0; line < width; ++line) {
    lines[line] = loadLine(reinterpret_cast<const Element*>(from + line * fromStride));
  }
  transposeLanes(lines);
#pragma GCC unroll 16
  for (int line = 0; line < width; ++line) storeLine(reinterpret_cast<Element*>(to + line * toStride), lines[line]);
}

/** Output rows, `toStride` apart, are columns of the input, whose rows are `fromStride` apart. */
template <class Element>
void transposeEdge(const char* from, int64_t fromStride, char* to, int64_t toStride, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row) {
    const char* source = from + row * static_cast<int64_t>(sizeof(Element));
    auto* target = reinterpret_cast<Element*>(to + row * toStride);
    for (int64_t column = 0; column < columns; ++column) {
      target[column] = *reinterpret_cast<const Element*>(source + column * fromStride);
    }
  }
}

/** Rows of the output that are written together, so that every cache line of the input is used completely. */
constexpr int64_t bandRows = 64;

template <class Element>
void transposeBand(const char* from, int64_t fromStride, char* to, int64_t toStride, int64_t rows, int64_t columns) {
  constexpr int64_t bytes = sizeof(Element);
  for (int64_t column = 0; column < columns; column += width) {
    const char* source = from + column * fromStride;
    char* target = to + column * bytes;
    for (int64_t row = 0; row < rows; row += width) {
      const int64_t height = min(int64_t{width}, rows - row), breadth = min(int64_t{width}, columns - column);
      if (height == width && breadth == width) {
        transposeSquare<Element>(source + row * bytes, fromStride, target + row * toStride, toStride);
      } else {
        transposeEdge<Element>(source + row * bytes, fromStride, target + row * toStride, toStride, height, breadth);
      }
    }
  }
}

/** The last axis of the box is innermost in the output; `row`, some other axis, is innermost in the input. */
template <class Element>
void transpose(const Call& call, const Box& box, int row, const void* source, void* target) {
  // The outer axes without `row`, as a separate box.
  Box outer(box.elementBytes);
  for (int axis = 0; axis < box.rank - 1; ++axis) {
    if (axis != row) outer.add(box.dims[axis], box.from[axis] / box.elementBytes, box.to[axis] / box.elementBytes);
  }
  const int64_t rows = box.dims[row], columns = box.dims[box.rank - 1];
  const int64_t bands = (rows + bandRows - 1) / bandRows;
  const int64_t fromStride = box.from[box.rank - 1], toStride = box.to[row];
  const int64_t grain = max(int64_t{1}, byteGrain / (min(rows, bandRows) * columns * box.elementBytes));
  parallelFor(call, outer.size * bands, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; ++task) {
      const Odometer position(outer, outer.rank, task / bands);
      const int64_t first = task % bands * bandRows;
      const char* from = static_cast<const char*>(source) + position.from + first * box.elementBytes;
      char* to = static_cast<char*>(target) + position.to + first * toStride;
      transposeBand<Element>(from, fromStride, to, toStride, min(bandRows, rows - first), columns);
    }
  });
}

struct Attributes {
  Numbers axes;

  template <class Field>
  void list(Field& field) {
    field("axes[]", axes);
  }
};

void permuteKernel(const Call& call, const Attributes& attributes) {
  const Tensor &x = call.in(0), &y = call.out(0);
  if (y.size == 0) return;
  int64_t from[maxRank], to[maxRank];
  denseStrides(x, from);
  denseStrides(y, to);
  Box box(bytesOf(y.dtype));
  for (int axis = 0; axis < y.rank; ++axis) box.add(y.dims[axis], from[attributes.axes[axis]], to[axis]);
  if (box.rank == 0 || box.hasRows()) return copyRows(call, box, x.data, y.data);
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
