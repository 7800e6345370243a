// The compiler's vector instructions by name. This is the largest header of all: the build compiles it once for each level.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif
