// A product in blocks. Neither the blocking nor the assignment to threads changes a result, because every element is
// summed over K in the same order.
#pragma once

#include "split.h"
#include "tile-block.h"
#include "vector-block.h"

namespace FLAVA_NAMESPACE {

template <class Product>
void computeBlock(const Block<Product>& block) {
#if defined(FLAVA_AMX)
  if constexpr (Product::onTiles) {
    TileBlock<Product>(block).compute();
    return;
  }
#endif
  if constexpr (!Product::onTiles) computeInVectors(block);
}

/** Packs the panels for all blocks, in the memory that threads share. */
template <class Product>
PackedRight packForAll(const Call& call, const ProductShape& shape, const RightOperand& right) {
  const int64_t words = roundUp(shape.words, Product::wordsOfTile);
  auto* panels = static_cast<uint32_t*>(call.parallel->shared(4 * shape.panels() * words * panelColumns));
  packPanels(call, right, shape.columns, shape.words, words, panels);
  return {panels, words};
}

/** Whether the caller of a product has taken the shared memory of the call, which can be taken once. */
enum class SharedMemory { free, taken };

/**
 * Whether the panels are packed once rather than for each block of rows. On tiles, packing takes long compared to
 * multiplying; with narrow panels, blocks have few rows, but all panels of a large operand (8 MB) would not stay in a cache.
 */
template <class Product>
bool packsForAll(const ProductShape& shape, const RightOperand& right) {
  if (right.panels) return false;
  return Product::onTiles || (!hasWidePanels && shape.panels() * shape.words * panelColumns <= 2 << 20);
}

/** The best blocks. An instruction searches them once: with many threads that takes longer than a small product. */
template <class Product>
Blocks chosenBlocks(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right) {
  const bool packsLeft = !isInPlace<Product>(left, shape), packsRight = !isInPlace<Product>(right, shape);
  BlockChoice* kept = call.choices ? call.choices + packsRight : nullptr;
  if (kept && kept->ofRows == shape.rows) return {kept->rows, kept->panels};
  const Blocks blocks = chooseBlocks<Product>(shape, packsLeft, packsRight, call.parallel->threads());
  if (kept) *kept = {shape.rows, blocks.rows, blocks.panels};
  return blocks;
}

/** Computes the block from a row and a panel on, with memory of the thread. */
template <class Product>
void computeBlockAt(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
                    const Output<typename Product::Sum>& output, const Blocks& blocks, int64_t row, int64_t panel,
                    int thread) {
  using Sum = typename Product::Sum;
  const BlockMemory memory = memoryOf<Product>(shape, blocks, left, right);
  auto* words = static_cast<uint32_t*>(call.parallel->scratch(thread, memory.bytes()));
  auto* sums = memory.sums > 0 ? reinterpret_cast<Sum*>(words + memory.left + memory.right) : nullptr;
  computeBlock<Product>({shape, left, right, output, row, min(blocks.rows, shape.rows - row), panel,
                         min(blocks.panels, shape.panels() - panel), words, words + memory.left, sums});
}

/** `multiply` of operands whose words have been split, or need not be: block by block, dealt to the threads. */
template <class Product>
void multiplyWords(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
                   const Output<typename Product::Sum>& output, SharedMemory memory) {
  const Blocks blocks = chosenBlocks<Product>(call, shape, left, right);
  if (blocks.rows < shape.rows && memory == SharedMemory::free && packsForAll<Product>(shape, right)) {
    const PackedRight packed = packForAll<Product>(call, shape, right);
    return multiplyWords<Product>(call, shape, left, packed, output, SharedMemory::taken);
  }
  parallelFor(call, blocks.count(shape), 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t row = block / blocks.across(shape) * blocks.rows;
      const int64_t panel = block % blocks.across(shape) * blocks.panels;
      computeBlockAt<Product>(call, shape, left, right, output, blocks, row, panel, thread);
    }
  });
}

/** Computes left · right with the threads of the call and passes the pieces of the result to `output`. */
template <class Product>
void multiply(const Call& call, const ProductShape& shape, const LeftOperand& left, const RightOperand& right,
              const Output<typename Product::Sum>& output, SharedMemory memory = SharedMemory::free) {
  if (shape.rows == 0 || shape.columns == 0) return;
  splitForManyRows<Product>(shape, left, right, [&](auto product, const auto&... operands) {
    multiplyWords<decltype(product)>(call, operands..., output, memory);
  });
}

}  // namespace FLAVA_NAMESPACE
