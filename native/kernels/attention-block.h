// Products of small blocks in a thread's scratch memory, for attention.
//
// The operands of a product consist of 32-bit words along the summed axis: one float32 each or, if the
// processor multiplies such pairs, two adjacent bfloat16. The left operand is read word by word, so its rows may
// run along either axis of memory; the right one is read in vectors of words.
#pragma once

#include "../gemm/words.h"
#include "../simd/amx.h"
#include "../simd/simd.h"
#include "../simd/transpose.h"

namespace FLAVA_NAMESPACE {

// ---- formats of words ----

/** Keys are filled up to a multiple of this: to whole vectors, or to whole tiles of words. */
#if defined(FLAVA_AMX)
constexpr int64_t keyStep = 2 * tileSide;
#else
constexpr int64_t keyStep = width;
#endif

/** Formats whose products are computed in vector registers. */
struct InVectors {
  struct Registers {};
  /** The rows of a product are a multiple of rowStep, the words along K of depthStep. */
  static constexpr int64_t rowStep = 6, depthStep = 1;
};

/** One float32 per word. */
struct FloatFormat : InVectors {
  using Element = float;
  static constexpr int64_t perWord = 1;
  static Floats round(Floats x) { return x; }
  static Floats multiplyAdd(Uints a, Uints b, Floats sum) { return (Floats)a * (Floats)b + sum; }
  static Uints join(const Floats* rows) { return (Uints)rows[0]; }
};

#if defined(__AVX512BF16__)
/** Two bfloat16 per word, the first in the lower half. */
#if defined(FLAVA_AMX)
struct Bfloat16Format {
  using Registers = TileConfiguration;
  static constexpr int64_t rowStep = 2 * tileSide, depthStep = tileSide;
  template <int sums, int left, int right>
  static void add(Tiles& tiles) {
    tiles.addBfloat16<sums, left, right>();
  }
#else
struct Bfloat16Format : InVectors {
#endif
  using Element = Bfloat16;
  static constexpr int64_t perWord = 2;
  static Floats round(Floats x) { return x; }  // storing an element rounds it
  static Floats multiplyAdd(Uints a, Uints b, Floats sum) {
    return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
  }
  /** The lanes of the lower half of `halves` become lower halves of words, those of the upper half upper halves. */
  static Uints interleave(__m512i halves) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return (Uints)_mm512_permutexvar_epi16(order, halves);
  }
  static Uints join(const Floats* rows) {
    return interleave((__m512i)_mm512_cvtne2ps_pbh((__m512)rows[1], (__m512)rows[0]));
  }
  static Uints join(const uint16_t* low, const uint16_t* high) {
    const __m512i lower = _mm512_castsi256_si512((__m256i)loadVector<Shorts>(low));
    return interleave(_mm512_maskz_inserti64x4(0xff, lower, (__m256i)loadVector<Shorts>(high), 1));
  }
};
#else
/** One float32 per word, rounded to the nearest bfloat16: for processors without products of pairs. */
struct Bfloat16Format : FloatFormat {
  static Floats round(Floats x) { return roundToBfloat16(x); }
  static Uints join(const Floats* rows) { return (Uints)round(rows[0]); }
};
#endif

// ---- products ----

constexpr int tileRows = InVectors::rowStep;
// With tileRows, as many sums as the registers hold.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tileVectors = 4;
#else
constexpr int tileVectors = 2;
#endif

/** Word k of row m is words[m * rowStride + k * depthStride]. */
struct Left {
  const uint32_t* words;
  int64_t rowStride;
  int64_t depthStride;
};

/** Word k of column n is words[k * stride + n]. */
struct Right {
  const uint32_t* words;
  int64_t stride;
};

/** Element n of row m is sums[m * stride + n]. */
struct Sums {
  float* sums;
  int64_t stride;
};

template <class Format, int vectors>
void multiplyTile(int64_t depth, Left a, Right b, Sums c, bool accumulate) {
  Floats sums[tileRows][vectors];
#pragma GCC unroll 8
  for (int row = 0; row < tileRows; ++row) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      sums[row][v] = accumulate ? load(c.sums + row * c.stride + v * width) : Floats{};
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    Uints right[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) right[v] = loadVector<Uints>(b.words + v * width);
#pragma GCC unroll 8
    for (int row = 0; row < tileRows; ++row) {
      const Uints left = Uints{} + a.words[row * a.rowStride];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[row][v] = Format::multiplyAdd(left, right[v], sums[row][v]);
    }
    a.words += a.depthStride;
    b.words += b.stride;
  }
#pragma GCC unroll 8
  for (int row = 0; row < tileRows; ++row) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) store(c.sums + row * c.stride + v * width, sums[row][v]);
  }
}

