// A product in blocks. Neither the blocking nor the assignment to threads changes a result, because every element is
// summed over K in the same order.
#pragma once

#include "operands.h"

namespace FLAVA_NAMESPACE {

/** Words of K per pass: a panel of that height (384 KB) stays in the L2 cache. */
constexpr int64_t depthLimit = 1536;

struct ProductShape {
  int64_t rows;
  int64_t columns;
  int64_t words;

  int64_t panels() const { return wordsOf(columns, panelColumns); }
  int64_t passes() const { return words <= depthLimit ? 1 : wordsOf(words, depthLimit); }
  int64_t wordsPerPass() const { return roundUp((words + passes() - 1) / passes(), 16); }
};

/** Rows and panels of the blocks assigned to the threads. */
struct Blocks {
  int64_t rows;
  int64_t panels;
  int64_t across(const ProductShape& shape) const { return wordsOf(shape.panels(), panels); }
  int64_t count(const ProductShape& shape) const { return wordsOf(shape.rows, rows) * across(shape); }
};

/**
 * The blocks with the lowest estimated time. The costs are cycles per word of K: 2 for a row of a panel; 36 to pack a
 * panel, 1 to pack a row.
 */
inline Blocks chooseBlocks(const ProductShape& shape, bool packsLeft, bool packsRight, int threads) {
  // Rows read in place should stay in the last-level cache; packed rows and sums make up the workspace.
  const int64_t depth = max(int64_t{1}, packsLeft ? shape.wordsPerPass() : shape.words);
  const bool keepsSums = shape.passes() > 1;
  const int64_t panelLimit = keepsSums ? 12 : packsLeft ? 24 : 4;
  const int64_t wordLimit = packsLeft ? 3 << 18 : 2 << 20;
  const int64_t rowLimit = max(int64_t{48}, min(int64_t{keepsSums ? 768 : 2048}, wordLimit / depth));
  Blocks best{};
  double least = 0;
  const int64_t fewest = wordsOf(shape.rows, rowLimit);
  for (int64_t cuts = fewest; cuts <= fewest + 2 * threads; ++cuts) {
    for (int64_t panels = 1; panels <= panelLimit; ++panels) {
      const Blocks blocks{roundUp(wordsOf(shape.rows, static_cast<int>(cuts)), tileRows), panels};
      const double turns = static_cast<double>(wordsOf(blocks.count(shape), threads));
      const double rows = static_cast<double>(min(blocks.rows, shape.rows));
      const double across = static_cast<double>(min(panels, shape.panels()));
      const double time = turns * (2 * rows * across + (packsRight ? 36 * across : 0) + (packsLeft ? rows : 0));
      if (best.rows == 0 || time < least) {
        best = blocks;
        least = time;
      }
    }
  }
  return best;
}

/** One block of a product on one thread. */
template <class Product>
struct BlockOfProduct {
  using Sum = typename Product::Sum;
  const ProductShape& shape;
  const LeftOperand& left;
  const RightOperand& right;
  const Output<Sum>& output;
  int64_t firstRow, rows, firstPanel, panels;
  uint32_t* leftWords;   // rows x (wordsPerPass + 16), unless the left operand is read in place
  uint32_t* rightWords;  // one panel, unless all are packed
  Sum* sums;             // rows x panels * 64, for more than one pass over K

  void compute() const {
    const int64_t passes = shape.passes();
    for (int64_t pass = 0; pass < passes; ++pass) {
      const int64_t word = pass * shape.wordsPerPass();
      const int64_t words = min(shape.wordsPerPass(), shape.words - word);
      const uint32_t* rowWords = left.words ? left.words + firstRow * left.stride + word : leftWords;
      if (!left.words) left.pack(firstRow, rows, word, words, leftWords, leftStride());
      for (int64_t panel = 0; panel < panels; ++panel) {
        const uint32_t* panelWords = rightWords;
        if (right.panels) {
          panelWords = right.panels + ((firstPanel + panel) * shape.words + word) * panelColumns;
        } else {
          right.pack(firstPanel + panel, word, words, rightWords);
        }
        multiplyPanel(panel, rowWords, panelWords, words, pass > 0, pass + 1 == passes);
      }
    }
  }

 private:
  int64_t leftStride() const { return left.words ? left.stride : shape.wordsPerPass() + 16; }

  void multiplyPanel(int64_t panel, const uint32_t* rowWords, const uint32_t* panelWords, int64_t words, bool resume,
                     bool finish) const {
    alignas(64) Sum tile[tileRows * panelColumns];
    const int64_t column = (firstPanel + panel) * panelColumns;
    const int64_t columns = min(int64_t{panelColumns}, shape.columns - column);
    const int64_t stride = sums ? panels * panelColumns : panelColumns;
    for (int64_t row = 0; row < rows; row += tileRows) {
      const int64_t count = min(int64_t{tileRows}, rows - row);
      Sum* target = sums ? sums + row * stride + panel * panelColumns : tile;
      if (finish) output.expect(firstRow + row + tileRows, min(tileRows, rows - row - tileRows), column, columns);
      multiplyTile<Product>(count, columns,
                            {rowWords + row * leftStride(), leftStride(), panelWords, words, target, stride, resume});
      if (finish) output.write(target, stride, firstRow + row, count, column, columns);
    }
  }
};

/** Computes left · right with the threads of the call and passes the tiles of the result to `output`. */
template <class Product>
void multiply(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
              const Output<typename Product::Sum>& output) {
  if (shape.rows == 0 || shape.columns == 0) return;
  using Sum = typename Product::Sum;
  const Blocks blocks = chooseBlocks(shape, !left.words, !right.panels, call.parallel->threads());
  const int64_t leftWords = left.words ? 0 : roundUp(blocks.rows * (shape.wordsPerPass() + 16), 16);
  const int64_t rightWords = right.panels ? 0 : shape.wordsPerPass() * panelColumns;
  const int64_t sums = shape.passes() > 1 ? blocks.rows * blocks.panels * panelColumns : 0;
  parallelFor(call, blocks.count(shape), 1, [&](int64_t begin, int64_t end, int thread) {
    auto* workspace = static_cast<uint32_t*>(call.parallel->scratch(thread, 4 * (leftWords + rightWords + sums)));
    for (int64_t block = begin; block < end; ++block) {
      const int64_t row = block / blocks.across(shape) * blocks.rows;
      const int64_t panel = block % blocks.across(shape) * blocks.panels;
      BlockOfProduct<Product>{shape, left, right, output, row, min(blocks.rows, shape.rows - row), panel,
                              min(blocks.panels, shape.panels() - panel), workspace, workspace + leftWords,
                              sums ? reinterpret_cast<Sum*>(workspace + leftWords + rightWords) : nullptr}
          .compute();
    }
  });
}

}  // namespace FLAVA_NAMESPACE
