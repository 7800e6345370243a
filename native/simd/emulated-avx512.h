// The instructions of AVX-512 that the kernels name, in plain C++ that gives the same bits (Intel SDM, volume 2), so that
// its levels are tested on machines without it. The build includes this file before all others (build.mjs --emulate-avx512).
// The compiler splits all other operations on vectors of 16 floats by itself.
#pragma once

#include <cstdint>

#include "intrinsics.h"  // before the macros below, with which it would take AVX-512 for granted

#define __AVX512F__ 1
#define __AVX512BW__ 1
#if defined(FLAVA_EMULATE_AVX512BF16)
#define __AVX512BF16__ 1
#define __AVX512VNNI__ 1
#endif

namespace flava {
namespace {
namespace emulated {

/** The lanes of a vector. */
template <class Lane, class Vector>
struct Lanes {
  static constexpr int count = sizeof(Vector) / sizeof(Lane);
  Lane at[count] = {};

  Lanes() = default;
  explicit Lanes(Vector vector) { __builtin_memcpy(at, &vector, sizeof vector); }
  Vector vector() const {
    Vector result;
    __builtin_memcpy(&result, at, sizeof result);
    return result;
  }
};

using Floats = Lanes<float, __m512>;
using Words = Lanes<uint32_t, __m512i>;
using Halves = Lanes<uint16_t, __m512i>;

/** The lanes that the mask selects, of memory; zeros elsewhere. */
template <class Lane, class Vector>
inline Vector load(uint64_t mask, const void* from) {
  Lanes<Lane, Vector> lanes;
  for (int i = 0; i < lanes.count; ++i) {
    if (mask >> i & 1) __builtin_memcpy(&lanes.at[i], static_cast<const Lane*>(from) + i, sizeof(Lane));
  }
  return lanes.vector();
}

/** Only the lanes that the mask selects. */
template <class Lane, class Vector>
inline void store(void* to, uint64_t mask, Vector vector) {
  const Lanes<Lane, Vector> lanes(vector);
  for (int i = 0; i < lanes.count; ++i) {
    if (mask >> i & 1) __builtin_memcpy(static_cast<Lane*>(to) + i, &lanes.at[i], sizeof(Lane));
  }
}

inline __m512i joined(__m256i lower, __m256i upper) {
  const __m256i halves[2] = {lower, upper};
  __m512i result;
  __builtin_memcpy(&result, halves, sizeof result);
  return result;
}

/** Lanes of 16 bits of a, counted from 0, and of b, counted on from there. */
inline __m512i permute(__m512i a, __m512i order, __m512i b) {
  const Halves first(a), places(order), second(b);
  Halves result;
  for (int i = 0; i < 32; ++i) {
    const int place = places.at[i] & 63;
    result.at[i] = place < 32 ? first.at[place] : second.at[place - 32];
  }
  return result.vector();
}

template <class... Lane>
inline __m512i halves(Lane... lane) {
  const int highestFirst[] = {lane...};
  Halves result;
  for (int i = 0; i < 32; ++i) result.at[i] = static_cast<uint16_t>(highestFirst[31 - i]);
  return result.vector();
}

inline __m512i widenBytes(__m128i bytes) {
  const Lanes<uint8_t, __m128i> narrow(bytes);
  Words result;
  for (int i = 0; i < 16; ++i) result.at[i] = narrow.at[i];
  return result.vector();
}

inline __m512i widenHalves(__m256i halves) {
  const Lanes<uint16_t, __m256i> narrow(halves);
  Words result;
  for (int i = 0; i < 16; ++i) result.at[i] = narrow.at[i];
  return result.vector();
}

/** `change` of each lane, or each pair of lanes. */
template <class Change, class... Vector>
inline __m512 eachFloat(Change change, Vector... vector) {
  Floats result;
  for (int i = 0; i < 16; ++i) result.at[i] = change(Floats(vector).at[i]...);
  return result.vector();
}

inline __m512 larger(__m512 a, __m512 b) {
  return eachFloat([](float x, float y) { return x > y ? x : y; }, a, b);
}
inline __m512 smaller(__m512 a, __m512 b) {
  return eachFloat([](float x, float y) { return x < y ? x : y; }, a, b);
}
inline __m512 root(__m512 a) {
  return eachFloat([](float x) { return __builtin_sqrtf(x); }, a);
}
inline __m512 scale(__m512 a, __m512 n) {
  return eachFloat([](float x, float power) { return __builtin_ldexpf(x, static_cast<int>(power)); }, a, n);
}

/** Sums of neighboring products of signed 16 bits. */
inline __m512i addHalves(__m512i a, __m512i b) {
  const Lanes<int16_t, __m512i> x(a), y(b);
  Words result;
  for (int i = 0; i < 16; ++i) {
    const auto product = [&](int lane) { return static_cast<uint32_t>(x.at[lane] * y.at[lane]); };
    result.at[i] = product(2 * i) + product(2 * i + 1);
  }
  return result.vector();
}

/** Adds four products each, of bytes unsigned in `a` and signed in `b`. */
inline __m512i addBytes(__m512i sums, __m512i a, __m512i b) {
  const Lanes<uint8_t, __m512i> x(a);
  const Lanes<int8_t, __m512i> y(b);
  Words result(sums);
  for (int i = 0; i < 64; ++i) result.at[i / 4] += static_cast<uint32_t>(x.at[i] * y.at[i]);
  return result.vector();
}

// Denormal numbers are zeros to the instructions for bfloat16, as operands and as results.

inline float flush(float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0, x) : x; }

inline uint16_t roundToHalf(float x) {
  const float flushed = flush(x);
  uint32_t bits;
  __builtin_memcpy(&bits, &flushed, sizeof bits);
  if (x != x) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline __m256i narrow(__m512 a) {
  const Floats from(a);
  Lanes<uint16_t, __m256i> result;
  for (int i = 0; i < 16; ++i) result.at[i] = roundToHalf(from.at[i]);
  return result.vector();
}

/** The bfloat16 in the upper half. */
inline float floatOf(uint32_t bits) {
  float value;
  bits &= 0xffff0000u;
  __builtin_memcpy(&value, &bits, sizeof value);
  return flush(value);
}

/** Adds two products each, that of the upper halves first. */
inline __m512 addPairs(__m512 sums, __m512i a, __m512i b) {
  const Words x(a), y(b);
  Floats result(sums);
  for (int i = 0; i < 16; ++i) {
    for (int shift = 0; shift <= 16; shift += 16) {
      const float left = floatOf(x.at[i] << shift), right = floatOf(y.at[i] << shift);
      result.at[i] = flush(__builtin_fmaf(left, right, flush(result.at[i])));
    }
  }
  return result.vector();
}

}  // namespace emulated
}  // namespace
}  // namespace flava

