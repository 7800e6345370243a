// Operands of a product: rows of words on the left, panels of words on the right.
#pragma once

#include "tile.h"

namespace FLAVA_NAMESPACE {

/** The left operand, read row by row. */
struct LeftOperand {
  /** The words of row 0 if the rows are in memory already; otherwise null, and blocks of them are packed. */
  const uint32_t* words = nullptr;
  int64_t stride = 0;

  /** Writes words [word, word + words) of rows [row, row + rows); rows of the copy are `stride` words apart. */
  virtual void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const = 0;

 protected:
  ~LeftOperand() = default;
};

/** The right operand, read in panels of 64 columns: [word][column]. */
struct RightOperand {
  /** All panels if they are packed already: [panel][word][column]; otherwise null. */
  const uint32_t* panels = nullptr;
  /** Words of a packed panel; those beyond K are zero. */
  int64_t panelWords = 0;

  /** Writes words [word, word + words) of a panel; columns beyond the last are zero. */
  virtual void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const = 0;

 protected:
  ~RightOperand() = default;
};

/** Packs all panels of a right operand, each of `panelWords` words, with zeros after the last of `words`. */
inline void packPanels(const Call& call, const RightOperand& right, int64_t columns, int64_t words, int64_t panelWords,
                       uint32_t* to) {
  parallelFor(call, wordsOf(columns, panelColumns), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t panel = begin; panel < end; ++panel) {
      uint32_t* target = to + panel * panelWords * panelColumns;
      right.pack(panel, 0, words, target);
      __builtin_memset(target + words * panelColumns, 0, static_cast<size_t>(4 * (panelWords - words) * panelColumns));
    }
  });
}

