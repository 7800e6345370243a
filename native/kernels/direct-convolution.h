// Convolution without packing: every pixel of the result is summed in registers from where its neighborhood lies.
#pragma once

#include "../gemm/padded-lines.h"

namespace FLAVA_NAMESPACE {

/** Vectors of columns, which are channels of the result, that are summed together. */
constexpr int vectorsOfBlock = 2;
constexpr int64_t columnsOfBlock = vectorsOfBlock * width;
/** Sums that a tile holds: pixels times vectors. Of a line's last pixels, fewer, so that few are computed in vain. */
constexpr int largeTile = 12, smallTile = 8;

/** Depth of a neighborhood up to which the weights of a block (288 KB with AVX2) stay in the second-level cache. */
constexpr int64_t directDepth = 4608;

/** Weights in blocks of columns, [block][depth][whole vectors], and a bias for each column. */
struct ColumnBlocks {
  int64_t columns, depth;
  const float* weights = nullptr;
  const float* biases = nullptr;

  int64_t count() const { return ceilDivide(columns, columnsOfBlock); }
  int64_t columnsOf(int64_t block) const { return min(columnsOfBlock, columns - block * columnsOfBlock); }
  const float* weightsOf(int64_t block) const { return weights + block * columnsOfBlock * depth; }
};

/** Writes the weights of a block: [depth][whole vectors]. */
template <class Element>
void packBlock(const ColumnBlocks& blocks, int64_t block, const Element* weight, const KernelLayout& layout,
               int64_t channels, bool rounded, float* to) {
  const int64_t count = blocks.columnsOf(block), padded = roundUp(count, width);
  const Element* first = weight + layout.first + block * columnsOfBlock * layout.ofColumn;
  for (int64_t tap = 0; tap * channels < blocks.depth; ++tap) {
    for (int64_t channel = 0; channel < channels; ++channel, to += padded) {
      const Element* elements = first + tap * layout.ofTap + channel * layout.ofChannel;
      for (int64_t column = 0; column < padded; ++column) {
        to[column] = column < count ? loadOne(elements + column * layout.ofColumn) : 0.0f;
      }
      if (!rounded) continue;
      for (int64_t column = 0; column < padded; column += width) store(to + column, roundToBfloat16(load(to + column)));
    }
  }
}

/** Packs the weights, and the bias if there is one, in the memory that threads share. */
inline ColumnBlocks packColumns(const Call& call, int64_t columns, int64_t depth, const KernelLayout& layout,
                                bool rounded, const Tensor* bias) {
  ColumnBlocks blocks{columns, depth};
  const int64_t room = blocks.count() * columnsOfBlock, channels = call.in(0).dim(-1);
  auto* weights = static_cast<float*>(call.parallel->shared(4 * room * (depth + 1)));
  float* biases = weights + room * depth;
  blocks.weights = weights;
  blocks.biases = biases;
  visitFloats(call.in(1), [&](auto* weight) {
    parallelFor(call, blocks.count(), 1, [&](int64_t block, int64_t, int) {
      packBlock(blocks, block, weight, layout, channels, rounded, weights + block * columnsOfBlock * depth);
    });
  });
  __builtin_memset(biases, 0, static_cast<size_t>(4 * room));
  if (bias) visitFloats(*bias, [&](auto* from) { convertTo(biases, from, columns, {}); });
  return blocks;
}

/**
 * Sums adjacent pixels, whose neighborhoods are lines from `first` on, into rows that are `stride` apart. Whole vectors
 * are stored: where they reach beyond a row, the next one begins in what does not belong to it.
 */
template <int pixels, int vectors>
[[gnu::always_inline]] inline void sumTile(const Bands& bands, const float* first, const float* weights,
                                           const float* biases, float* to, int64_t stride) {
  const int64_t channels = bands.shape.channels, depth = bands.lineDepth();
  Floats sums[pixels][vectors];
#pragma GCC unroll 12
  for (int p = 0; p < pixels; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sums[p][v] = load(biases + v * width);
  }
  for (int64_t ky = 0; ky < bands.shape.kernelHeight; ++ky, first += bands.lineLength()) {
    for (int64_t k = 0; k < depth; ++k, weights += vectors * width) {
      Floats columns[vectors];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) columns[v] = load(weights + v * width);
#pragma GCC unroll 12
      for (int p = 0; p < pixels; ++p) {
        const Floats x = broadcast(first[p * channels + k]);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) sums[p][v] += x * columns[v];
      }
    }
  }
#pragma GCC unroll 12
  for (int p = 0; p < pixels; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) store(to + p * stride + v * width, sums[p][v]);
  }
}

/** Sums the pixels of a line, in one block of columns. */
template <int vectors>
void sumBlock(const Bands& bands, const float* line, const float* weights, const float* biases, float* to,
              int64_t stride) {
  constexpr int large = largeTile / vectors, small = smallTile / vectors;
  const int64_t pixels = bands.shape.width, channels = bands.shape.channels;
  for (int64_t x = 0; x < pixels;) {
    if (pixels - x > 2 * small) {
      sumTile<large, vectors>(bands, line + x * channels, weights, biases, to + x * stride, stride);
      x += large;
    } else {
      sumTile<small, vectors>(bands, line + x * channels, weights, biases, to + x * stride, stride);
      x += small;
    }
  }
}

/** Sums a line: [pixels, columns]. The last block comes first, as others overwrite what its vectors have too much. */
inline void sumLine(const Bands& bands, const float* line, const ColumnBlocks& blocks, float* sums) {
  for (int64_t block = blocks.count() - 1; block >= 0; --block) {
    const int64_t first = block * columnsOfBlock;
    const auto sum = blocks.columnsOf(block) > width ? sumBlock<2> : sumBlock<1>;
    sum(bands, line, blocks.weightsOf(block), blocks.biases + first, sums + first, blocks.columns);
  }
}

/** Calls finish(sums, pixel) for every line of the result, which begins with this pixel: sums [pixels, columns]. */
template <class Finish>
void sumLines(const Call& call, const Bands& bands, Conversion conversion, const ColumnBlocks& blocks, Finish finish) {
  const Neighborhood& shape = bands.shape;
  const Tensor& images = call.in(0);
  const int64_t linesLength = bands.length(largeTile * shape.channels);
  const int64_t sumsLength = (shape.width + largeTile) * blocks.columns + columnsOfBlock;
  parallelFor(call, bands.count(), 1, [&](int64_t index, int64_t, int thread) {
    auto* lines = static_cast<float*>(call.parallel->scratch(thread, 4 * (linesLength + sumsLength)));
    float* sums = lines + linesLength;
    const Band band = bands.at(index);
    visitFloats(images, [&](auto* x) { bands.pad(x, band, conversion, lines); });
    for (int64_t line = 0; line < band.lines; ++line) {
      sumLine(bands, lines + line * bands.lineLength(), blocks, sums);
      finish(sums, band.firstPixel(shape) + line * shape.width);
    }
  });
}

}  // namespace FLAVA_NAMESPACE
