// Steps applied to a product before it is stored: bias, activation, addend, conversion.
#pragma once

#include "operands.h"

namespace FLAVA_NAMESPACE {

enum class Activation : int64_t { none = 0, gelu = 1, geluGradient = 2, relu = 3 };

/** x[i] = combine(x[i], tensor[index + i]) for i < count. */
template <class Combine>
[[gnu::always_inline]] inline void combineWith(const Tensor& tensor, int64_t index, float* x, int64_t count,
                                               Combine combine) {
  visitFloats(tensor, [&](auto* data) {
    overVectors(0, count, [&](int64_t i, auto lanes) {
      store(x + i, combine(load(x + i), load(data + index + i, lanes)));
    });
  });
}

/** x[i] = function(x[i]) for i < count; x has room for whole vectors. */
template <class Function>
[[gnu::always_inline]] inline void change(float* x, int64_t count, Function function) {
  for (int64_t i = 0; i < count; i += width) store(x + i, function(load(x + i)));
}

inline void storeRow(const Tensor& tensor, int64_t index, const float* x, int64_t count) {
  visitFloats(tensor, [&](auto* data) {
    overVectors(0, count, [&](int64_t i, auto lanes) { store(data + index + i, load(x + i), lanes); });
  });
}

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

  /** Stores `count` elements of a row of the product; x has room for whole vectors and is changed. */
  void store(float* x, int64_t row, int64_t column, int64_t count) const {
    const int64_t index = row * columns + column;
    if (bias) combineWith(*bias, column, x, count, [](Floats t, Floats b) { return t + b; });
    if (preactivationOutput) storeRow(*preactivationOutput, index, x, count);
    activate(x, index, count);
    if (addend) combineWith(*addend, index, x, count, [](Floats t, Floats a) { return t + a; });
    storeRow(*result, index, x, count);
  }

 private:
  void activate(float* x, int64_t index, int64_t count) const {
    const bool rounded = result->dtype == Dtype::bfloat16;
    const auto timesSlope = [&](auto slope) {
      combineWith(*preactivation, index, x, count, [&](Floats t, Floats z) { return t * slope(z); });
    };
    if (activation == Activation::gelu && rounded) {
      change(x, count, [](Floats t) { return roundedGelu(t); });
    } else if (activation == Activation::gelu) {
      change(x, count, [](Floats t) { return gelu(t); });
    } else if (activation == Activation::geluGradient && rounded) {
      timesSlope([](Floats z) { return roundedGeluGradient(z); });
    } else if (activation == Activation::geluGradient) {
      timesSlope([](Floats z) { return geluGradient(z); });
    } else if (activation == Activation::relu) {
      change(x, count, [](Floats t) { return max(broadcast(0.0f), t); });
    }
  }
};

/** Writes a float32 product through an epilogue. */
struct MatrixOutput final : Output<float> {
  explicit MatrixOutput(const Epilogue& epilogue) : epilogue_(epilogue) {}

  void write(float* sums, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; ++r) epilogue_.store(sums + r * stride, row + r, column, columns);
  }
  void expect(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; ++r) epilogue_.expect(row + r, column, columns);
  }

 private:
  const Epilogue& epilogue_;
};

}  // namespace FLAVA_NAMESPACE
