// Vectors of floats of the processor level's width, and basic operations on them.
//
// A loop over n elements is written once, for whole vectors and for the tail:
//
//   overVectors(0, n, [&](int64_t i, auto lanes) { store(y + i, load(x + i, lanes) * 2.0f, lanes); });
//
// `lanes` is the type AllLanes for whole vectors and an int, the number of lanes in use, for the tail.
#pragma once

#include "../runtime/kernel.h"
#include "intrinsics.h"

namespace FLAVA_NAMESPACE {

#if defined(__AVX512F__)
constexpr int width = 16;
#elif defined(__AVX2__)
constexpr int width = 8;
#else
constexpr int width = 4;
#endif

typedef float Floats __attribute__((vector_size(4 * width)));
typedef int32_t Ints __attribute__((vector_size(4 * width)));
typedef uint32_t Uints __attribute__((vector_size(4 * width)));
typedef uint16_t Shorts __attribute__((vector_size(2 * width)));
typedef int8_t Bytes __attribute__((vector_size(width)));

/** Storage of a bfloat16: the upper half of a float32. */
struct Bfloat16 {
  uint16_t bits;
};

/** Means "all lanes" instead of a number of lanes. */
struct AllLanes {};

/** Calls body(i, lanes) for the vectors of [begin, end): AllLanes while they are whole, an int for the tail. */
template <class Body>
[[gnu::always_inline]] inline void overVectors(int64_t begin, int64_t end, Body body) {
  int64_t i = begin;
  for (; i + width <= end; i += width) body(i, AllLanes());
  if (i < end) body(i, static_cast<int>(end - i));
}

// ---- lanes ----

#if defined(__AVX512F__)
// The unmasked forms of some instructions trigger a spurious warning in GCC 12; a constant mask costs nothing.
constexpr __mmask16 everyLane = 0xffff;
inline __mmask16 firstLanes(int lanes) { return static_cast<__mmask16>((1u << lanes) - 1); }
#endif

/** By its bits: a sum with zeros would change -0, and takes an instruction more. */
inline Floats broadcast(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return (Floats)(Uints{} + bits);
}
inline Ints broadcastInt(int32_t value) { return Ints{} + value; }

/** 0, 1, 2, … */
inline Ints laneIndices() {
#if defined(__AVX512F__)
  return Ints{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif defined(__AVX2__)
  return Ints{0, 1, 2, 3, 4, 5, 6, 7};
#else
  return Ints{0, 1, 2, 3};
#endif
}

/** a where the mask, a comparison of vectors, holds; b elsewhere. */
inline Floats select(Ints mask, Floats a, Floats b) { return mask ? a : b; }
inline Ints select(Ints mask, Ints a, Ints b) { return mask ? a : b; }

/** x in the active lanes, `other` in the rest. */
inline Floats keep(Floats x, AllLanes, float) { return x; }
inline Floats keep(Floats x, int lanes, float other) { return select(laneIndices() < lanes, x, broadcast(other)); }

// ---- loading and storing; partial loads fill with zeros ----

template <class Vector>
inline Vector loadVector(const void* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, sizeof vector);
  return vector;
}

template <class Vector>
inline Vector loadVector(const void* from, int64_t bytes) {
  Vector vector{};
  __builtin_memcpy(&vector, from, static_cast<size_t>(bytes));
  return vector;
}

/** GCC 12 takes several instructions for the conversion where the processor needs one. */
inline Floats widen(Shorts bits) {
#if defined(__AVX512F__)
  return (Floats)((Uints)_mm512_maskz_cvtepu16_epi32(everyLane, (__m256i)bits) << 16);
#elif defined(__AVX2__)
  return (Floats)((Uints)_mm256_cvtepu16_epi32((__m128i)bits) << 16);
#else
  return (Floats)(__builtin_convertvector(bits, Uints) << 16);
#endif
}

/**
 * Rounds to nearest even in the upper half of each lane; the lower may hold anything. A NaN stays one: it is made quiet so
 * that its payload cannot round to infinity.
 */
inline Uints roundUpperHalf(Floats x) {
  const Uints bits = (Uints)x;
  const Uints rounded = bits + 0x7fff + ((bits >> 16) & 1);
  return (x == x) ? rounded : (bits | 0x400000);
}

/** Rounds to nearest even. A NaN stays one. */
inline Shorts narrow(Floats x) {
#if defined(__AVX512BF16__)
  return (Shorts)_mm512_cvtneps_pbh((__m512)x);
#else
  const Uints chosen = roundUpperHalf(x);
#if defined(__AVX512F__) || !defined(__AVX2__)
  return __builtin_convertvector(chosen >> 16, Shorts);
#else
  const __m256i high = (__m256i)(chosen >> 16);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0x08);
  return (Shorts)_mm256_castsi256_si128(packed);
#endif
#endif
}