/** One panel of columns, `panel` <= `vectors` vectors wide: all its rows, tile by tile. */
template <class Format, int vectors>
void multiplyPanel(int64_t panel, int64_t rows, int64_t depth, Left a, Right b, Sums c, bool accumulate) {
  if (panel == vectors) {
    for (int64_t row = 0; row < rows; row += tileRows) {
      multiplyTile<Format, vectors>(depth, a, b, c, accumulate);
      a.words += tileRows * a.rowStride;
      c.sums += tileRows * c.stride;
    }
  } else if constexpr (vectors > 1) {
    multiplyPanel<Format, vectors - 1>(panel, rows, depth, a, b, c, accumulate);
  }
}

#if defined(FLAVA_AMX)

inline void transposeWords(const uint32_t* from, int64_t fromStride, int64_t rows, int64_t columns, uint32_t* to,
                           int64_t toStride);

/** On tiles, the words of rows [row, row + 32), which are transposed if they do not run along K. */
struct TileLeft {
  static constexpr int64_t most = 64;
  alignas(64) uint32_t transposed[2 * tileSide * most];

  Left rowsFrom(int64_t row, int64_t depth, const Left& a) {
    const uint32_t* words = a.words + row * a.rowStride;
    if (a.depthStride == 1) return {words, a.rowStride, 1};
    transposeWords(words, a.depthStride, depth, 2 * tileSide, transposed, most);
    return {transposed, most, 1};
  }
};

template <class Format>
void multiplyOnTiles(int64_t rows, int64_t columns, int64_t depth, Left a, Right b, Sums c, bool accumulate) {
  Tiles tiles;
  TileLeft left;
  for (int64_t row = 0; row < rows; row += 2 * tileSide) {
    const auto [words, stride, _] = left.rowsFrom(row, depth, a);
    float* sums = c.sums + row * c.stride;
    int64_t column = 0;
    for (; column + 2 * tileSide <= columns; column += 2 * tileSide) {
      const TileProduct<Format, 2, 2> product{words, stride, b.words + column, b.stride, depth};
      product.add(tiles, sums + column, c.stride, accumulate);
    }
    if (column < columns) {
      const TileProduct<Format, 2, 1> product{words, stride, b.words + column, b.stride, depth};
      product.add(tiles, sums + column, c.stride, accumulate);
    }
  }
}

#endif

/**
 * C = A·B, or C += A·B: `rows` are a multiple of Format::rowStep, `columns` of width, `depth` words of depthStep.
 */
template <class Format>
void multiply(int64_t rows, int64_t columns, int64_t depth, Left a, Right b, Sums c, bool accumulate) {
#if defined(FLAVA_AMX)
  if constexpr (Format::depthStep > 1) return multiplyOnTiles<Format>(rows, columns, depth, a, b, c, accumulate);
#endif
  int64_t vectors = columns / width;
  // Panels as even as possible: a narrow last one would leave the multipliers idle.
  for (int64_t panels = (vectors + tileVectors - 1) / tileVectors; panels > 0; --panels) {
    const int64_t panel = (vectors + panels - 1) / panels;
    multiplyPanel<Format, tileVectors>(panel, rows, depth, a, b, c, accumulate);
    vectors -= panel;
    b.words += panel * width;
    c.sums += panel * width;
  }
}

