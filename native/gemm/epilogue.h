// Steps applied to a product before it is stored: bias, activation, addend, conversion.
#pragma once

#include "operands.h"

namespace FLAVA_NAMESPACE {

enum class Activation : int64_t { none = 0, gelu = 1, geluGradient = 2, relu = 3 };

/** A part of the product in memory, whose rows have room for whole vectors and may be changed. */
struct ProductPart {
  float* x;
  int64_t stride;
  int64_t row, rows, column, columns;

  /**
   * Calls body(x + i, index + i, i, lanes) for each vector of each row; `index` is that of an element of the result. It runs
   * over all rows, so that a step tells types apart once for a tile and not for each of its short rows.
   */
  template <class Body>
  [[gnu::always_inline]] void overVectorsOf(int64_t columnsOfResult, Body body) const {
    for (int64_t r = 0; r < rows; ++r) {
      float* first = x + r * stride;
      const int64_t index = (row + r) * columnsOfResult + column;
      overVectors(0, columns, [&](int64_t i, auto lanes) { body(first + i, index + i, i, lanes); });
    }
  }
};

/** Prefetches elements [index, index + count): rows of a matrix are too far apart for the hardware. */
template <bool forWriting>
inline void prefetch(const Tensor& tensor, int64_t index, int64_t count) {
  const auto* first = static_cast<const char*>(tensor.data) + index * bytesOf(tensor.dtype);
  const auto* last = first + count * bytesOf(tensor.dtype) - 1;
  for (const char* line = first; line < last; line += 64) __builtin_prefetch(line, forWriting, 2);
  __builtin_prefetch(last, forWriting, 2);
  asm volatile("");  // GCC drops calls of functions that only prefetch
}

/** Absent tensors are null. */
struct Epilogue {
  const Tensor* result = nullptr;
  const Tensor* bias = nullptr;
  const Tensor* addend = nullptr;
  const Tensor* preactivation = nullptr;        // read by geluGradient
  const Tensor* preactivationOutput = nullptr;  // written before gelu
  Activation activation = Activation::none;
  int64_t columns = 0;  // of the result

  /** Prefetches what `store` reads and writes of such a row. */
  void expect(int64_t row, int64_t column, int64_t count) const {
    const int64_t index = row * columns + column;
    if (preactivation) prefetch<false>(*preactivation, index, count);
    if (addend) prefetch<false>(*addend, index, count);
    if (preactivationOutput) prefetch<true>(*preactivationOutput, index, count);
    if (!addend || addend->data != result->data) prefetch<true>(*result, index, count);
  }

  /** Stores a part of the product. */
  void finish(const ProductPart& part) const {
    // Without a bias it is -0, which leaves every number as it is, -0 included.
    alignas(64) float biases[pieceColumns];
    overVectors(0, part.columns, [&](int64_t i, auto lanes) {
      store(biases + i, broadcast(-0.0f));
      if (bias) visitFloats(*bias, [&](auto* from) { store(biases + i, load(from + part.column + i, lanes)); });
    });
    if (activation == Activation::none && !preactivationOutput) {
      finishPlain(part, biases);
      return;
    }
    overPart(part, [&](float* x, int64_t, int64_t i, auto) { store(x, load(x) + load(biases + i)); });
    if (preactivationOutput) copyTo(*preactivationOutput, part);
    activate(part);
    if (addend) combineWith(*addend, part, [](Floats t, Floats a) { return t + a; });
    copyTo(*result, part);
  }

 private:
  template <class Body>
  [[gnu::always_inline]] void overPart(const ProductPart& part, Body body) const {
    part.overVectorsOf(columns, body);
  }

  /** What most products need, in one pass. */
  void finishPlain(const ProductPart& part, const float* biases) const {
    visitFloats(*result, [&](auto* to) {
      if (!addend) {
        overPart(part, [&](float* x, int64_t index, int64_t i, auto lanes) {
          store(to + index, load(x) + load(biases + i), lanes);
        });
        return;
      }
      visitFloats(*addend, [&](auto* from) {
        overPart(part, [&](float* x, int64_t index, int64_t i, auto lanes) {
          store(to + index, load(x) + load(biases + i) + load(from + index, lanes), lanes);
        });
      });
    });
  }

  void copyTo(const Tensor& tensor, const ProductPart& part) const {
    visitFloats(tensor, [&](auto* to) {
      overPart(part, [&](float* x, int64_t index, int64_t, auto lanes) { store(to + index, load(x), lanes); });
    });
  }

  /** x = combine(x, element of `tensor`) */
  template <class Combine>
  void combineWith(const Tensor& tensor, const ProductPart& part, Combine combine) const {
    visitFloats(tensor, [&](auto* from) {
      overPart(part, [&](float* x, int64_t index, int64_t, auto lanes) {
        store(x, combine(load(x), load(from + index, lanes)));
      });
    });
  }

  void activate(const ProductPart& part) const {
    const bool rounded = result->dtype == Dtype::bfloat16;
    const auto change = [&](auto function) {
      overPart(part, [&](float* x, int64_t, int64_t, auto) { store(x, function(load(x))); });
    };
    const auto timesSlope = [&](auto slope) {
      combineWith(*preactivation, part, [&](Floats t, Floats z) { return t * slope(z); });
    };
    if (activation == Activation::gelu && rounded) {
      change([](Floats t) { return roundedGelu(t); });
    } else if (activation == Activation::gelu) {
      change([](Floats t) { return gelu(t); });
    } else if (activation == Activation::geluGradient && rounded) {
      timesSlope([](Floats z) { return roundedGeluGradient(z); });
    } else if (activation == Activation::geluGradient) {
      timesSlope([](Floats z) { return geluGradient(z); });
    } else if (activation == Activation::relu) {
      change([](Floats t) { return max(broadcast(0.0f), t); });
    }
  }
};

/** Writes a float32 product through an epilogue. */
struct MatrixOutput final : Output<float> {
  explicit MatrixOutput(const Epilogue& epilogue) : epilogue_(epilogue) {}

  void write(float* sums, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    epilogue_.finish({sums, stride, row, rows, column, columns});
  }
  void expect(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; ++r) epilogue_.expect(row + r, column, columns);
  }

 private:
  const Epilogue& epilogue_;
};

}  // namespace FLAVA_NAMESPACE
