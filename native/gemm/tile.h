// The innermost loop: a tile of up to 6 rows and 64 columns of the result, held in registers along K.
#pragma once

#include "../simd/amx.h"
#include "words.h"

namespace FLAVA_NAMESPACE {

#if defined(__wasm__)
constexpr int tileRows = 4;
#else
constexpr int tileRows = 6;
#endif

// Vectors of accumulators in a row: 6 x 4 of 32 registers, or 6 x 2 of 16. WebAssembly has no instruction that multiplies
// and adds: products take registers of their own, and 4 x 2 sums are left.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tileVectors = 4;
#else
constexpr int tileVectors = 2;
#endif

/**
 * Columns of a packed panel of the right operand. With AVX2 they are those of a tile, so that a panel is read from its
 * first byte to its last: of 64 columns a tile would take 16 at a time, in a quarter of the sets of the first-level cache.
 */
#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(FLAVA_AMX)
constexpr int panelColumns = tileVectors * width;
#else
constexpr int panelColumns = 64;
#endif

/** Most columns of a result that are written at once: whole lines of memory. */
constexpr int pieceColumns = 64;
constexpr int64_t panelsOfPiece = pieceColumns / panelColumns;

// How a word of the left operand times a vector of words of the right operand is added to the sums. A level without an
// instruction for whole words splits them into `parts`: left() and right() extract part `part` of the words.

struct Float32Product : Float32Words {
  static constexpr bool onTiles = false;
  static constexpr int rowsOfTile = tileRows, wordsOfTile = 1;
  using Sum = float;
  using Sums = Floats;
  static constexpr int parts = 1;

  static Floats left(uint32_t word, int) { return (Floats)(Uints{} + word); }
  static Floats right(Uints words, int) { return (Floats)words; }
  static Floats add(Floats sums, Floats left, Floats right) { return sums + left * right; }
};

#if defined(FLAVA_AMX)
// With AMX, whole tiles of words are multiplied at a time (tile-block.h).

struct Bfloat16Product : Bfloat16Words {
  static constexpr bool onTiles = true;
  static constexpr int rowsOfTile = tileSide, wordsOfTile = tileSide, parts = 1;
  using Sum = float;

  template <int sums, int left, int right>
  static void add(Tiles& tiles) {
    tiles.addBfloat16<sums, left, right>();
  }
};

/** The left operand is unsigned, the right one signed; the sums are exact on every level. */
struct Int8Product : Int8Words {
  static constexpr bool onTiles = true;
  static constexpr int rowsOfTile = tileSide, wordsOfTile = tileSide, parts = 1;
  using Sum = int32_t;

  template <int sums, int left, int right>
  static void add(Tiles& tiles) {
    tiles.addInt8<sums, left, right>();
  }
};

#else

struct Bfloat16Product : Bfloat16Words {
  static constexpr bool onTiles = false;
  static constexpr int rowsOfTile = tileRows, wordsOfTile = 1;
  using Sum = float;
  using Sums = Floats;
#if defined(__AVX512BF16__)
  static constexpr int parts = 1;

  static Uints left(uint32_t word, int) { return Uints{} + word; }
  static Uints right(Uints words, int) { return words; }
  static Floats add(Floats sums, Uints left, Uints right) {
    return (Floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)left, (__m512bh)right);
  }
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
  static constexpr int parts = 1;

  static Uints left(uint32_t word, int) { return Uints{} + word; }
  static Uints right(Uints words, int) { return words; }
  static Floats add(Floats sums, Uints left, Uints right) {
    return (Floats)vbfdotq_f32((float32x4_t)sums, vreinterpretq_bf16_u32((uint32x4_t)left),
                               vreinterpretq_bf16_u32((uint32x4_t)right));
  }
#else
  static constexpr int parts = 2;

  static Floats left(uint32_t word, int part) { return left(Uints{} + word, part); }
  static Floats left(Uints words, int part) { return right(words, part); }
  static Floats right(Uints words, int part) { return (Floats)(part == 0 ? words << 16 : words & 0xffff0000u); }
  static Floats add(Floats sums, Floats left, Floats right) { return sums + left * right; }
#endif
};

/** The left operand is unsigned, the right one signed; the sums are exact on every level. */
struct Int8Product : Int8Words {
  static constexpr bool onTiles = false;
  static constexpr int rowsOfTile = tileRows, wordsOfTile = 1;
  using Sum = int32_t;
  using Sums = Ints;
#if defined(__AVX512VNNI__)
  static constexpr int parts = 1;

  static Uints left(Uints words, int) { return words; }
  static Uints right(Uints words, int) { return words; }
  static Ints add(Ints sums, Uints left, Uints right) {
    return (Ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)left, (__m512i)right);
  }
#elif defined(__ARM_FEATURE_MATMUL_INT8)
  static constexpr int parts = 1;

  static Uints left(Uints words, int) { return words; }
  static Uints right(Uints words, int) { return words; }
  static Ints add(Ints sums, Uints left, Uints right) {
    return (Ints)vusdotq_s32((int32x4_t)sums, vreinterpretq_u8_u32((uint32x4_t)left),
                             vreinterpretq_s8_u32((uint32x4_t)right));
  }
