// How a product is cut into blocks for the threads.
#pragma once

#include "operands.h"

namespace FLAVA_NAMESPACE {

/**
 * Whether a panel is as wide as a piece. Processors with narrow panels have small second-level caches (512 KB is common),
 * and the limits below were found on such a one.
 */
constexpr bool hasWidePanels = panelsOfPiece == 1;

/** Words of K per pass: a panel of that height (384 KB), or a piece of narrow ones (192 KB), stays in the L2 cache. */
constexpr int64_t depthLimit = hasWidePanels ? 1536 : 768;

struct ProductShape {
  int64_t rows;
  int64_t columns;
  int64_t words;

  int64_t panels() const { return wordsOf(columns, panelColumns); }
  int64_t passes() const { return max(int64_t{1}, ceilDivide(words, depthLimit)); }
  int64_t wordsPerPass() const { return roundUp(ceilDivide(words, passes()), 16); }
  /** From one packed row of the left operand to the next: not a power of two, lest rows share cache sets. */
  int64_t packedStride() const { return wordsPerPass() + 16; }
};

/** Rows and panels of the blocks assigned to the threads. */
struct Blocks {
  int64_t rows;
  int64_t panels;
  int64_t across(const ProductShape& shape) const { return ceilDivide(shape.panels(), panels); }
  int64_t count(const ProductShape& shape) const { return ceilDivide(shape.rows, rows) * across(shape); }
};

/** A block on one thread: rows and panels of the result, and memory for what is packed on the way. */
template <class Product>
struct Block {
  using Sum = typename Product::Sum;
  const ProductShape& shape;
  const LeftOperand& left;
  const RightOperand& right;
  const Output<Sum>& output;
  int64_t firstRow, rows, firstPanel, panels;
  uint32_t* leftWords;
  uint32_t* rightWords;
  Sum* sums;  // null if none are kept from pass to pass
};

/** Whether all rows, so many words apart, begin in the same set of the first-level cache and would displace one another. */
constexpr bool sharesCacheSets(int64_t stride) { return stride % 1024 == 0; }

/** Whether operands in memory are read in place: not if it is slow, or the last words of K would leave a tile partly empty. */
template <class Product>
bool isInPlace(const LeftOperand& left, const ProductShape& shape) {
  if (!hasWidePanels && sharesCacheSets(left.stride)) return false;
  return left.words && shape.words % Product::wordsOfTile == 0;
}
template <class Product>
bool isInPlace(const RightOperand& right, const ProductShape& shape) {
  return right.panels && right.panelWords >= roundUp(shape.words, Product::wordsOfTile);
}

/** Words of memory that a block needs. */
struct BlockMemory {
  int64_t left, right, sums;

  int64_t bytes() const { return 4 * (left + right + sums); }
};

template <class Product>
BlockMemory memoryOf(const ProductShape& shape, const Blocks& blocks, const LeftOperand& left,
                     const RightOperand& right) {
  const int64_t lastRows = Product::onTiles ? Product::rowsOfTile : 0;  // packed though the others are in place
  const int64_t rows = isInPlace<Product>(left, shape) ? lastRows : blocks.rows;
  const int64_t panels = isInPlace<Product>(right, shape) ? 0 : panelsOfPiece;
  const int64_t panelsOfSums = shape.passes() > 1 ? blocks.panels : Product::onTiles ? 1 : 0;
  return {roundUp(rows * shape.packedStride(), 16), panels * shape.wordsPerPass() * panelColumns,
          blocks.rows * panelsOfSums * panelColumns};
}

/** The largest blocks. */
template <class Product>
Blocks blockLimits(const ProductShape& shape, bool packsLeft) {
  const bool keepsSums = shape.passes() > 1;
  if constexpr (Product::onTiles) {
    // The rows, in place or not, stay in half of the L2 cache (1 MB) while the panels pass by.
    const int64_t rows = (1 << 18) / max(int64_t{16}, shape.wordsPerPass());
    return {max(int64_t{32}, min(int64_t{keepsSums ? 256 : 1024}, rows)), keepsSums ? 12 : 48};
  } else {
    // Rows read in place should stay in a cache: the last one, or with narrow panels, which read them more often, the
    // second one. Packed rows and sums make up the workspace.
    const int64_t depth = max(int64_t{1}, packsLeft ? shape.wordsPerPass() : shape.words);
    const int64_t words = hasWidePanels ? (packsLeft ? 3 << 18 : 2 << 20) : (packsLeft ? 3 << 17 : 3 << 15);
    const int64_t pieces = keepsSums ? 12 : packsLeft || !hasWidePanels ? 24 : 4;
    return {max(int64_t{48}, min(int64_t{keepsSums ? 768 : 2048}, words / depth)), pieces * panelsOfPiece};
  }
}

/**
 * The blocks with the lowest estimated time. The costs are cycles per word of K: for a row of a panel half a cycle a
 * vector, or 1/3 in all on tiles; 9 a vector to pack a panel, 1 to pack a row.
 */
template <class Product>
Blocks chooseBlocks(const ProductShape& shape, bool packsLeft, bool packsRight, int threads) {
  constexpr double rowCycles = Product::onTiles ? 1.0 / 3 : tileVectors / 2.0;
  constexpr double packCycles = 9.0 * tileVectors;
  const Blocks limits = blockLimits<Product>(shape, packsLeft);
  Blocks best{};
  double least = 0;
  const int64_t fewest = ceilDivide(shape.rows, limits.rows);
  for (int64_t cuts = fewest; cuts <= fewest + 2 * threads; ++cuts) {
    for (int64_t panels = 1; panels <= min(limits.panels, shape.panels()); ++panels) {
      const Blocks blocks{roundUp(ceilDivide(shape.rows, cuts), Product::rowsOfTile), panels};
      const double turns = static_cast<double>(ceilDivide(blocks.count(shape), threads));
      const double rows = static_cast<double>(min(blocks.rows, shape.rows));
      const double across = static_cast<double>(panels);
      const double packing = (packsRight ? packCycles * across : 0) + (packsLeft ? rows : 0);
      const double time = turns * (rowCycles * rows * across + packing);
      if (best.rows == 0 || time < least) {
        best = blocks;
        least = time;
      }
    }
  }
  return best;
}

}  // namespace FLAVA_NAMESPACE
