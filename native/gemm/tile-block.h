// A block of a product in the tile registers of AMX.
//
// All tiles are whole: rows and words beyond the last are zeros, which packing adds; where operands are read in place,
// the last rows are packed all the same. So a row's bits depend neither on the number of rows nor on its neighbors, and
// products of few rows need no other method: they wait for the right operand in any case.
#pragma once

#include "blocks.h"

#if defined(FLAVA_AMX)

namespace FLAVA_NAMESPACE {

/**
 * Words of K per visit to the rows. With 128, 32 columns of the panel would stay in the L1 cache meanwhile; but reading them
 * from the L2 cache costs less than to store the sums and load them again (RESULTS.md).
 */
constexpr int64_t visitWords = 384;

/** The computation of a block. */
template <class Product>
class TileBlock {
 public:
  using Sum = typename Product::Sum;

  explicit TileBlock(const Block<Product>& block) : block_(block) {}

  void compute() {
    const ProductShape& shape = block_.shape;
    for (int64_t pass = 0; pass < shape.passes(); ++pass) {
      const int64_t word = pass * shape.wordsPerPass();
      pass_ = {word, min(shape.wordsPerPass(), shape.words - word), pass == 0, pass + 1 == shape.passes()};
      const Rows inPlace = rowsInPlace();
      const Rows packed = packRows(inPlace.count);
      for (int64_t panel = 0; panel < block_.panels; ++panel) {
        const uint32_t* panelWords = panelAt(block_.firstPanel + panel);
        multiplyPanel(inPlace, panel, panelWords);
        multiplyPanel(packed, panel, panelWords);
      }
    }
  }

 private:
  /** Words along K. */
  struct Pass {
    int64_t word, words;
    bool isFirst, isLast;

    int64_t tileWords() const { return roundUp(words, tileSide); }
  };
  /** Rows [first, first + count) of the block. */
  struct Rows {
    const uint32_t* words;
    int64_t stride, first, count;
  };

  Rows rowsInPlace() const {
    const LeftOperand& left = block_.left;
    if (!isInPlace<Product>(left, block_.shape)) return {nullptr, 0, 0, 0};
    return {left.words + block_.firstRow * left.stride + pass_.word, left.stride, 0, block_.rows / tileSide * tileSide};
  }

  /** Packs the rows from `first` on, with zeros up to whole tiles. */
  Rows packRows(int64_t first) const {
    const int64_t count = block_.rows - first, stride = block_.shape.packedStride();
    if (count > 0) block_.left.pack(block_.firstRow + first, count, pass_.word, pass_.words, block_.leftWords, stride);
    for (int64_t row = 0; row < roundUp(count, tileSide); ++row) {
      const int64_t filled = row < count ? pass_.words : 0;
      clearWords(block_.leftWords + row * stride + filled, pass_.tileWords() - filled);
    }
    return {block_.leftWords, stride, first, count};
  }

  const uint32_t* panelAt(int64_t panel) const {
    const RightOperand& right = block_.right;
    if (isInPlace<Product>(right, block_.shape)) {
      return right.panels + (panel * right.panelWords + pass_.word) * panelColumns;
    }
    right.pack(panel, pass_.word, pass_.words, block_.rightWords);
    clearWords(block_.rightWords + pass_.words * panelColumns, (pass_.tileWords() - pass_.words) * panelColumns);
    return block_.rightWords;
  }

  static void clearWords(uint32_t* words, int64_t count) {
    __builtin_memset(words, 0, static_cast<size_t>(4 * count));
  }

  void multiplyPanel(const Rows& rows, int64_t panel, const uint32_t* panelWords) {
    const int64_t columns = min(int64_t{panelColumns}, block_.shape.columns - firstColumn(panel));
    const int64_t tileRows = roundUp(rows.count, tileSide), paired = tileRows / (2 * tileSide) * (2 * tileSide);
    const int64_t visits = max(int64_t{1}, ceilDivide(pass_.tileWords(), visitWords));
    for (int64_t index = 0; index < visits; ++index) {
      const int64_t word = index * visitWords;
      const Pass visit{word, min(visitWords, pass_.tileWords() - word), pass_.isFirst && index == 0,
                       pass_.isLast && index + 1 == visits};
      for (int64_t column = 0; column < columns; column += 2 * tileSide) {
        for (int64_t row = 0; row < paired; row += 2 * tileSide) {
          multiplyTiles<true>(rows, row, panel, column, panelWords, visit);
        }
      }
      if (paired < tileRows) multiplyTiles<false>(rows, paired, panel, 0, panelWords, visit);
    }
  }

  /** A square or a strip of tiles. */
  template <bool square>
  void multiplyTiles(const Rows& rows, int64_t row, int64_t panel, int64_t column, const uint32_t* panelWords,
                     const Pass& visit) {
    constexpr int64_t height = square ? 2 * tileSide : tileSide, breadth = square ? 2 * tileSide : panelColumns;
    const bool keepsSums = block_.shape.passes() > 1;
    const int64_t stride = keepsSums ? block_.panels * panelColumns : panelColumns;
    // Sums that are complete after one visit all take the same place.
    const int64_t rowOfSums = visit.isFirst && visit.isLast ? 0 : rows.first + row;
    Sum* sums = block_.sums + rowOfSums * stride + (keepsSums ? panel * panelColumns : 0) + column;
    const int64_t place = block_.firstRow + rows.first + row, left = rows.count - row;
    const int64_t from = firstColumn(panel) + column, across = min(breadth, block_.shape.columns - from);
    if (visit.isLast) block_.output.expect(place + height, min(height, left - height), from, across);
    const TileProduct<Product, height / tileSide, breadth / tileSide> product{
        rows.words + row * rows.stride + visit.word, rows.stride,
        panelWords + visit.word * panelColumns + column, panelColumns, visit.words};
    product.add(tiles_, sums, stride, !visit.isFirst);
    if (visit.isLast) block_.output.write(sums, stride, place, min(height, left), from, across);
  }

  int64_t firstColumn(int64_t panel) const { return (block_.firstPanel + panel) * panelColumns; }

  const Block<Product>& block_;
  TileConfiguration configuration_;
  Tiles tiles_;
  Pass pass_{};
};

}  // namespace FLAVA_NAMESPACE

#endif
