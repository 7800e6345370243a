// Sums and maxima over the middle axis of [outer, reduced, inner], and argmax along rows.
//
// Both methods split the reduced axis into blocks of fixed size and combine the results of blocks in order.
#include "rows.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Sum : Addition {
  static constexpr float identity = 0.0f;
  static float fold(Floats x) { return sumOf(x); }
};

/** Elements of a row in one block. */
constexpr int64_t blockColumns = 16384;

template <class Operation, class X>
float reduceRow(const X* x, int64_t count) {
  return Operation::fold(foldVectors(
      count, Operation::identity, [=](int64_t i, auto lanes) { return load(x + i, lanes); }, Operation()));
}

/** inner = 1: each row of x gives one result. */
template <class Operation, class X, class Y>
void reduceRows(const Call& call, const X* x, Y* y, int64_t rows, int64_t columns) {
  const int64_t blocks = max(int64_t{1}, (columns + blockColumns - 1) / blockColumns);
  auto* results = static_cast<float*>(call.parallel->shared(rows * blocks * 4));
  parallelFor(call, rows * blocks, rowGrain(min(columns, blockColumns)), [=](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / blocks, first = task % blocks * blockColumns;
      results[task] = reduceRow<Operation>(x + row * columns + first, min(blockColumns, columns - first));
    }
  });
  parallelFor(call, rows, rowGrain(blocks), [=](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      storeOne(y + row, reduceRow<Operation>(results + row * blocks, blocks));
    }
  });
}

/** Combines `count` rows, `stride` apart, into one of `columns` elements: four at a time, to save memory traffic. */
template <class Operation, class X>
void reduceColumns(const X* x, int64_t count, int64_t stride, float* result, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) result[i] = Operation::identity;
  const Operation combine;
  int64_t row = 0;
  for (; row + 4 <= count; row += 4) {
    const X *x0 = x + row * stride, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;
    overVectors(0, columns, [=](int64_t i, auto lanes) {
      const Floats first = combine(load(x0 + i, lanes), load(x1 + i, lanes));
      const Floats second = combine(load(x2 + i, lanes), load(x3 + i, lanes));
      store(result + i, combine(load(result + i, lanes), combine(first, second)), lanes);
    });
  }
  for (; row < count; ++row) {
    const X* x0 = x + row * stride;
    overVectors(0, columns, [=](int64_t i, auto lanes) {
      store(result + i, combine(load(result + i, lanes), load(x0 + i, lanes)), lanes);
    });
  }
}

/** inner > 1: the rows of each [reduced, inner] are combined, by blocks of rows and strips of columns. */
template <class Operation, class X, class Y>
void reduceMatrices(const Call& call, const X* x, Y* y, int64_t outer, int64_t reduced, int64_t inner) {
  constexpr int64_t stripColumns = 4096;
  const int64_t blocks = max(int64_t{1}, blocksOf(reduced)), strips = (inner + stripColumns - 1) / stripColumns;
  auto* results = static_cast<float*>(call.parallel->shared(outer * blocks * inner * 4));
  const int64_t grain = rowGrain(min(reduced, blockRows) * min(inner, stripColumns));
  parallelFor(call, outer * blocks * strips, grain, [=](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t strip = task % strips, block = task / strips % blocks, matrix = task / strips / blocks;
      const int64_t column = strip * stripColumns, row = block * blockRows;
      reduceColumns<Operation>(x + (matrix * reduced + row) * inner + column, min(blockRows, reduced - row), inner,
                               results + (matrix * blocks + block) * inner + column, min(stripColumns, inner - column));
    }
  });
  parallelFor(call, outer * strips, rowGrain(blocks * min(inner, stripColumns)), [=](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t matrix = task / strips, column = task % strips * stripColumns;
      const float* first = results + matrix * blocks * inner + column;
      Y* to = y + matrix * inner + column;
      overVectors(0, min(stripColumns, inner - column), [=](int64_t i, auto lanes) {
        store(to + i, foldBlocks(first + i, blocks, inner, lanes, Operation()), lanes);
      });
    }
  });
}

/** The axes to reduce: [first, end). */
struct Axes {
  int64_t first, end;

  template <class Field>
  void list(Field& field) {
    field("first", first);
    field("end", end);
  }
};

int64_t sizeOf(const Tensor& tensor, int64_t first, int64_t end) {
  int64_t size = 1;
  for (int64_t axis = first; axis < end; ++axis) size *= tensor.dims[axis];
  return size;
}

template <class Operation>
void reduce(const Call& call, const Axes& axes) {
  const Tensor& input = call.in(0);
  const int64_t outer = sizeOf(input, 0, axes.first), reduced = sizeOf(input, axes.first, axes.end);
  const int64_t inner = sizeOf(input, axes.end, input.rank);
  visitFloats(input, call.out(0), [&](auto* x, auto* y) {
    if (inner == 1) {
      reduceRows<Operation>(call, x, y, outer, reduced);
    } else {
      reduceMatrices<Operation>(call, x, y, outer, reduced, inner);
    }
  });
}

void sumKernel(const Call& call, const Axes& axes) { reduce<Sum>(call, axes); }
void maximumOfKernel(const Call& call, const Axes& axes) { reduce<Maximum>(call, axes); }

/** The first index of the maximum; 0 if the row has a NaN or is empty. */
template <class X>
int32_t indexOfLargest(const X* x, int64_t columns) {
  const float largest = reduceRow<Maximum>(x, columns);
  for (int64_t i = 0; i < columns; ++i) {
    if (loadOne(x + i) == largest) return static_cast<int32_t>(i);
  }
  return 0;
}

void argmaxKernel(const Call& call) {
  const int64_t columns = columnsOf(call.in(0));
  auto* y = call.out(0).as<int32_t>();
  visitFloats(call.in(0), [&](auto* x) {
    parallelFor(call, call.out(0).size, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) y[row] = indexOfLargest(x + row * columns, columns);
    });
  });
}

FLAVA_KERNEL("sum", sumKernel);
FLAVA_KERNEL("maximumOf", maximumOfKernel);
FLAVA_KERNEL("argmax", argmaxKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