/** widen(narrow(x)) in fewer operations, where no instruction rounds to bfloat16. */
inline Floats roundToBfloat16(Floats x) { return (Floats)(roundUpperHalf(x) & 0xffff0000u); }

inline Floats load(const float* from, AllLanes = {}) { return loadVector<Floats>(from); }
inline Floats load(const Bfloat16* from, AllLanes = {}) { return widen(loadVector<Shorts>(from)); }
inline Floats load(const int8_t* from, AllLanes = {}) {
  return __builtin_convertvector(__builtin_convertvector(loadVector<Bytes>(from), Ints), Floats);
}
inline Floats load(const int32_t* from, AllLanes = {}) {
  return __builtin_convertvector(loadVector<Ints>(from), Floats);
}
inline Ints loadInts(const int32_t* from, AllLanes = {}) { return loadVector<Ints>(from); }

inline Ints loadInts(const int32_t* from, int lanes) {
#if defined(__AVX512F__)
  return (Ints)_mm512_maskz_loadu_epi32(firstLanes(lanes), from);
#elif defined(__AVX2__)
  return (Ints)_mm256_maskload_epi32(from, (__m256i)(laneIndices() < lanes));
#else
  return loadVector<Ints>(from, 4 * lanes);
#endif
}
inline Floats load(const float* from, int lanes) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_loadu_ps(firstLanes(lanes), from);
#elif defined(__AVX2__)
  return (Floats)_mm256_maskload_ps(from, (__m256i)(laneIndices() < lanes));
#else
  return loadVector<Floats>(from, 4 * lanes);
#endif
}
inline Floats load(const Bfloat16* from, int lanes) {
#if defined(__AVX512F__)
  return widen((Shorts)_mm256_maskz_loadu_epi16(firstLanes(lanes), from));
#elif defined(__AVX2__)
  // Masks select pairs; the last of an odd number is added.
  const __m128i pairs = _mm_cmpgt_epi32(_mm_set1_epi32(lanes / 2), _mm_set_epi32(3, 2, 1, 0));
  Shorts bits = (Shorts)_mm_maskload_epi32(reinterpret_cast<const int*>(from), pairs);
  if (lanes % 2) {
    const Shorts places{0, 1, 2, 3, 4, 5, 6, 7}, last = Shorts{} + static_cast<uint16_t>(lanes - 1);
    bits |= (Shorts)(places == last) & (Shorts{} + from[lanes - 1].bits);
  }
  return widen(bits);
#else
  return widen(loadVector<Shorts>(from, 2 * lanes));
#endif
}
inline Floats load(const int8_t* from, int lanes) {
  return __builtin_convertvector(__builtin_convertvector(loadVector<Bytes>(from, lanes), Ints), Floats);
}
inline Floats load(const int32_t* from, int lanes) {
  return __builtin_convertvector(loadInts(from, lanes), Floats);
}

inline void store(float* to, Floats x, AllLanes = {}) { __builtin_memcpy(to, &x, sizeof x); }
inline void store(int32_t* to, Ints x, AllLanes = {}) { __builtin_memcpy(to, &x, sizeof x); }
inline void store(Bfloat16* to, Floats x, AllLanes = {}) {
  const Shorts bits = narrow(x);
  __builtin_memcpy(to, &bits, sizeof bits);
}

inline void store(float* to, Floats x, int lanes) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, firstLanes(lanes), (__m512)x);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, (__m256i)(laneIndices() < lanes), (__m256)x);
#else
  __builtin_memcpy(to, &x, static_cast<size_t>(4 * lanes));
