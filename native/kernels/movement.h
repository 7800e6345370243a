// Copies of boxes of elements between tensors of different layouts.
#pragma once

#include "elementwise.h"

namespace FLAVA_NAMESPACE {

/** Bytes per range of work. */
constexpr int64_t byteGrain = 4 * elementGrain;

/**
 * A box of elements in two layouts. Axes are added outermost first; those of size 1 are skipped, and those that follow
 * each other without a gap in both layouts are merged.
 */
struct Box {
  int64_t elementBytes;
  int rank = 0;
  int64_t size = 1;  // elements
  int64_t dims[maxRank];
  int64_t from[maxRank];  // strides in bytes
  int64_t to[maxRank];

  explicit Box(int64_t bytesOfElement) : elementBytes(bytesOfElement) {}

  /** Adds an axis, given its strides in elements. */
  void add(int64_t dim, int64_t fromStride, int64_t toStride) {
    size *= dim;
    if (dim == 1) return;
    const int64_t fromBytes = fromStride * elementBytes, toBytes = toStride * elementBytes;
    const bool merges = rank > 0 && from[rank - 1] == dim * fromBytes && to[rank - 1] == dim * toBytes;
    if (!merges) ++rank;
    dims[rank - 1] = merges ? dims[rank - 1] * dim : dim;
    from[rank - 1] = fromBytes;
    to[rank - 1] = toBytes;
  }

  /** Whether the innermost elements are contiguous in both layouts. */
  bool hasRows() const { return rank > 0 && from[rank - 1] == elementBytes && to[rank - 1] == elementBytes; }
};

/** Steps through all positions of the outer axes of a box, keeping their offsets in both layouts. */
struct Odometer {
  const Box& box;
  int axes;
  int64_t index[maxRank];
  int64_t from = 0;
  int64_t to = 0;

  Odometer(const Box& steppedBox, int outerAxes, int64_t position) : box(steppedBox), axes(outerAxes) {
    for (int axis = axes - 1; axis >= 0; --axis) {
      index[axis] = position % box.dims[axis];
      position /= box.dims[axis];
      from += index[axis] * box.from[axis];
      to += index[axis] * box.to[axis];
    }
  }

  void advance() {
    for (int axis = axes - 1; axis >= 0; --axis) {
      from += box.from[axis];
      to += box.to[axis];
      if (++index[axis] < box.dims[axis]) return;
      from -= box.dims[axis] * box.from[axis];
      to -= box.dims[axis] * box.to[axis];
      index[axis] = 0;
    }
  }
};

/** Copies a box row by row, or element by element if it has no rows. */
inline void copyRows(const Call& call, const Box& box, const void* source, void* target) {
  const int outerAxes = box.hasRows() ? box.rank - 1 : box.rank;
  const int64_t rowBytes = box.elementBytes * (box.hasRows() ? box.dims[box.rank - 1] : 1);
  parallelFor(call, box.size * box.elementBytes, byteGrain, [&](int64_t begin, int64_t end, int) {
    Odometer rows(box, outerAxes, begin / rowBytes);
    int64_t within = begin % rowBytes;
    for (int64_t done = begin; done < end; rows.advance()) {
      const int64_t bytes = min(end - done, rowBytes - within);
      __builtin_memcpy(static_cast<char*>(target) + rows.to + within,
                       static_cast<const char*>(source) + rows.from + within, static_cast<size_t>(bytes));
      done += bytes;
      within = 0;
    }
  });
}

inline void zero(const Call& call, void* target, int64_t bytes) {
  parallelFor(call, bytes, byteGrain, [=](int64_t begin, int64_t end, int) {
    __builtin_memset(static_cast<char*>(target) + begin, 0, static_cast<size_t>(end - begin));
  });
}

/** Strides of a dense tensor, in elements. */
inline void denseStrides(const Tensor& tensor, int64_t* strides) {
  int64_t stride = 1;
  for (int axis = tensor.rank - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= tensor.dims[axis];
  }
}

}  // namespace FLAVA_NAMESPACE
