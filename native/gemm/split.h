// Products whose words are split before they are multiplied.
//
// On a level without an instruction for whole words, the innermost loop spends as much on splitting them into parts as
// on multiplying. Where many rows share a panel, its parts are stored once, one word each, and only multiplied in the
// loop: the same additions in the same order, so the same bits.
#pragma once

#include "blocks.h"

namespace FLAVA_NAMESPACE {

/** Multiplies parts of the words of `Product`. */
template <class Product>
struct SplitProduct {
  static constexpr bool onTiles = false;
  static constexpr int rowsOfTile = tileRows, wordsOfTile = 1, parts = 1;
  using Sum = typename Product::Sum;
  using Sums = typename Product::Sums;
  using Part = decltype(Product::right(Uints{}, 0));

  static Part left(uint32_t word, int) { return (Part)(Uints{} + word); }
  static Part right(Uints words, int) { return (Part)words; }
  static Sums add(Sums sums, Part left, Part right) { return Product::add(sums, left, right); }
};

/** a0 b0 a1 b1 … in place of a0 a1 … and b0 b1 …. */
template <int... lane>
[[gnu::always_inline]] inline void interleaveLanes(Uints& a, Uints& b, Lanes<lane...>) {
  const Uints lower = shuffle<(lane / 2 + lane % 2 * width)...>(a, b);
  b = shuffle<(width / 2 + lane / 2 + lane % 2 * width)...>(a, b);
  a = lower;
}

/** Stores the 2 or 4 parts of a vector of words, those of a word side by side. */
template <int count>
[[gnu::always_inline]] inline void storeParts(Uints (&parts)[count], uint32_t* to) {
  constexpr typename CountLanes<width>::List lanes;
#pragma GCC unroll 2
  for (int distance = count / 2; distance >= 1; distance /= 2) {
#pragma GCC unroll 4
    for (int part = 0; part < count; ++part) {
      if (!(part & distance)) interleaveLanes(parts[part], parts[part + distance], lanes);
    }
  }
#pragma GCC unroll 4
  for (int part = 0; part < count; ++part) storeWords(to + part * width, parts[part]);
}

/** Rows of the words of `left`, split: [word][part]. */
template <class Product>
struct SplitLeft final : LeftOperand {
  explicit SplitLeft(const LeftOperand& left) : left_(left) {}

  void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t toStride) const override {
    const int64_t first = word / parts, whole = words / parts;
    if (!left_.words) left_.pack(row, rows, first, whole, to, toStride);
    for (int64_t r = 0; r < rows; ++r) {
      uint32_t* target = to + r * toStride;
      split(left_.words ? left_.words + (row + r) * left_.stride + first : target, whole, target);
    }
  }

 private:
  static constexpr int parts = Product::parts;

  /** From the last word to the first, as they may lie where their parts go. */
  static void split(const uint32_t* from, int64_t words, uint32_t* to) {
    for (int64_t word = roundUp(words, width) - width; word >= 0; word -= width) {
      const Uints whole = words - word < width ? loadVector<Uints>(from + word, 4 * (words - word))
                                               : loadVector<Uints>(from + word);
      Uints split[parts];
#pragma GCC unroll 4
      for (int part = 0; part < parts; ++part) split[part] = (Uints)Product::left(whole, part);
      storeParts(split, to + word * parts);
    }
  }

  const LeftOperand& left_;
};

/** Panels of the words of `right`, split: [word][part][column]. */
template <class Product>
struct SplitRight final : RightOperand {
  explicit SplitRight(const RightOperand& right) : right_(right) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = word / parts, whole = words / parts;
    if (!right_.panels) right_.pack(panel, first, whole, to);
    split(right_.panels ? right_.panels + (panel * right_.panelWords + first) * panelColumns : to, whole, to);
  }

 private:
  static constexpr int parts = Product::parts;

  /** From the last word to the first, as they may lie where their parts go. */
  static void split(const uint32_t* from, int64_t words, uint32_t* to) {
    for (int64_t word = words - 1; word >= 0; --word) {
      uint32_t* target = to + word * parts * panelColumns;
      for (int64_t column = 0; column < panelColumns; column += width) {
        const Uints whole = loadVector<Uints>(from + word * panelColumns + column);
#pragma GCC unroll 4
        for (int part = 0; part < parts; ++part) {
          storeWords(target + part * panelColumns + column, (Uints)Product::right(whole, part));
        }
      }
    }
  }

  const RightOperand& right_;
};

/** Splitting a panel takes as long as multiplying some rows by whole words. */
constexpr int64_t rowsWithoutSplitting = 2 * tileRows;

/** Calls use(Product or SplitProduct<Product>, shape, left, right) with operands in the words of the former. */
template <class Product, class Use>
void splitForManyRows(const ProductShape& shape, const LeftOperand& left, const RightOperand& right, Use use) {
  if constexpr (Product::parts > 1) {
    if (shape.rows > rowsWithoutSplitting) {
      const ProductShape split{shape.rows, shape.columns, Product::parts * shape.words};
      return use(SplitProduct<Product>(), split, SplitLeft<Product>(left), SplitRight<Product>(right));
    }
  }
  use(Product(), shape, left, right);
}

}  // namespace FLAVA_NAMESPACE