#endif
}
inline void store(int32_t* to, Ints x, int lanes) { store(reinterpret_cast<float*>(to), (Floats)x, lanes); }
inline void store(Bfloat16* to, Floats x, int lanes) {
  const Shorts bits = narrow(x);
#if defined(__AVX512F__)
  _mm256_mask_storeu_epi16(to, firstLanes(lanes), (__m256i)bits);
#else
  __builtin_memcpy(to, &bits, static_cast<size_t>(2 * lanes));
#endif
}

// ---- single elements ----

inline float loadOne(const float* from) { return *from; }
inline float loadOne(const Bfloat16* from) { return load(from, 1)[0]; }
inline float loadOne(const int8_t* from) { return *from; }
inline float loadOne(const int32_t* from) { return static_cast<float>(*from); }
inline void storeOne(float* to, float x) { *to = x; }
inline void storeOne(Bfloat16* to, float x) { to->bits = narrow(broadcast(x))[0]; }

// ---- one kernel for every mix of storage types ----

/** Calls body(data of a, data of b, …), each pointing to float or Bfloat16 as its tensor has it. */
template <class Body>
inline void visitFloats(const Tensor& a, Body body) {
  if (a.dtype == Dtype::bfloat16) {
    body(a.as<Bfloat16>());
  } else {
    body(a.as<float>());
  }
}
template <class Body>
inline void visitFloats(const Tensor& a, const Tensor& b, Body body) {
  visitFloats(a, [&](auto* x) { visitFloats(b, [&](auto* y) { body(x, y); }); });
}
template <class Body>
inline void visitFloats(const Tensor& a, const Tensor& b, const Tensor& c, Body body) {
  visitFloats(a, b, [&](auto* x, auto* y) { visitFloats(c, [&](auto* z) { body(x, y, z); }); });
}

// ---- extremes, roots, sums ----

/** The larger, or b if either is NaN: pass what may be NaN and must stay NaN as b. */
inline Floats max(Floats a, Floats b) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_max_ps(everyLane, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Floats)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (Floats)_mm_max_ps((__m128)a, (__m128)b);
#elif defined(__wasm_simd128__)
  return (Floats)__builtin_wasm_pmax_f32x4(b, a);
#else
  return a > b ? a : b;
#endif
}

/** The smaller, or b if either is NaN. */
inline Floats min(Floats a, Floats b) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_min_ps(everyLane, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (Floats)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (Floats)_mm_min_ps((__m128)a, (__m128)b);
#elif defined(__wasm_simd128__)
  return (Floats)__builtin_wasm_pmin_f32x4(b, a);
#else
  return a < b ? a : b;
#endif
}

inline float max(float a, float b) { return a > b ? a : b; }
inline float min(float a, float b) { return a < b ? a : b; }
inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

inline Floats absolute(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }

inline float squareRoot(float x) { return __builtin_sqrtf(x); }
inline Floats squareRoot(Floats x) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_sqrt_ps(everyLane, (__m512)x);
#elif defined(__AVX2__)
  return (Floats)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (Floats)_mm_sqrt_ps((__m128)x);
#elif defined(__wasm_simd128__)
  return (Floats)__builtin_wasm_sqrt_f32x4(x);
#else
  for (int lane = 0; lane < width; ++lane) x[lane] = squareRoot(x[lane]);
  return x;
#endif
}

/** Folds the lanes by halves, always in the same order. */
template <class Combine>
[[gnu::always_inline]] inline float foldLanes(Floats x, Combine combine) {
  float lanes[width];
  __builtin_memcpy(lanes, &x, sizeof x);
  for (int half = width / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] = combine(lanes[lane], lanes[lane + half]);
  }
  return lanes[0];
}

/** Sum of all lanes. */
inline float sumOf(Floats x) {
  return foldLanes(x, [](float a, float b) { return a + b; });
}
/** Largest of all lanes, if none is NaN. */
inline float maxOf(Floats x) {
  return foldLanes(x, [](float a, float b) { return max(a, b); });
}

}  // namespace FLAVA_NAMESPACE

#include "simd-math.h"