#elif defined(__AVX2__)
  // Bytes 0 and 2 of a word, then bytes 1 and 3, widened to 16 bits.
  static constexpr int parts = 2;
  typedef int16_t Halves __attribute__((vector_size(4 * width)));

  static Halves left(Uints words, int part) { return (Halves)((words >> (8 * part)) & 0x00ff00ffu); }
  static Halves right(Uints words, int part) {
    return part == 0 ? ((Halves)words << 8) >> 8 : (Halves)words >> 8;
  }
  static Ints add(Ints sums, Halves left, Halves right) {
#if defined(__AVX512BW__)
    return sums + (Ints)_mm512_madd_epi16((__m512i)left, (__m512i)right);
#else
    return sums + (Ints)_mm256_madd_epi16((__m256i)left, (__m256i)right);
#endif
  }
#else
  static constexpr int parts = 4;

  static Ints left(Uints words, int part) { return (Ints)((words >> (8 * part)) & 0xffu); }
  static Ints right(Uints words, int part) { return (Ints)(words << (24 - 8 * part)) >> 24; }
  static Ints add(Ints sums, Ints left, Ints right) { return sums + left * right; }
#endif

  static auto left(uint32_t word, int part) { return left(Uints{} + word, part); }
};

#endif

/** What a tile reads and writes: rows of the left operand, columns of a panel of the right one, and their sums. */
template <class Sum>
struct Tile {
  const uint32_t* left;
  int64_t leftStride;
  const uint32_t* right;
  int64_t words;
  Sum* sums;
  int64_t sumsStride;
  /** Start from the existing sums instead of zero. */
  bool resume;
};

/**
 * sums[row][column] (+)= Σ left[row][word] · right[word][column] for `rows` rows and `vectors` vectors of columns. The
 * order of additions depends on K alone.
 */
template <class Product, int rows, int vectors>
[[gnu::noinline]] void multiplyRows(const Tile<typename Product::Sum>& tile) {
  using Sums = typename Product::Sums;
  const auto [left, leftStride, right, words, sums, sumsStride, resume] = tile;
  Sums total[rows][vectors];
#pragma GCC unroll 8
  for (int row = 0; row < rows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < vectors; ++vector) {
      total[row][vector] = resume ? loadVector<Sums>(sums + row * sumsStride + vector * width) : Sums{};
    }
  }
  for (int64_t word = 0; word < words; ++word) {
    // The rows of the next tile, line by line: too many short rows for the hardware prefetcher.
    if (word % 16 == 0) {
#pragma GCC unroll 8
      for (int row = 0; row < rows; ++row) __builtin_prefetch(left + (row + rows) * leftStride + word, 0, 2);
    }
#pragma GCC unroll 4
    for (int part = 0; part < Product::parts; ++part) {
      decltype(Product::right(Uints{}, 0)) factors[vectors];
#pragma GCC unroll 4
      for (int vector = 0; vector < vectors; ++vector) {
        factors[vector] = Product::right(loadVector<Uints>(right + word * panelColumns + vector * width), part);
      }
#pragma GCC unroll 8
      for (int row = 0; row < rows; ++row) {
        const auto factor = Product::left(loadWord(left + row * leftStride + word), part);
#pragma GCC unroll 4
        for (int vector = 0; vector < vectors; ++vector) {
          total[row][vector] = Product::add(total[row][vector], factor, factors[vector]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < rows; ++row) {
#pragma GCC unroll 4
    for (int vector = 0; vector < vectors; ++vector) {
      __builtin_memcpy(sums + row * sumsStride + vector * width, &total[row][vector], sizeof(Sums));
    }
  }
}

/** The same for a number of rows known only at run time. */
template <class Product, int vectors>
void multiplyColumns(int64_t rows, const Tile<typename Product::Sum>& tile) {
  switch (rows) {
    case 1: return multiplyRows<Product, 1, vectors>(tile);
    case 2: return multiplyRows<Product, 2, vectors>(tile);
    case 3: return multiplyRows<Product, 3, vectors>(tile);
    case 4: return multiplyRows<Product, 4, vectors>(tile);
    case 5: return multiplyRows<Product, 5, vectors>(tile);
    default: return multiplyRows<Product, 6, vectors>(tile);
  }
}

/** The same for the first `columns` of a panel; sums of the other columns are left undefined. */
template <class Product>
void multiplyTile(int64_t rows, int64_t columns, Tile<typename Product::Sum> tile) {
  for (int64_t column = 0; column < columns; column += tileVectors * width) {
    const int64_t vectors = wordsOf(columns - column, width);
    if (vectors == 1) {
      multiplyColumns<Product, 1>(rows, tile);
    } else if (vectors == 2) {
      multiplyColumns<Product, 2>(rows, tile);
    } else {
      multiplyColumns<Product, tileVectors>(rows, tile);
    }
    tile.right += tileVectors * width;
    tile.sums += tileVectors * width;
  }
}

}  // namespace FLAVA_NAMESPACE