// Where an instruction is named with the mask of all lanes, the mask is left out.
#define _mm512_castsi256_si512(a) flava::emulated::joined(a, __m256i{})
#define _mm512_maskz_inserti64x4(mask, a, b, place) flava::emulated::joined(_mm512_castsi512_si256(a), b)
#define _mm512_castsi512_si256(a) (flava::emulated::Lanes<__m256i, __m512i>(a).at[0])
#define _mm512_permutex2var_epi16(a, order, b) flava::emulated::permute(a, order, b)
#define _mm512_permutexvar_epi16(order, a) flava::emulated::permute(a, order, a)
#define _mm512_set_epi16(...) flava::emulated::halves(__VA_ARGS__)
#define _mm512_maskz_cvtepu8_epi32(mask, a) flava::emulated::widenBytes(a)
#define _mm512_maskz_cvtepu16_epi32(mask, a) flava::emulated::widenHalves(a)
#define _mm512_maskz_loadu_epi16(mask, from) flava::emulated::load<uint16_t, __m512i>(mask, from)
#define _mm256_maskz_loadu_epi16(mask, from) flava::emulated::load<uint16_t, __m256i>(mask, from)
#define _mm512_maskz_loadu_epi32(mask, from) flava::emulated::load<uint32_t, __m512i>(mask, from)
#define _mm512_maskz_loadu_ps(mask, from) flava::emulated::load<float, __m512>(mask, from)
#define _mm512_mask_storeu_ps(to, mask, a) flava::emulated::store<float>(to, mask, a)
#define _mm256_mask_storeu_epi16(to, mask, a) flava::emulated::store<uint16_t>(to, mask, a)
#define _mm512_maskz_max_ps(mask, a, b) flava::emulated::larger(a, b)
#define _mm512_maskz_min_ps(mask, a, b) flava::emulated::smaller(a, b)
#define _mm512_maskz_sqrt_ps(mask, a) flava::emulated::root(a)
#define _mm512_maskz_scalef_ps(mask, a, n) flava::emulated::scale(a, n)
#define _mm512_madd_epi16(a, b) flava::emulated::addHalves(a, b)
#define _mm512_dpbusd_epi32(sums, a, b) flava::emulated::addBytes(sums, a, b)
#define _mm512_cvtneps_pbh(a) flava::emulated::narrow(a)
#define _mm512_cvtne2ps_pbh(a, b) flava::emulated::joined(flava::emulated::narrow(b), flava::emulated::narrow(a))
#define _mm512_dpbf16_ps(sums, a, b) flava::emulated::addPairs(sums, (__m512i)(a), (__m512i)(b))
