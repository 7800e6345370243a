// A product with few results and a long K, cut into slices of K for the threads.
#pragma once

#include "product.h"

namespace FLAVA_NAMESPACE {

/** Words of K in a slice. */
constexpr int64_t sliceWords = 4096;
/** Results of whose sums a copy for each slice costs little. */
constexpr int64_t fewResults = 1 << 14;

/** The left operand from a word of K on; it is packed. */
struct LeftFrom final : LeftOperand {
  LeftFrom(const LeftOperand& left, int64_t first) : left_(left), first_(first) {}

  void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t toStride) const override {
    left_.pack(row, rows, first_ + word, words, to, toStride);
  }

 private:
  const LeftOperand& left_;
  int64_t first_;
};

/** The right operand from a word of K on; it is packed. */
struct RightFrom final : RightOperand {
  RightFrom(const RightOperand& right, int64_t first) : right_(right), first_(first) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    right_.pack(panel, first_ + word, words, to);
  }

 private:
  const RightOperand& right_;
  int64_t first_;
};

/** Keeps the sums of a slice: rows of whole panels. */
struct SlicedOutput final : Output<float> {
  SlicedOutput(float* sums, int64_t sumsStride) : sums_(sums), stride_(sumsStride) {}

  void write(float* sums, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; ++r) {
      __builtin_memcpy(sums_ + (row + r) * stride_ + column, sums + r * stride, static_cast<size_t>(4 * columns));
    }
  }
  void expect(int64_t, int64_t, int64_t, int64_t) const override {}

 private:
  float* sums_;
  int64_t stride_;
};

/** Slices of K, whose sums are added in order. */
template <class Product>
void multiplySlices(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
                    const Output<float>& output) {
  const int64_t slices = ceilDivide(shape.words, sliceWords), stride = shape.panels() * panelColumns;
  const Blocks blocks{roundUp(shape.rows, Product::rowsOfTile), panelsOfPiece};
  const int64_t across = blocks.across(shape);
  auto* sums = static_cast<float*>(call.parallel->shared(4 * slices * shape.rows * stride));
  parallelFor(call, slices * across, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t slice = task / across, first = slice * sliceWords;
      const ProductShape part{shape.rows, shape.columns, min(sliceWords, shape.words - first)};
      computeBlockAt<Product>(call, part, LeftFrom(left, first), RightFrom(right, first),
                              SlicedOutput(sums + slice * shape.rows * stride, stride), blocks, 0,
                              task % across * blocks.panels, thread);
    }
  });
  for (int64_t row = 0; row < shape.rows; ++row) {
    float* total = sums + row * stride;
    for (int64_t slice = 1; slice < slices; ++slice) {
      const float* part = total + slice * shape.rows * stride;
      for (int64_t i = 0; i < shape.columns; i += width) store(total + i, load(total + i) + load(part + i));
    }
    for (int64_t column = 0; column < shape.columns; column += pieceColumns) {
      output.write(total + column, stride, row, 1, column, min(int64_t{pieceColumns}, shape.columns - column));
    }
  }
}

/** As `multiply`, for operands that are packed: with few results, the threads share K. Takes the shared memory of the call. */
template <class Product>
void multiplyInSlices(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
                      const Output<float>& output) {
  if (shape.words <= sliceWords || shape.rows * shape.panels() * panelColumns > fewResults) {
    return multiply<Product>(call, shape, left, right, output);
  }
  splitForManyRows<Product>(shape, left, right, [&](auto product, const auto&... operands) {
    multiplySlices<decltype(product)>(call, operands..., output);
  });
}

}  // namespace FLAVA_NAMESPACE
