// Convolution as a product (implicit im2col): every pixel is a row of its neighborhood, gathered while packing.
#pragma once

#include "operands.h"

namespace FLAVA_NAMESPACE {

/** Applies ReLU to every element. */
template <class Words>
struct Rectified {
  // As integers, the negative numbers from -0 to -inf are the smallest; negative NaNs, which must stay, follow.
  static Uints apply(Uints words) {
    if constexpr (Words::elements == 1) {
      return words & (Uints)((Ints)words > static_cast<int32_t>(0xff800000));
    } else {
      typedef int16_t Halves __attribute__((vector_size(4 * width)));
      return words & (Uints)((Halves)words > static_cast<int16_t>(0xff80));
    }
  }
};

/** memcpy of a few dozen bytes, for which a call would cost more than the copy. */
inline void copyShort(void* to, const void* from, size_t bytes) {
  constexpr size_t piece = 16;
  if (bytes < piece) {
    __builtin_memcpy(to, from, bytes);
    return;
  }
  auto* target = static_cast<char*>(to);
  const auto* source = static_cast<const char*>(from);
  for (size_t done = 0; done + piece <= bytes; done += piece) __builtin_memcpy(target + done, source + done, piece);
  // The last piece may overlap the previous one.
  __builtin_memcpy(target + bytes - piece, source + bytes - piece, piece);
}

/**
 * An image [batch, height, width, channels] and the neighborhoods of its pixels, with zeros around the image. The
 * neighborhood of `step` adjacent pixels covers all of them; `step` divides the width.
 */
struct Neighborhood {
  int64_t height, width, channels;
  int64_t kernelHeight, kernelWidth;  // kernelWidth - step is even
  int64_t step = 1;

  /** The same image and kernel, with `together` pixels at a time. */
  Neighborhood joined(int64_t together) const {
    return {height, width, channels, kernelHeight, kernelWidth + together - 1, together};
  }
  /** How far a neighborhood reaches to either side. */
  int64_t margin() const { return (kernelWidth - step) / 2; }
  int64_t depth() const { return kernelHeight * kernelWidth * channels; }
  /** Whether every neighborhood is a single pixel, so that rows can be read from the image in place. */
  bool isPointwise() const { return kernelHeight == 1 && kernelWidth == step; }
};

/** The first pixel of a row: its index and its position in the image. */
struct Pixel {
  int64_t index, y, x;

  Pixel(const Neighborhood& shape, int64_t row)
      : index(row * shape.step), y(index / shape.width % shape.height), x(index % shape.width) {}

  void advance(const Neighborhood& shape) {
    index += shape.step;
    if ((x += shape.step) < shape.width) return;
    x = 0;
    if (++y == shape.height) y = 0;
  }
};

/** The matrix [pixels / step, kernel height * kernel width * channels] of the neighborhoods of all pixels. */
template <class Element>
struct Patches {
  const Element* image;
  Neighborhood shape;

  /** The address of elements [first, first + count) of a row in the image, if they are contiguous there. */
  const Element* find(const Pixel& pixel, int64_t first, int64_t count) const {
    const Line line(*this, pixel, first / lineLength());
    const int64_t offset = first % lineLength();
    return offset >= line.begin && offset + count <= line.end ? line.elements + offset : nullptr;
  }

  void gather(const Pixel& pixel, int64_t first, int64_t count, Element* to) const {
    int64_t offset = first % lineLength();
    for (int64_t ky = first / lineLength(); count > 0; ++ky, offset = 0) {
      const Line line(*this, pixel, ky);
      const int64_t end = min(lineLength(), offset + count);
      const int64_t begin = min(end, max(offset, line.begin));
      const int64_t stop = max(begin, min(end, line.end));
      const auto bytes = [](int64_t elements) { return static_cast<size_t>(elements) * sizeof(Element); };
      if (begin > offset) __builtin_memset(to, 0, bytes(begin - offset));
      if (stop > begin) copyShort(to + begin - offset, line.elements + begin, bytes(stop - begin));
      if (end > stop) __builtin_memset(to + stop - offset, 0, bytes(end - stop));
      to += end - offset;
      count -= end - offset;
    }
  }

 private:
  int64_t lineLength() const { return shape.kernelWidth * shape.channels; }

  /** A line of a neighborhood; elements [begin, end) are inside the image and contiguous there. */
  struct Line {
    const Element* elements;
    int64_t begin, end;

