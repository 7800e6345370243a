// Elementwise application of functions of vectors.
#pragma once

#include "../simd/simd.h"

namespace FLAVA_NAMESPACE {

/** Elements per range of work: large enough to amortize scheduling, small enough to balance threads. */
constexpr int64_t elementGrain = 8192;

/** Rows per range of work, of `columns` elements each. */
inline int64_t rowGrain(int64_t columns) { return max(int64_t{1}, elementGrain / max(int64_t{1}, columns)); }

/** Output 0 = function(input 0). */
template <class Function>
void mapElements(const Call& call, Function function) {
  visitFloats(call.in(0), call.out(0), [&](auto* x, auto* y) {
    parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
      overVectors(begin, end, [=](int64_t i, auto lanes) { store(y + i, function(load(x + i, lanes)), lanes); });
    });
  });
}

/** Output 0 = function(input 0, input 1), all of one shape. */
template <class Function>
void mapPairs(const Call& call, Function function) {
  visitFloats(call.in(0), call.in(1), call.out(0), [&](auto* a, auto* b, auto* y) {
    parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
      overVectors(begin, end, [=](int64_t i, auto lanes) {
        store(y + i, function(load(a + i, lanes), load(b + i, lanes)), lanes);
      });
    });
  });
}

}  // namespace FLAVA_NAMESPACE
