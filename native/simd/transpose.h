// Transposing squares of 32-bit elements in registers.
#pragma once

#include "simd.h"

namespace FLAVA_NAMESPACE {

/** Lanes of a, counted from 0, and of b, counted on from there, in the given order. */
template <int... lane, class Vector>
[[gnu::always_inline]] inline Vector shuffle(Vector a, Vector b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lane...);
#else  // GCC before 12 lacks __builtin_shufflevector.
  return __builtin_shuffle(a, b, Vector{lane...});
#endif
}

template <int... lane>
struct Lanes {};
template <int count, int... lane>
struct CountLanes : CountLanes<count - 1, count - 1, lane...> {};
template <int... lane>
struct CountLanes<0, lane...> {
  using List = Lanes<lane...>;
};

/** Exchanges the upper block of `distance` lanes of each 2 * distance in `a` with the lower one in `b`. */
template <int distance, class Vector, int... lane>
[[gnu::always_inline]] inline void exchangeBlocks(Vector& a, Vector& b, Lanes<lane...>) {
  const Vector lower = shuffle<(lane & distance ? width + lane - distance : lane)...>(a, b);
  b = shuffle<(lane & distance ? width + lane : lane + distance)...>(a, b);
  a = lower;
}

/** Transposes a square of Ints or Uints. */
template <int distance = width / 2, class Vector>
[[gnu::always_inline]] inline void transposeLanes(Vector (&square)[width]) {
#pragma GCC unroll 16
  for (int row = 0; row < width; ++row) {
    if (!(row & distance)) {
      exchangeBlocks<distance>(square[row], square[row + distance], typename CountLanes<width>::List());
    }
  }
  if constexpr (distance > 1) transposeLanes<distance / 2>(square);
}

}  // namespace FLAVA_NAMESPACE