    Line(const Patches& patches, const Pixel& pixel, int64_t ky) {
      const Neighborhood& shape = patches.shape;
      const int64_t down = ky - shape.kernelHeight / 2, left = pixel.x - shape.margin();
      const bool inside = pixel.y + down >= 0 && pixel.y + down < shape.height;
      elements = patches.image + (pixel.index + down * shape.width - shape.margin()) * shape.channels;
      begin = max(int64_t{0}, -left) * shape.channels;
      end = inside ? min(shape.kernelWidth, shape.width - left) * shape.channels : begin;
    }
  };
};

/** Neighborhoods as the rows of a product. */
template <class Words, class Element>
struct PatchesLeft final : LeftOperand {
  explicit PatchesLeft(const Patches<Element>& patches) : patches_(patches) {}

  void pack(int64_t row, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const override {
    Pixel pixel(patches_.shape, row);
    if constexpr (sizeof(Element) * Words::elements == sizeof(uint32_t)) {
      for (int64_t r = 0; r < rows; r += rowsTogether) {
        packAsStored(pixel, min(rowsTogether, rows - r), word, words, to + r * stride, stride);
      }
    } else {
      for (int64_t r = 0; r < rows; ++r, pixel.advance(patches_.shape)) convert(pixel, word, words, to + r * stride);
    }
  }

 private:
  // Enough that one loop's writes have completed when the next one reads them in larger pieces.
  static constexpr int64_t rowsTogether = 16;

  /** Rows whose words consist of elements as stored. */
  void packAsStored(Pixel& pixel, int64_t rows, int64_t word, int64_t words, uint32_t* to, int64_t stride) const {
    const int64_t first = word * Words::elements;
    const int64_t count = min(patches_.shape.depth() - first, words * Words::elements);
    for (int64_t r = 0; r < rows; ++r, pixel.advance(patches_.shape)) {
      auto* elements = reinterpret_cast<Element*>(to + r * stride);
      patches_.gather(pixel, first, count, elements);
      for (int64_t i = count; i < words * Words::elements; ++i) elements[i] = Element{};
    }
    if constexpr (!Words::verbatim) {
      for (int64_t r = 0; r < rows; ++r) {
        uint32_t* target = to + r * stride;
        overVectors(0, words, [&](int64_t i, auto lanes) {
          const auto* elements = reinterpret_cast<const Element*>(target + i);
          storeWords(target + i, Words::along(elements, (words - i) * Words::elements), lanes);
        });
      }
    }
  }

  void convert(const Pixel& pixel, int64_t word, int64_t words, uint32_t* to) const {
    constexpr int64_t most = 16 * width * Words::elements;
    alignas(64) Element elements[most];
    const int64_t first = word * Words::elements;
    const int64_t last = min(patches_.shape.depth(), first + words * Words::elements);
    for (int64_t element = first; element < last; element += most) {
      const int64_t count = min(most, last - element);
      patches_.gather(pixel, element, count, elements);
      overVectors(0, wordsOf(count, Words::elements), [&](int64_t i, auto lanes) {
        storeWords(to + i, Words::along(elements + i * Words::elements, count - i * Words::elements), lanes);
      });
      to += most / Words::elements;
    }
  }

  Patches<Element> patches_;
};

template <class Words, class Element>
PatchesLeft<Words, Element> patchesLeft(const Element* image, const Neighborhood& shape) {
  return PatchesLeft<Words, Element>({image, shape});
}

/** Neighborhoods as the right operand of a product over the pixels. */
template <class Words, class Element>
struct PatchesRight final : RightOperand {
  PatchesRight(const Patches<Element>& patches, int64_t pixels) : patches_(patches), pixels_(pixels) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = panel * panelColumns;
    const int64_t count = min(int64_t{panelColumns}, patches_.shape.depth() - first);
    const bool isWhole = count == panelColumns;
    // Copies end in zeros, so that all vectors of a panel with fewer columns are loaded whole.
    alignas(64) Element gathered[Words::elements][panelColumns] = {};
    Pixel pixel(patches_.shape, word * Words::elements);
    const auto rowOf = [&](int64_t k) {
      if (k >= pixels_) return zeroRow<Element>();
      const Element* row = isWhole ? patches_.find(pixel, first, count) : nullptr;
      if (!row) {
        Element* copy = gathered[k % Words::elements];
        patches_.gather(pixel, first, count, copy);
        row = copy;
      }
      pixel.advance(patches_.shape);
      return row;
    };
    packPanelAcross<Words, Element>(rowOf, roundUp(count, width), word, words, to);
  }

