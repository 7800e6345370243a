// The tile registers of Intel AMX: eight matrices of 16 rows of 16 words (see gemm/words.h).
//
// FLAVA_EMULATE_AMX replaces the instructions by plain C++ that gives the same bits (Intel SDM, volume 2: TDPBF16PS and
// TDPBUSD), so that level "amx-emulated" tests everything around them on machines without AMX.
#pragma once

#include "simd.h"

// Clang before 16 spells the macro without the underscore.
#if defined(__AMX_BF16__) || defined(__AMXBF16__) || defined(FLAVA_EMULATE_AMX)
#define FLAVA_AMX

namespace FLAVA_NAMESPACE {

/** Rows of a tile, and words in a row. */
constexpr int tileSide = 16;

#if !defined(FLAVA_EMULATE_AMX)

/** Readies the tile registers of this thread for `Tiles`, as long as it lives. */
class TileConfiguration {
 public:
  TileConfiguration() { asm volatile("ldtilecfg %0" : : "m"(wholeTiles)); }
  ~TileConfiguration() { asm volatile("tilerelease"); }
  TileConfiguration(const TileConfiguration&) = delete;
  TileConfiguration& operator=(const TileConfiguration&) = delete;

 private:
  struct alignas(64) Layout {
    uint8_t palette, startRow, reserved[14];
    uint16_t rowBytes[16];
    uint8_t rows[16];
  };
  static constexpr Layout wholeTiles = {
      1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
};

/** The tile registers. */
struct Tiles {
  template <int tile>
  void clear() {
    asm volatile("tilezero %%tmm%c0" : : "i"(tile));
  }
  /** Rows are `stride` words apart. */
  template <int tile>
  void load(const void* from, int64_t stride) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(tile), "r"(from), "r"(4 * stride) : "memory");
  }
  template <int tile>
  void store(void* to, int64_t stride) const {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(tile), "r"(to), "r"(4 * stride) : "memory");
  }

  /** sums[row][column] += Σ left[row][word] · right[word][column], words of two bfloat16. */
  template <int sums, int left, int right>
  void addBfloat16() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(left), "i"(right));
  }
  /** The same for words of four bytes, unsigned on the left and signed on the right. */
  template <int sums, int left, int right>
  void addInt8() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(left), "i"(right));
  }
};

#else

struct TileConfiguration {
  TileConfiguration() {}
};

class Tiles {
 public:
  template <int tile>
  void clear() {
    __builtin_memset(tiles_[tile], 0, sizeof tiles_[tile]);
  }
  template <int tile>
  void load(const void* from, int64_t stride) {
    for (int row = 0; row < tileSide; ++row) {
      __builtin_memcpy(tiles_[tile][row], static_cast<const char*>(from) + 4 * stride * row, sizeof tiles_[tile][row]);
    }
  }
  template <int tile>
  void store(void* to, int64_t stride) const {
    for (int row = 0; row < tileSide; ++row) {
      __builtin_memcpy(static_cast<char*>(to) + 4 * stride * row, tiles_[tile][row], sizeof tiles_[tile][row]);
    }
  }

  template <int sums, int left, int right>
  void addBfloat16() {
    for (int row = 0; row < tileSide; ++row) {
      // The lower and the upper halves of the words are summed up on their own before they are added to the tile.
      float lower[tileSide] = {}, upper[tileSide] = {};
      for (int word = 0; word < tileSide; ++word) {
        const uint32_t factor = tiles_[left][row][word];
        for (int column = 0; column < tileSide; ++column) {
          const uint32_t other = tiles_[right][word][column];
          lower[column] = multiplyAdd(factor << 16, other << 16, lower[column]);
          upper[column] = multiplyAdd(factor & 0xffff0000u, other & 0xffff0000u, upper[column]);
        }
      }
      for (int column = 0; column < tileSide; ++column) {
        const float sum = add(floatOf(tiles_[sums][row][column]), add(lower[column], upper[column]));
        __builtin_memcpy(&tiles_[sums][row][column], &sum, sizeof sum);
      }
    }
  }

