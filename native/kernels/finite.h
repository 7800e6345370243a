// Tests for finite numbers.
#pragma once

#include "rows.h"

namespace FLAVA_NAMESPACE {

/** Whether no element is infinite or NaN. */
inline bool isFinite(const Call& call, const Tensor& tensor) {
  bool finite = true;
  visitFloats(tensor, [&](auto* x) {
    parallelFor(call, tensor.size, elementGrain, [x, &finite](int64_t begin, int64_t end, int) {
      // A finite number times zero is zero; anything else is NaN, and so is the sum.
      const float sum = sumOver(end - begin, [=](int64_t i, auto lanes) { return load(x + begin + i, lanes) * 0.0f; });
      if (sum != sum) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    });
  });
  return finite;
}

}  // namespace FLAVA_NAMESPACE