 private:
  Patches<Element> patches_;
  int64_t pixels_;
};

template <class Words, class Element>
PatchesRight<Words, Element> patchesRight(const Element* image, const Neighborhood& shape, int64_t pixels) {
  return PatchesRight<Words, Element>({image, shape}, pixels);
}

/** Layout of a kernel's elements: the first, and strides over columns, taps (counted line by line) and channels. */
struct KernelLayout {
  int64_t first, ofColumn, ofTap, ofChannel;

  /** Of a weight [columns, taps, channels], or, flipped, [channels, taps, columns] whose taps are mirrored. */
  static KernelLayout of(int64_t columns, int64_t taps, int64_t channels, bool flipped) {
    if (flipped) return {(taps - 1) * columns, 1, -columns, taps * columns};
    return {0, taps * channels, channels, 1};
  }
};

/**
 * The weights of a convolution with few output channels, for several adjacent pixels at a time, so that vectors are
 * full: column p * output channels + c has the weights of channel c of pixel p in the joined neighborhood, zeros where
 * that reaches beyond its own. (A non-finite neighbor then makes all of them non-finite.)
 */
template <class Words, class Element>
struct JoinedRight final : RightOperand {
  JoinedRight(const Element* data, const KernelLayout& layout, const Neighborhood& joined, int64_t made)
      : data_(data), layout_(layout), joined_(joined), made_(made) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = panel * panelColumns;
    alignas(64) Element rows[Words::elements][pieceColumns];
    const auto rowOf = [&](int64_t k) {
      Element* row = rows[k % Words::elements];
      fill(k, row);
      return static_cast<const Element*>(row + first);
    };
    const int64_t count = min(int64_t{panelColumns}, joined_.step * made_ - first);
    packPanelAcross<Words, Element>(rowOf, count, word, words, to);
  }

 private:
  void fill(int64_t k, Element* row) const {
    const int64_t kernelWidth = joined_.kernelWidth - joined_.step + 1;
    const int64_t channel = k % joined_.channels, place = k / joined_.channels;
    const int64_t y = place / joined_.kernelWidth, x = place % joined_.kernelWidth;
    for (int64_t pixel = 0; pixel < joined_.step; ++pixel) {
      const int64_t own = x - pixel;
      const bool inside = y < joined_.kernelHeight && own >= 0 && own < kernelWidth;
      const int64_t from = layout_.first + (y * kernelWidth + own) * layout_.ofTap + channel * layout_.ofChannel;
      for (int64_t c = 0; c < made_; ++c) {
        row[pixel * made_ + c] = inside ? data_[from + c * layout_.ofColumn] : Element{};
      }
    }
  }

  const Element* data_;
  KernelLayout layout_;
  Neighborhood joined_;
  int64_t made_;
};

template <class Words, class Element>
JoinedRight<Words, Element> joinedRight(const Element* data, const KernelLayout& layout, const Neighborhood& joined,
                                        int64_t made) {
  return {data, layout, joined, made};
}

/** Weights [channels, taps, columns] whose taps are mirrored, as the right operand of a product over (tap, channel). */
template <class Words, class Element>
struct MirroredRight final : RightOperand {
  MirroredRight(const Element* data, int64_t channels, int64_t taps, int64_t columns)
      : data_(data), channels_(channels), taps_(taps), columns_(columns) {}

  void pack(int64_t panel, int64_t word, int64_t words, uint32_t* to) const override {
    const int64_t first = panel * panelColumns;
    const auto rowOf = [&](int64_t k) {
      const int64_t tap = taps_ - 1 - k / channels_, channel = k % channels_;
      return tap < 0 ? zeroRow<Element>() : data_ + (channel * taps_ + tap) * columns_ + first;
    };
    packPanelAcross<Words, Element>(rowOf, min(int64_t{panelColumns}, columns_ - first), word, words, to);
  }

 private:
  const Element* data_;
  int64_t channels_;
  int64_t taps_;
  int64_t columns_;
};

template <class Words, class Element>
MirroredRight<Words, Element> mirroredRight(const Element* data, int64_t channels, int64_t taps, int64_t columns) {
  return {data, channels, taps, columns};
}

}  // namespace FLAVA_NAMESPACE
