// Shared by attention and its gradient: shapes, masks, the exponential, and the layout of scratch memory.
#pragma once

#include "attention-block.h"

namespace FLAVA_NAMESPACE {

enum class MaskKind { none = 0, lengths = 1, additive = 2 };

/** Queries, keys and values, or their gradients: separate tensors, or side by side in one. */
enum Operand { query, key, value };

struct AttentionAttributes {
  int64_t heads;
  float scale;
  MaskKind maskKind;
  Dtype compute;
  bool joined;

  template <class Field>
  void list(Field& field) {
    field("heads", heads);
    field("scale", scale);
    field("maskKind:none|lengths|additive", maskKind);
    field("compute:float32|bfloat16", compute);
    field("joined", joined);
  }
};

struct AttentionShape {
  bool joined;
  int64_t batch, heads, queries, keys;
  int64_t size;  // of one head
  float scale;
  MaskKind maskKind;

  AttentionShape(const Call& call, const AttentionAttributes& attributes)
      : joined(attributes.joined),
        batch(call.in(0).dim(0)),
        heads(attributes.heads),
        queries(call.in(0).dim(1)),
        keys(call.in(joined ? 0 : 1).dim(1)),
        size(call.in(0).dim(2) / heads / (joined ? 3 : 1)),
        scale(attributes.scale),
        maskKind(attributes.maskKind) {}

  /** Number of tensors that hold the operands. */
  int tensors() const { return joined ? 1 : 3; }

  /**
   * Words from one row over the keys to the next: room for whole tiles and whole vectors, and an odd number of vectors,
   * since rows a power of two apart would share cache sets.
   */
  int64_t keyStride() const { return roundUp(roundUp(keys, tileRows), keyStep) | width; }

  /** `row` and those after it, of one head of a tensor whose rows have the heads from element `first` on. */
  HeadRows rowsOf(const Tensor& tensor, int64_t item, int64_t head, int64_t row = 0, int64_t first = 0) const {
    const int64_t stride = tensor.dim(2);
    return {tensor, (item * tensor.dim(1) + row) * stride + first + head * size, stride, size};
  }
  /** The same for an operand; `tensors` are the operands' tensors. */
  HeadRows rowsOf(const Tensor* tensors, Operand operand, int64_t item, int64_t head, int64_t row = 0) const {
    if (joined) return rowsOf(tensors[0], item, head, row, operand * heads * size);
    return rowsOf(tensors[operand], item, head, row);
  }
};

/** Number of keys to process: those after the last visible one are skipped. */
inline int64_t visibleKeys(const AttentionShape& shape, const Tensor* mask, int64_t item) {
  int64_t count = shape.keys;
  if (shape.maskKind == MaskKind::lengths) {
    count = max(int64_t{0}, min(count, int64_t{mask->as<int32_t>()[item]}));
  } else if (shape.maskKind == MaskKind::additive) {
    const float* additive = mask->as<float>() + item * shape.keys;
    while (count > 0 && additive[count - 1] == -__builtin_inff()) --count;
  }
  return count;
}

/** The addends to the scores of `count` keys and, so that padding gets no weight, of those up to `paddedCount`. */
inline void fillBias(const AttentionShape& shape, const Tensor* mask, int64_t item, int64_t count, int64_t paddedCount,
                     float* bias) {
  const bool additive = shape.maskKind == MaskKind::additive;
  const float* from = additive ? mask->as<float>() + item * shape.keys : nullptr;
  for (int64_t key = 0; key < count; ++key) bias[key] = additive ? from[key] : 0.0f;
  for (int64_t key = count; key < paddedCount; ++key) bias[key] = -__builtin_inff();
}

/**
 * e^x for x <= 0 or slightly above: relative error below 2e-7 + 1e-7 |x|, 0 for -inf, NaN for NaN. Cheaper than `exp`,
 * which is also accurate for large |x|, where a softmax has almost no weight.
 */
inline Floats exponential(Floats x) {
#if defined(__AVX2__) && !defined(__AVX512F__)
  // The lowest bits of the sum are the exponent of the power of two: one factor, as results below 2^-126 may be zero.
  const Floats power = max(broadcast(-127.0f), x * 1.44269504f);
  const Floats sum = power + 12583039.0f;  // 1.5 * 2^23 + 127
  const Floats part = power - (sum - 12583039.0f);
#else
  const Floats power = max(broadcast(-160.0f), x * 1.44269504f);
  const Floats whole = roundToWhole(power);
  const Floats part = power - whole;
#endif
  Floats p = part * 1.3264726e-3f + 9.6715130e-3f;
  p = p * part + 5.5507336e-2f;
  p = p * part + 2.4022242e-1f;
  p = p * part + 6.9314700e-1f;
  p = p * part + 1.0f;
#if defined(__AVX2__) && !defined(__AVX512F__)
  return p * (Floats)((Ints)sum << 23);
#else
  return scaleByPowerOfTwo(p, whole);
#endif
}

/** Stores `count` rows of sums, each times its factor, as rows of one head. */
template <class FactorOf>
void storeRows(HeadRows rows, int64_t count, const float* sums, FactorOf factorOf) {
  const int64_t stride = roundUp(rows.size, width);
  visitFloats(rows.tensor, [&](auto* data) {
    for (int64_t row = 0; row < count; ++row) {
      auto* to = data + rows.first + row * rows.stride;
      const float* from = sums + row * stride;
      const float factor = factorOf(row);
      overVectors(0, rows.size, [&](int64_t i, auto lanes) { store(to + i, load(from + i) * factor, lanes); });
    }
  });
}

/** Lays arrays one after the other, each aligned for vectors; without memory it only measures. */
struct Layout {
  char* memory;
  int64_t bytes = 0;

  /** Points each of `arrays` to `count` elements. */
  template <class... Element>
  void place(int64_t count, Element*&... arrays) {
    ((arrays = memory ? reinterpret_cast<Element*>(memory + bytes) : nullptr,
      bytes += roundUp(count * static_cast<int64_t>(sizeof(Element)), 64)),
     ...);
  }
};

}  // namespace FLAVA_NAMESPACE
