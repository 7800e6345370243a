// Words: the 32-bit units in which a product reads its operands.
//
// A word holds what one step of the inner product multiplies: one float32, two bfloat16 or four int8 that are
// neighbors along K. An operand whose K elements do not fill the last word is padded with zeros.
#pragma once

#include "../simd/simd.h"
#include "../simd/transpose.h"

namespace FLAVA_NAMESPACE {

constexpr int64_t ceilDivide(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

constexpr int64_t wordsOf(int64_t elements, int elementsPerWord) { return ceilDivide(elements, elementsPerWord); }

constexpr int64_t roundUp(int64_t value, int64_t step) { return ceilDivide(value, step) * step; }

inline uint32_t loadWord(const uint32_t* from) {
  uint32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

inline void storeWords(uint32_t* to, Uints words, AllLanes = {}) { __builtin_memcpy(to, &words, sizeof words); }
inline void storeWords(uint32_t* to, Uints words, int lanes) {
  store(reinterpret_cast<float*>(to), (Floats)words, lanes);
}

/** Two rows of bfloat16 as words: `even` in the lower halves, `odd` in the upper. */
inline Uints interleave(Shorts even, Shorts odd) {
#if defined(__AVX512BW__)
  const __m512i order = (__m512i)((laneIndices() | (laneIndices() + 32) << 16));
  return (Uints)_mm512_permutex2var_epi16(_mm512_castsi256_si512((__m256i)even), order,
                                          _mm512_castsi256_si512((__m256i)odd));
#else
  return __builtin_convertvector(even, Uints) | (__builtin_convertvector(odd, Uints) << 16);
#endif
}

template <class Lanes>
inline Shorts loadBfloat16(const Bfloat16* from, Lanes lanes) {
  return narrow(load(from, lanes));
}
inline Shorts loadBfloat16(const Bfloat16* from, AllLanes) { return loadVector<Shorts>(from); }
template <class Lanes>
inline Shorts loadBfloat16(const float* from, Lanes lanes) {
  return narrow(load(from, lanes));
}

/** Reads elements of type float or Bfloat16 as words of one float32. */
struct Float32Words {
  static constexpr int elements = 1;
  /** Elements stored in the type of the word are copied. */
  static constexpr bool verbatim = true;

  /** A vector of consecutive words along K, padded with zeros if there are only `count` elements. */
  template <class Element>
  static Uints along(const Element* from) {
    return (Uints)load(from);
  }
  template <class Element>
  static Uints along(const Element* from, int64_t count) {
    return count >= width ? along(from) : (Uints)load(from, static_cast<int>(count));
  }

  /** A word of each of `lanes` neighboring columns, from column `column` on: rows[0] holds their elements k. */
  template <class Element, class Lanes>
  static Uints across(const Element* const (&rows)[elements], int64_t column, Lanes lanes) {
    return (Uints)load(rows[0] + column, lanes);
  }
};

/** Reads elements of type float or Bfloat16 as words of two bfloat16. */
struct Bfloat16Words {
  static constexpr int elements = 2;
  static constexpr bool verbatim = true;

  static Uints along(const Bfloat16* from) { return loadVector<Uints>(from); }
  static Uints along(const float* from) {
#if defined(__AVX512BF16__)
    return (Uints)_mm512_cvtne2ps_pbh((__m512)load(from + width), (__m512)load(from));
#else
    const Shorts halves[2] = {narrow(load(from)), narrow(load(from + width))};
    return loadVector<Uints>(halves);
#endif
  }
  template <class Element>
  static Uints along(const Element* from, int64_t count) {
    if (count >= 2 * width) return along(from);
#if defined(__AVX512BW__)
    if constexpr (sizeof(Element) == sizeof(Bfloat16)) {
      return (Uints)_mm512_maskz_loadu_epi16(static_cast<__mmask32>((uint64_t{1} << count) - 1), from);
    }
#endif
    Element padded[2 * width] = {};
    __builtin_memcpy(padded, from, static_cast<size_t>(count) * sizeof(Element));
    return along(padded);
  }

  /** rows[0] holds the elements k, rows[1] the elements k + 1. */
  template <class Element, class Lanes>
  static Uints across(const Element* const (&rows)[elements], int64_t column, Lanes lanes) {
    return interleave(loadBfloat16(rows[0] + column, lanes), loadBfloat16(rows[1] + column, lanes));
  }
};

/** The words of `Words`, of floats or bfloat16, after Change<Words>::apply. */
template <class Words, template <class> class Change>
struct ChangedWords {
  static constexpr int elements = Words::elements;
  static constexpr bool verbatim = false;

  template <class... Arguments>
  static Uints along(Arguments... arguments) {
    return Change<Words>::apply(Words::along(arguments...));
  }
  template <class Element, class Lanes>
  static Uints across(const Element* const (&rows)[elements], int64_t column, Lanes lanes) {
    return Change<Words>::apply(Words::across(rows, column, lanes));
  }
};

/** Applies GELU to every element. */
template <class Words>
struct Gelu {
  static Uints apply(Uints words) {
    if constexpr (Words::elements == 1) {
      return (Uints)gelu((Floats)words);
    } else {
      return interleave(narrow(roundedGelu((Floats)(words << 16))), narrow(roundedGelu((Floats)(words & 0xffff0000u))));
    }
  }
};

/** Reads elements of type int8 as words of four. */
struct Int8Words {
  static constexpr int elements = 4;

  static Uints along(const int8_t* from) { return loadVector<Uints>(from); }
  static Uints along(const int8_t* from, int64_t count) {
    return count >= 4 * width ? along(from) : loadVector<Uints>(from, count);
  }
};

}  // namespace FLAVA_NAMESPACE
