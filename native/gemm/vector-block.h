// A block of a product in vector registers.
#pragma once

#include "blocks.h"

namespace FLAVA_NAMESPACE {

/** The rows of a block, packed or in place, times `words` words of a panel. */
template <class Product>
void multiplyPanel(const Block<Product>& block, int64_t panel, const uint32_t* rowWords, int64_t rowStride,
                   const uint32_t* panelWords, int64_t words, bool resume, bool finish) {
  using Sum = typename Product::Sum;
  alignas(64) Sum tile[tileRows * panelColumns];
  const int64_t column = (block.firstPanel + panel) * panelColumns;
  const int64_t columns = min(int64_t{panelColumns}, block.shape.columns - column);
  const int64_t stride = block.sums ? block.panels * panelColumns : panelColumns;
  for (int64_t row = 0; row < block.rows; row += tileRows) {
    const int64_t left = block.rows - row, place = block.firstRow + row;
    Sum* target = block.sums ? block.sums + row * stride + panel * panelColumns : tile;
    if (finish) block.output.expect(place + tileRows, min(tileRows, left - tileRows), column, columns);
    multiplyTile<Product>(min(int64_t{tileRows}, left), columns,
                          {rowWords + row * rowStride, rowStride, panelWords, words, target, stride, resume});
    if (finish) block.output.write(target, stride, place, min(int64_t{tileRows}, left), column, columns);
  }
}

template <class Product>
void computeInVectors(const Block<Product>& block) {
  const auto& shape = block.shape;
  const auto& left = block.left;
  const auto& right = block.right;
  const int64_t rowStride = left.words ? left.stride : shape.packedStride();
  for (int64_t pass = 0; pass < shape.passes(); ++pass) {
    const int64_t word = pass * shape.wordsPerPass();
    const int64_t words = min(shape.wordsPerPass(), shape.words - word);
    const uint32_t* rowWords = left.words ? left.words + block.firstRow * left.stride + word : block.leftWords;
    if (!left.words) left.pack(block.firstRow, block.rows, word, words, block.leftWords, rowStride);
    for (int64_t panel = 0; panel < block.panels; ++panel) {
      const uint32_t* panelWords = block.rightWords;
      if (right.panels) {
        panelWords = right.panels + ((block.firstPanel + panel) * right.panelWords + word) * panelColumns;
      } else {
        right.pack(block.firstPanel + panel, word, words, block.rightWords);
      }
      multiplyPanel(block, panel, rowWords, rowStride, panelWords, words, pass > 0, pass + 1 == shape.passes());
    }
  }
}

}  // namespace FLAVA_NAMESPACE
