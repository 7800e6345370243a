// Failure of kernels.
#pragma once

#include <cstdarg>
#include <cstdio>

#include "../runtime/kernel.h"

namespace FLAVA_NAMESPACE {

/** Makes the call fail with a message; the kernel should then return. */
[[gnu::format(printf, 2, 3)]] inline void fail(const Call& call, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(call.error, 256, format, values);
  va_end(values);
}

}  // namespace FLAVA_NAMESPACE
