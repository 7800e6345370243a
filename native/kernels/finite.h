// Tests for finite numbers.
#pragma once

#include "rows.h"

namespace FLAVA_NAMESPACE {

/** Whether no element from `begin` to `end` is infinite or NaN. */
template <class X>
bool isFinite(const X* x, int64_t begin, int64_t end) {
  // A finite number times zero is zero; anything else is NaN, and so is the sum.
  const float sum = sumOver(end - begin, [=](int64_t i, auto lanes) { return load(x + begin + i, lanes) * 0.0f; });
  return sum == sum;
}

/** Whether no element is infinite or NaN. */
inline bool isFinite(const Call& call, const Tensor& tensor) {
  bool finite = true;
  visitFloats(tensor, [&](auto* x) {
    parallelFor(call, tensor.size, elementGrain, [x, &finite](int64_t begin, int64_t end, int) {
      if (!isFinite(x, begin, end)) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    });
  });
  return finite;
}

}  // namespace FLAVA_NAMESPACE