/** Receives finished tiles of the result, which it may overwrite: rows of whole vectors, `stride` apart. */
template <class Sum>
struct Output {
  virtual void write(Sum* sums, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const = 0;
  /** Announces the tile after the next one, so that its memory can be prefetched; `rows` may be 0 or less. */
  virtual void expect(int64_t row, int64_t rows, int64_t column, int64_t columns) const = 0;

 protected:
  ~Output() = default;
};

/** Stands in for rows beyond the last one of a matrix. */
template <class Element>
const Element* zeroRow() {
  alignas(64) static const Element zeros[panelColumns] = {};
  return zeros;
}

/** Stores the first `count` rows of a square of words, `stride` words apart. */
inline void storeSquare(const Uints (&square)[width], int64_t count, uint32_t* to, int64_t stride) {
  if (count >= width) {
#pragma GCC unroll 16
    for (int i = 0; i < width; ++i) storeWords(to + i * stride, square[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) storeWords(to + i * stride, square[i]);
  }
}

/**
 * Packs up to 64 columns that are stored one after another along K: column c begins at columns + c * stride; its
 * elements up to `depth` may be read, and its first word is the first of the panel.
 */
template <class Words, class Element>
void packPanelAlong(const Element* columns, int64_t stride, int64_t columnCount, int64_t depth, int64_t words,
                    uint32_t* to) {
  for (int64_t first = 0; first < panelColumns; first += width) {
    for (int64_t word = 0; word < words; word += width) {
      const int64_t element = word * Words::elements;
      const Element* corner = columns + first * stride + element;
      Uints square[width];
      if (first + width <= columnCount && element + width * Words::elements <= depth) {
#pragma GCC unroll 16
        for (int lane = 0; lane < width; ++lane) square[lane] = Words::along(corner + lane * stride);
      } else {
        for (int lane = 0; lane < width; ++lane) {
          square[lane] = first + lane < columnCount ? Words::along(corner + lane * stride, depth - element) : Uints{};
        }
      }
      transposeLanes(square);
      storeSquare(square, words - word, to + word * panelColumns + first, panelColumns);
    }
  }
}

/** Packs up to 64 columns, stored next to one another, of the rows that rowOf(k) points to. */
template <class Words, class Element, class RowOf>
void packPanelAcross(RowOf rowOf, int64_t columnCount, int64_t word, int64_t words, uint32_t* to) {
  for (int64_t i = 0; i < words; ++i) {
    const Element* rows[Words::elements];
    for (int part = 0; part < Words::elements; ++part) rows[part] = rowOf((word + i) * Words::elements + part);
    uint32_t* target = to + i * panelColumns;
    if (columnCount == panelColumns) {
#pragma GCC unroll 4
      for (int64_t column = 0; column < panelColumns; column += width) {
        storeWords(target + column, Words::across(rows, column, AllLanes()));
      }
    } else {
      overVectors(0, columnCount, [&](int64_t column, auto lanes) {
        storeWords(target + column, Words::across(rows, column, lanes));
      });
      for (int64_t column = roundUp(columnCount, width); column < panelColumns; column += width) {
        storeWords(target + column, Uints{});
      }
    }
  }
}

/** A matrix of float or Bfloat16, stored [rows, depth] or, transposed, [depth, rows]. */
template <class Words, class Element>
struct MatrixLeft final : LeftOperand {
  MatrixLeft(const Element* data, int64_t rows, int64_t depth, bool transposed)
      : data_(data), rows_(rows), depth_(depth), transposed_(transposed) {
    const bool stored = sizeof(Element) * Words::elements == sizeof(uint32_t);
    if (stored && !transposed && depth % Words::elements == 0) {
      this->words = reinterpret_cast<const uint32_t*>(data);
      this->stride = depth / Words::elements;
    }
  }

  void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const override {
    if (transposed_) {
      packAcross(row, rows, word, words, to, stride);
    } else {
      packAlong(row, rows, word, words, to, stride);
    }
  }

 private:
  void packAlong(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const {
    for (int64_t r = 0; r < rows; ++r) {
      overVectors(0, words, [&](int64_t i, auto lanes) {
        const int64_t element = (word + i) * Words::elements;
        storeWords(to + r * stride + i, Words::along(data_ + (row + r) * depth_ + element, depth_ - element), lanes);
      });
    }
  }

  void packAcross(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const {
    for (int64_t i = 0; i < words; i += width) {
      for (int64_t r = 0; r < rows; r += width) {
        const int64_t count = min(int64_t{width}, rows - r);
        Uints square[width];
        if (count == width) {
#pragma GCC unroll 16
          for (int lane = 0; lane < width; ++lane) square[lane] = wordsAcross(row + r, word + i + lane, AllLanes());
        } else {
          const int lanes = static_cast<int>(count);
          for (int lane = 0; lane < width; ++lane) square[lane] = wordsAcross(row + r, word + i + lane, lanes);
        }
        transposeLanes(square);
        if (words - i >= width) {
          storeSquare(square, count, to + r * stride + i, stride);
        } else {
          const int lanes = static_cast<int>(words - i);
          for (int64_t j = 0; j < count; ++j) storeWords(to + (r + j) * stride + i, square[j], lanes);
        }
      }
    }
  }

  /** Word `word` of neighboring rows. */
  template <class Lanes>
  [[gnu::always_inline]] Uints wordsAcross(int64_t row, int64_t word, Lanes lanes) const {
    const Element* parts[Words::elements];
    for (int part = 0; part < Words::elements; ++part) {
      const int64_t k = word * Words::elements + part;
      parts[part] = k < depth_ ? data_ + k * rows_ + row : zeroRow<Element>();
    }
    return Words::across(parts, 0, lanes);
  }

  const Element* data_;
  int64_t rows_;
  int64_t depth_;
  bool transposed_;
};

template <class Words, class Element>
MatrixLeft<Words, Element> leftMatrix(const Element* data, int64_t rows, int64_t depth, bool transposed) {
  return {data, rows, depth, transposed};
}

/** A matrix of float or Bfloat16, stored [depth, columns] or, transposed, [columns, depth]. */
template <class Words, class Element>
struct MatrixRight final : RightOperand {
  MatrixRight(const Element* data, int64_t columns, int64_t depth, bool transposed)
      : data_(data), columns_(columns), depth_(depth), transposed_(transposed) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = panel * panelColumns;
    const int64_t count = min(int64_t{panelColumns}, columns_ - first);
    if (transposed_) {
      const int64_t element = word * Words::elements;
      packPanelAlong<Words>(data_ + first * depth_ + element, depth_, count, depth_ - element, words, to);
    } else {
      const auto rowOf = [&](int64_t k) { return k < depth_ ? data_ + k * columns_ + first : zeroRow<Element>(); };
      packPanelAcross<Words, Element>(rowOf, count, word, words, to);
    }
  }

 private:
  const Element* data_;
  int64_t columns_;
  int64_t depth_;
  bool transposed_;
};

template <class Words, class Element>
MatrixRight<Words, Element> rightMatrix(const Element* data, int64_t columns, int64_t depth, bool transposed) {
  return {data, columns, depth, transposed};
}

/** Rows of words in memory. */
struct RowsOfWords final : LeftOperand {
  RowsOfWords(const uint32_t* data, int64_t rowStride) {
    this->words = data;
    this->stride = rowStride;
  }
  void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t toStride) const override {
    for (int64_t r = 0; r < rows; ++r) {
      __builtin_memcpy(to + r * toStride, this->words + (row + r) * stride + word, static_cast<size_t>(4 * words));
    }
  }
};

/** Panels already packed, as by packWeights or packQuantized. */
struct PackedRight final : RightOperand {
  PackedRight(const void* data, int64_t words) {
    this->panels = static_cast<const uint32_t*>(data);
    this->panelWords = words;
  }
  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    __builtin_memcpy(to, panels + (panel * panelWords + word) * panelColumns,
                     static_cast<size_t>(4 * words * panelColumns));
  }
};

}  // namespace FLAVA_NAMESPACE
