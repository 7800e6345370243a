// Operands and results of products with 8-bit weights.
//
// The instruction that multiplies four bytes at a time takes unsigned numbers on the left, so 128 is added to the rows
// of the left operand, and 128 times the sum of each column of the weights is subtracted from the result.
#pragma once

#include "epilogue.h"

namespace FLAVA_NAMESPACE {

constexpr int32_t rowOffset = 128;

/** Writes a row as bytes from 1 to 255 and zeros up to whole words; returns the scale, NaN if the row is not finite. */
template <class Element>
float quantizeRow(const Element* from, int64_t count, uint8_t* to) {
  Floats largest{}, total{};
  overVectors(0, count, [&](int64_t i, auto lanes) {
    const Floats size = absolute(load(from + i, lanes));
    largest = max(largest, size);
    total += size * 0.0f;  // not zero if an element is not finite
  });
  const float step = maxOf(largest) / 127.0f;
  const float scale = (step < 1.17549435e-38f ? 1.0f : step) + sumOf(total);
  overVectors(0, count, [&](int64_t i, auto lanes) {
    const Ints whole = __builtin_convertvector(roundToWhole(load(from + i, lanes) / scale), Ints);
    const Bytes bytes = __builtin_convertvector(whole + rowOffset, Bytes);
    __builtin_memcpy(to + i, &bytes, static_cast<size_t>(min(int64_t{width}, count - i)));
  });
  for (int64_t i = count; i < roundUp(count, Int8Words::elements); ++i) to[i] = 0;
  return scale;
}

/** 128 times the sum of each of the 64 columns of a packed panel. */
inline void offsetsOfPanel(const uint32_t* panel, int64_t words, int32_t* offsets) {
  for (int64_t column = 0; column < panelColumns; column += width) {
    Ints sum{};
    for (int64_t word = 0; word < words; ++word) {
      const Uints bytes = loadVector<Uints>(panel + word * panelColumns + column);
      for (int shift = 24; shift >= 0; shift -= 8) sum += (Ints)(bytes << shift) >> 24;
    }
    store(offsets + column, sum * rowOffset);
  }
}

/** 8-bit weights, stored [columns, depth]. */
struct QuantizedRight final : RightOperand {
  QuantizedRight(const int8_t* data, int64_t columns, int64_t depth) : data_(data), columns_(columns), depth_(depth) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = panel * panelColumns;
    const int64_t element = word * Int8Words::elements;
    packPanelAlong<Int8Words>(data_ + first * depth_ + element, depth_, min(int64_t{panelColumns}, columns_ - first),
                              depth_ - element, words, to);
  }

 private:
  const int8_t* data_;
  int64_t columns_;
  int64_t depth_;
};

/** 8-bit weights as bfloat16: `quantized`, of `words` words, times a scale for each column. */
struct WidenedRight final : RightOperand {
  WidenedRight(const RightOperand& quantized, int64_t words, const float* scales, int64_t columns)
      : quantized_(quantized), words_(words), scales_(scales), columns_(columns) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    alignas(64) uint32_t block[blockWords * panelColumns];
    // `word` is even: a pass over K starts at a multiple of 16.
    for (int64_t done = 0; done < words; done += 2 * blockWords) {
      const int64_t first = (word + done) / 2;
      const int64_t count = min(int64_t{blockWords}, words_ - first);
      const uint32_t* bytes = block;
      if (quantized_.panels) {
        bytes = quantized_.panels + (panel * words_ + first) * panelColumns;
      } else {
        quantized_.pack(panel, first, count, block);
      }
      widen(bytes, panel * panelColumns, min(2 * count, words - done), to + done * panelColumns);
    }
  }

 private:
  static constexpr int blockWords = 16;

  void widen(const uint32_t* bytes, int64_t column, int64_t words, uint32_t* to) const {
    overVectors(0, min(int64_t{panelColumns}, columns_ - column), [&](int64_t i, auto lanes) {
      const Floats scale = load(scales_ + column + i, lanes);
      for (int64_t word = 0; word < words; ++word) {
        const Uints four = loadVector<Uints>(bytes + word / 2 * panelColumns + i);
        const Uints upper = word % 2 == 0 ? four << 16 : four;
        const Floats even = __builtin_convertvector((Ints)(upper << 8) >> 24, Floats) * scale;
        const Floats odd = __builtin_convertvector((Ints)upper >> 24, Floats) * scale;
        storeWords(to + word * panelColumns + i, interleave(narrow(even), narrow(odd)));
      }
    });
  }

  const RightOperand& quantized_;
  int64_t words_;
  const float* scales_;
  int64_t columns_;
};

/** Writes an int32 product through an epilogue. */
struct QuantizedOutput final : Output<int32_t> {
  QuantizedOutput(const Epilogue& epilogue, int64_t firstRow, const float* rowScales, const float* columnScales,
                  const int32_t* offsets)
      : epilogue_(epilogue),
        firstRow_(firstRow),
        rowScales_(rowScales),
        columnScales_(columnScales),
        offsets_(offsets) {}

  void write(int32_t* sums, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    alignas(64) float x[rowsAtOnce * pieceColumns];
    for (int64_t first = 0; first < rows; first += rowsAtOnce) {
      const int64_t count = min(rowsAtOnce, rows - first);
      for (int64_t r = 0; r < count; ++r) {
        const float rowScale = rowScales_[row + first + r];
        overVectors(0, columns, [&](int64_t i, auto lanes) {
          const Ints sum = loadInts(sums + (first + r) * stride + i) - loadInts(offsets_ + column + i);
          store(x + r * pieceColumns + i,
                __builtin_convertvector(sum, Floats) * rowScale * load(columnScales_ + column + i, lanes));
        });
      }
      epilogue_.finish({x, pieceColumns, firstRow_ + row + first, count, column, columns});
    }
  }
  void expect(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; ++r) epilogue_.expect(firstRow_ + row + r, column, columns);
  }

 private:
  static constexpr int64_t rowsAtOnce = 16;

  const Epilogue& epilogue_;
  int64_t firstRow_;
  const float* rowScales_;
  const float* columnScales_;
  const int32_t* offsets_;
};

}  // namespace FLAVA_NAMESPACE
