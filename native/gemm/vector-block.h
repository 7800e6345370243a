// A block of a product in vector registers.
#pragma once

#include "blocks.h"

namespace FLAVA_NAMESPACE {

/** A block is computed and written in pieces: of so many rows, and of the columns of one or more panels. */
constexpr int64_t rowsOfPiece = (hasWidePanels ? 1 : 2) * tileRows;

/** What one pass over K multiplies: rows of words, and panels one after another. */
struct Factors {
  const uint32_t* rows;
  int64_t rowStride;
  const uint32_t* panels;
  int64_t panelStride;
  int64_t words;
  bool isFirst, isLast;
};

/** The rows of a block times up to `panelsOfPiece` panels, from panel `first` of the block on. */
template <class Product>
void multiplyPanels(const Block<Product>& block, int64_t first, const Factors& factors) {
  using Sum = typename Product::Sum;
  alignas(64) Sum piece[rowsOfPiece * pieceColumns];
  const int64_t panels = min(panelsOfPiece, block.panels - first);
  const int64_t column = (block.firstPanel + first) * panelColumns;
  const int64_t columns = min(panels * panelColumns, block.shape.columns - column);
  const int64_t stride = block.sums ? block.panels * panelColumns : pieceColumns;
  for (int64_t row = 0; row < block.rows; row += rowsOfPiece) {
    const int64_t rows = min(rowsOfPiece, block.rows - row), place = block.firstRow + row;
    Sum* sums = block.sums ? block.sums + row * stride + first * panelColumns : piece;
    // The next piece is announced a few rows at a time, as the processor drops prefetches that it cannot keep track of.
    const int64_t tiles = ceilDivide(rows, tileRows), rowsPerTile = ceilDivide(rowsOfPiece, tiles * panels);
    for (int64_t panel = 0; panel < panels; ++panel) {
      for (int64_t tile = 0; tile < tiles; ++tile) {
        if (factors.isLast) {
          const int64_t ahead = row + rows + (panel * tiles + tile) * rowsPerTile;
          block.output.expect(block.firstRow + ahead, min(rowsPerTile, block.rows - ahead), column, columns);
        }
        const int64_t firstRow = tile * tileRows;
        multiplyTile<Product>(min(int64_t{tileRows}, rows - firstRow),
                              min(int64_t{panelColumns}, columns - panel * panelColumns),
                              {factors.rows + (row + firstRow) * factors.rowStride, factors.rowStride,
                               factors.panels + panel * factors.panelStride, factors.words,
                               sums + firstRow * stride + panel * panelColumns, stride, !factors.isFirst});
      }
    }
    if (factors.isLast) block.output.write(sums, stride, place, rows, column, columns);
  }
}

template <class Product>
void computeInVectors(const Block<Product>& block) {
  const auto& shape = block.shape;
  const auto& left = block.left;
  const auto& right = block.right;
  Factors factors{};
  const bool inPlace = isInPlace<Product>(left, shape);
  factors.rowStride = inPlace ? left.stride : shape.packedStride();
  for (int64_t pass = 0; pass < shape.passes(); ++pass) {
    const int64_t word = pass * shape.wordsPerPass();
    factors.words = min(shape.wordsPerPass(), shape.words - word);
    factors.isFirst = pass == 0;
    factors.isLast = pass + 1 == shape.passes();
    factors.rows = inPlace ? left.words + block.firstRow * left.stride + word : block.leftWords;
    if (!inPlace) left.pack(block.firstRow, block.rows, word, factors.words, block.leftWords, factors.rowStride);
    factors.panelStride = (right.panels ? right.panelWords : factors.words) * panelColumns;
    for (int64_t first = 0; first < block.panels; first += panelsOfPiece) {
      if (right.panels) {
        factors.panels = right.panels + ((block.firstPanel + first) * right.panelWords + word) * panelColumns;
      } else {
        factors.panels = block.rightWords;
        for (int64_t panel = 0; panel < min(panelsOfPiece, block.panels - first); ++panel) {
          right.pack(block.firstPanel + first + panel, word, factors.words,
                     block.rightWords + panel * factors.panelStride);
        }
      }
      multiplyPanels(block, first, factors);
    }
  }
}

}  // namespace FLAVA_NAMESPACE
