// Resampling of images in integer arithmetic, so that every level gives the same bits (src/data/image/resample.ts).
#include "../simd/simd.h"
#include "../simd/transpose.h"

namespace FLAVA_NAMESPACE {
namespace {

constexpr int precisionBits = 32 - 8 - 2;
constexpr int block = 16;  // rows processed together in the row pass
constexpr int parts = block / width;

typedef uint8_t Levels __attribute__((vector_size(width)));
typedef uint8_t Tile __attribute__((vector_size(block)));

/** The inputs of one output: the first, their number, and their weights. */
struct Taps {
  int64_t first;
  int64_t count;
  const int32_t* weights;
};

Taps tapsOf(const Tensor& rows, int64_t output) {
  const int32_t* row = rows.as<int32_t>() + output * rows.dim(1);
  return {row[0], row[1], row + 2};
}

/** Widens bytes to lanes; GCC 12 takes several instructions where the processor needs one. */
Ints widen(const uint8_t* from) {
#if defined(__AVX512F__)
  return (Ints)_mm512_maskz_cvtepu8_epi32(everyLane, _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#elif defined(__AVX2__)
  return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#else
  return __builtin_convertvector(loadVector<Levels>(from), Ints);
#endif
}

/** Drops the fraction and clamps to 0..255. */
void storeRounded(uint8_t* to, Ints sum) {
  const Ints whole = sum >> precisionBits;
  const Ints clamped = select(whole < 0, Ints{}, select(whole > 255, broadcastInt(255), whole));
  const Levels levels = __builtin_convertvector(clamped, Levels);
  __builtin_memcpy(to, &levels, sizeof levels);
}

/** One round of a perfect shuffle: log2(block) rounds transpose a square of bytes. */
void interleave(const Tile* from, Tile* to) {
  for (int i = 0; i < block / 2; ++i) {
    const Tile a = from[i];
    const Tile b = from[i + block / 2];
    to[2 * i] = shuffle<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b);
    to[2 * i + 1] = shuffle<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b);
  }
}

/** Transposes `rows` rows of `columns` bytes, at most block x block; missing bytes are zero. */
void transposeSquare(const uint8_t* from, int64_t fromStride, int64_t rows, int64_t columns, uint8_t* to,
                     int64_t toStride, int64_t toRows, int64_t toColumns) {
  Tile a[block];
  Tile b[block];
  for (int64_t row = 0; row < block; ++row) {
    a[row] = row < rows ? (columns == block ? loadVector<Tile>(from + row * fromStride)
                                            : loadVector<Tile>(from + row * fromStride, columns))
                        : Tile{};
  }
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  interleave(b, a);
  for (int64_t row = 0; row < toRows; ++row) {
    if (toColumns == block) {  // a size known at compile time is one instruction, any other a call
      __builtin_memcpy(to + row * toStride, a + row, block);
    } else {
      __builtin_memcpy(to + row * toStride, a + row, static_cast<size_t>(toColumns));
    }
  }
}

/** One output column of a block of rows: columns [C, block] weighted and added for each of three colors. */
void addColumns(const uint8_t* columns, const Taps& taps, uint8_t* to) {
  Ints sums[3][parts];
  for (auto& color : sums) {
    for (Ints& sum : color) sum = broadcastInt(1 << (precisionBits - 1));
  }
  const uint8_t* from = columns + taps.first * 3 * block;
  for (int64_t tap = 0; tap < taps.count; ++tap, from += 3 * block) {
    const Ints weight = broadcastInt(taps.weights[tap]);
    for (int color = 0; color < 3; ++color) {
      for (int part = 0; part < parts; ++part) {
        sums[color][part] += widen(from + color * block + part * width) * weight;
      }
    }
  }
  for (int color = 0; color < 3; ++color) {
    for (int part = 0; part < parts; ++part) storeRounded(to + color * block + part * width, sums[color][part]);
  }
}

/** [H, W, 3], taps [outputs, 2 + n] -> [H, outputs, 3]. Transposes blocks of rows so that vectors run down columns. */
void resampleRowsKernel(const Call& call) {
  const Tensor& source = call.in(0);
  const Tensor& target = call.out(0);
  const int64_t height = source.dim(0);
  const int64_t inputs = source.dim(1) * 3;
  const int64_t outputs = target.dim(1) * 3;
  parallelFor(call, height, block, [&](int64_t begin, int64_t end, int thread) {
    auto* const columns = static_cast<uint8_t*>(call.parallel->scratch(thread, (inputs + outputs + 2 * block) * block));
    uint8_t* const results = columns + (inputs + block) * block;
    const uint8_t* const from = source.as<uint8_t>() + begin * inputs;
    uint8_t* const to = target.as<uint8_t>() + begin * outputs;
    for (int64_t x = 0; x < inputs; x += block) {
      transposeSquare(from + x, inputs, end - begin, min(inputs - x, int64_t{block}), columns + x * block, block, block,
                      block);
    }
    for (int64_t output = 0; output < target.dim(1); ++output) {
      addColumns(columns, tapsOf(call.in(1), output), results + output * 3 * block);
    }
    for (int64_t x = 0; x < outputs; x += block) {
      transposeSquare(results + x * block, block, block, block, to + x, outputs, end - begin,
                      min(outputs - x, int64_t{block}));
    }
  });
}

/** [H, W, 3], taps [outputs, 2 + n] -> [outputs, W, 3]. */
void resampleColumnsKernel(const Call& call) {
  const Tensor& source = call.in(0);
  const int64_t length = source.dim(1) * 3;
  const auto* const pixels = source.as<uint8_t>();
  parallelFor(call, call.out(0).dim(0), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t output = begin; output < end; ++output) {
      const Taps taps = tapsOf(call.in(1), output);
      uint8_t* const to = call.out(0).as<uint8_t>() + output * length;
      const uint8_t* const from = pixels + taps.first * length;
      constexpr int together = 4 * width;
      int64_t x = 0;
      for (; x + together <= length; x += together) {
        Ints sums[4];
        for (Ints& sum : sums) sum = broadcastInt(1 << (precisionBits - 1));
        for (int64_t tap = 0; tap < taps.count; ++tap) {
          const Ints weight = broadcastInt(taps.weights[tap]);
          for (int part = 0; part < 4; ++part) sums[part] += widen(from + tap * length + x + part * width) * weight;
        }
        for (int part = 0; part < 4; ++part) storeRounded(to + x + part * width, sums[part]);
      }
      for (; x < length; ++x) {
        int32_t sum = 1 << (precisionBits - 1);
        for (int64_t tap = 0; tap < taps.count; ++tap) sum += from[tap * length + x] * taps.weights[tap];
        const int32_t whole = sum >> precisionBits;
        to[x] = static_cast<uint8_t>(whole < 0 ? 0 : whole > 255 ? 255 : whole);
      }
    }
  });
}

FLAVA_KERNEL("resampleRows", resampleRowsKernel);
FLAVA_KERNEL("resampleColumns", resampleColumnsKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
