// Failure of kernels, and the search for what makes them fail.
#pragma once

#include <cstdarg>
#include <cstdio>

#include "elementwise.h"

namespace FLAVA_NAMESPACE {

/** Makes the call fail with a message; the kernel should then return. */
[[gnu::format(printf, 2, 3)]] inline void fail(const Call& call, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(call.error, 256, format, values);
  va_end(values);
}

/** The lowest index in [0, count) that is `wrong`; -1 if none is. */
template <class Predicate>
int64_t firstWrong(const Call& call, int64_t count, Predicate wrong) {
  int64_t first = count;
  parallelFor(call, count, elementGrain, [&](int64_t begin, int64_t end, int) {
    bool any = false;
    for (int64_t i = begin; i < end; ++i) any |= wrong(i);
    if (!any) return;
    while (!wrong(begin)) ++begin;
    int64_t known = __atomic_load_n(&first, __ATOMIC_RELAXED);
    while (begin < known &&
           !__atomic_compare_exchange_n(&first, &known, begin, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  });
  return first == count ? -1 : first;
}

}  // namespace FLAVA_NAMESPACE
