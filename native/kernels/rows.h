// Reductions along rows, in an order that depends only on the length of the row.
#pragma once

#include "elementwise.h"

namespace FLAVA_NAMESPACE {

/** Length of a tensor's rows. */
inline int64_t columnsOf(const Tensor& tensor) { return tensor.rank == 0 ? 1 : tensor.dim(-1); }

/** The data of a float32 or bfloat16 tensor, dispatched at run time: for small or rarely used tensors. */
struct AnyFloats {
  const void* data;
  bool isNarrow;

  explicit AnyFloats(const Tensor& tensor) : data(tensor.data), isNarrow(tensor.dtype == Dtype::bfloat16) {}
  template <class Lanes>
  Floats load(int64_t i, Lanes lanes) const {
    return isNarrow ? FLAVA_NAMESPACE::load(static_cast<const Bfloat16*>(data) + i, lanes)
                    : FLAVA_NAMESPACE::load(static_cast<const float*>(data) + i, lanes);
  }
};

/**
 * Combines value(i, lanes) over all vectors of [0, count), in four parallel chains so that an operation need not wait
 * for the previous one. Unused lanes are replaced by `identity`.
 */
template <class Value, class Combine>
[[gnu::always_inline]] inline Floats foldVectors(int64_t count, float identity, Value value, Combine combine) {
  Floats chains[4] = {broadcast(identity), broadcast(identity), broadcast(identity), broadcast(identity)};
  int64_t i = 0;
  for (; i + 4 * width <= count; i += 4 * width) {
    for (int chain = 0; chain < 4; ++chain) {
      chains[chain] = combine(chains[chain], value(i + chain * width, AllLanes()));
    }
  }
  overVectors(i, count, [&](int64_t j, auto lanes) {
    chains[0] = combine(chains[0], keep(value(j, lanes), lanes, identity));
  });
  return combine(combine(chains[0], chains[1]), combine(chains[2], chains[3]));
}

struct Addition {
  Floats operator()(Floats a, Floats b) const { return a + b; }
};

struct Maximum {
  static constexpr float identity = -__builtin_inff();
  /** Propagates NaN. */
  Floats operator()(Floats a, Floats b) const { return select((b > a) | (b != b), b, a); }
  static float fold(Floats x) {
    return foldLanes(x, [](float a, float b) { return b > a || b != b ? b : a; });
  }
};

/** Sum of value(i, lanes) over [0, count). */
template <class Value>
[[gnu::always_inline]] inline float sumOver(int64_t count, Value value) {
  return sumOf(foldVectors(count, 0.0f, value, Addition()));
}

/** Largest value(i, lanes) over [0, count), if none is NaN; -inf if there is none. */
template <class Value>
[[gnu::always_inline]] inline float maxOver(int64_t count, Value value) {
  return maxOf(foldVectors(count, -__builtin_inff(), value, [](Floats a, Floats b) { return max(a, b); }));
}

/**
 * Sums over rows are taken by blocks of this many rows, each block by one thread, and then the sums of the blocks are
 * added up: the result does not depend on the threads, and long sums lose less to rounding.
 */
constexpr int64_t blockRows = 64;
inline int64_t blocksOf(int64_t rows) { return (rows + blockRows - 1) / blockRows; }

/** The vector at `from` of the first block and of the blocks that follow it at distances of `stride`, combined. */
template <class Lanes, class Combine>
[[gnu::always_inline]] inline Floats foldBlocks(const float* from, int64_t blocks, int64_t stride, Lanes lanes,
                                                Combine combine) {
  Floats folded = load(from, lanes);
  for (int64_t block = 1; block < blocks; ++block) folded = combine(folded, load(from + block * stride, lanes));
  return folded;
}

}  // namespace FLAVA_NAMESPACE