  template <int sums, int left, int right>
  void addInt8() {
    for (int row = 0; row < tileSide; ++row) {
      for (int word = 0; word < tileSide; ++word) {
        for (int column = 0; column < tileSide; ++column) {
          for (int shift = 0; shift < 32; shift += 8) {
            const uint32_t factor = tiles_[left][row][word] >> shift & 0xff;
            const auto other = static_cast<int8_t>(tiles_[right][word][column] >> shift);
            tiles_[sums][row][column] += factor * static_cast<uint32_t>(int32_t{other});
          }
        }
      }
    }
  }

 private:
  static float floatOf(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
  }
  /** Denormal numbers are zeros to the instruction, as factors, addends and results. */
  static float flush(float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0, x) : x; }
  static float add(float a, float b) { return flush(flush(a) + flush(b)); }
  /** a · b + c, rounded once: a double holds the product of two bfloat16, and what the sum loses cannot turn a float. */
  static float multiplyAdd(uint32_t a, uint32_t b, float c) {
    const double product = double{flush(floatOf(a))} * double{flush(floatOf(b))};
    return flush(static_cast<float>(product + double{c}));
  }

  alignas(64) uint32_t tiles_[8][tileSide][tileSide];
};

#endif

/**
 * sums (+)= left · right for `rows` x `columns` tiles, at most four, over `words` words of K, a multiple of 16. `Product`
 * adds the product of two registers to a third.
 */
template <class Product, int rows, int columns>
struct TileProduct {
  const uint32_t* left;
  int64_t leftStride;
  const uint32_t* right;
  int64_t rightStride;
  int64_t words;

  /** Starts from the sums in memory, or from zeros. */
  template <class Sum>
  void add(Tiles& tiles, Sum* sums, int64_t sumsStride, bool resume) const {
    if (resume) {
      loadSums(tiles, sums, sumsStride);
    } else {
      clearSums(tiles);
    }
    for (int64_t word = 0; word < words; word += tileSide) {
      tiles.load<firstLeft>(left + word, leftStride);
      if constexpr (rows == 2) tiles.load<firstLeft + 1>(left + tileSide * leftStride + word, leftStride);
      addColumns(tiles, right + word * rightStride);
    }
    storeSums(tiles, sums, sumsStride);
  }

 private:
  // Registers 0 to 3 have the sums, row by row.
  static constexpr int firstLeft = 4, firstRight = firstLeft + rows;

  template <int column = 0>
  void addColumns(Tiles& tiles, const uint32_t* factors) const {
    constexpr int factor = firstRight + column % (8 - firstRight);
    tiles.load<factor>(factors + column * tileSide, rightStride);
    Product::template add<column, firstLeft, factor>(tiles);
    if constexpr (rows == 2) Product::template add<columns + column, firstLeft + 1, factor>(tiles);
    if constexpr (column + 1 < columns) addColumns<column + 1>(tiles, factors);
  }

  template <class Sum, int tile = 0>
  static void loadSums(Tiles& tiles, const Sum* sums, int64_t stride) {
    tiles.load<tile>(sums + tile / columns * tileSide * stride + tile % columns * tileSide, stride);
    if constexpr (tile + 1 < rows * columns) loadSums<Sum, tile + 1>(tiles, sums, stride);
  }
  template <int tile = 0>
  static void clearSums(Tiles& tiles) {
    tiles.clear<tile>();
    if constexpr (tile + 1 < rows * columns) clearSums<tile + 1>(tiles);
  }
  template <class Sum, int tile = 0>
  static void storeSums(const Tiles& tiles, Sum* sums, int64_t stride) {
    tiles.store<tile>(sums + tile / columns * tileSide * stride + tile % columns * tileSide, stride);
    if constexpr (tile + 1 < rows * columns) storeSums<Sum, tile + 1>(tiles, sums, stride);
  }
};

}  // namespace FLAVA_NAMESPACE

#endif