// ---- packing ----

/** The rows of one head: row i starts at element `first + i * stride` of the tensor. */
struct HeadRows {
  const Tensor& tensor;
  int64_t first;
  int64_t stride;
  int64_t size;  // elements in a row
};

/** Words along K that hold `count` elements; zeros follow where they are more. */
template <class Format>
int64_t wordsOf(int64_t count) {
  return roundUp((count + Format::perWord - 1) / Format::perWord, Format::depthStep);
}

/** Words in a packed row of `size` elements; whole vectors, with zeros after the last element. */
template <class Format>
int64_t wordsOfRow(int64_t size) {
  return roundUp(roundUp(size, width) / Format::perWord, width);
}

constexpr int64_t rowsAhead = 16;

/** Prefetches a row of one head: hardware prefetchers do not follow such strides. */
template <class T>
inline void prefetchRow(const T* row, int64_t size) {
  for (int64_t i = 0; i < size; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(row + i);
}

/** Packs `count` rows, then rows of zeros up to `paddedCount`, into words along the row. */
template <class Format>
void packRows(HeadRows rows, int64_t count, int64_t paddedCount, uint32_t* to) {
  const int64_t words = wordsOfRow<Format>(rows.size);
  visitFloats(rows.tensor, [&](auto* data) {
    for (int64_t row = 0; row < count; ++row) {
      const auto* from = data + rows.first + row * rows.stride;
      prefetchRow(from + rowsAhead * rows.stride, rows.size);
      auto* elements = reinterpret_cast<typename Format::Element*>(to + row * words);
      constexpr bool isRounded = sizeof *from == sizeof(Bfloat16);
      overVectors(0, rows.size, [&](int64_t i, auto lanes) {
        const Floats x = load(from + i, lanes);
        store(elements + i, isRounded ? x : Format::round(x));
      });
      for (int64_t i = roundUp(rows.size, width); i < words * Format::perWord; i += width) store(elements + i, Floats{});
    }
  });
  __builtin_memset(to + count * words, 0, static_cast<size_t>(4 * (paddedCount - count) * words));
}

/** to[j * toStride + i] = from[i * fromStride + j]; counts are multiples of width. */
inline void transposeWords(const uint32_t* from, int64_t fromStride, int64_t rows, int64_t columns, uint32_t* to,
                           int64_t toStride) {
  for (int64_t i = 0; i < rows; i += width) {
    for (int64_t j = 0; j < columns; j += width) {
      Uints square[width];
#pragma GCC unroll 16
      for (int row = 0; row < width; ++row) square[row] = loadVector<Uints>(from + (i + row) * fromStride + j);
      transposeLanes(square);
#pragma GCC unroll 16
      for (int row = 0; row < width; ++row) storeWords(to + (j + row) * toStride + i, square[row]);
    }
  }
}

/**
 * Joins packed rows into words down the columns: `rows` is a multiple of perWord, `columns` of width. Words of one
 * element are used in place; others are written to `to`.
 */
template <class Format>
Right joinRows(const uint32_t* from, int64_t fromStride, int64_t rows, int64_t columns, uint32_t* to) {
  if constexpr (Format::perWord == 1) {
    return {from, fromStride};
  } else {
    for (int64_t row = 0; row < rows; row += 2) {
      const auto* low = reinterpret_cast<const uint16_t*>(from + row * fromStride);
      const auto* high = reinterpret_cast<const uint16_t*>(from + (row + 1) * fromStride);
      for (int64_t i = 0; i < columns; i += width) {
        storeWords(to + row / 2 * columns + i, Format::join(low + i, high + i));
      }
    }
    return {to, columns};
  }
}

}  // namespace FLAVA_NAMESPACE
