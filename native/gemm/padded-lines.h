// Image lines converted to float and padded with zeros: the neighborhood of every pixel can be read in place. With few channels,
// gathering neighborhoods for a product takes longer than multiplying them.
#pragma once

#include "patches.h"

namespace FLAVA_NAMESPACE {

/**
 * Whether a product multiplies floats one by one, also where they are bfloat16: then sums over padded lines need no more
 * multiplications than it does.
 */
template <class Product>
constexpr bool multipliesFloats = Product::parts == Product::elements;

/** How elements become floats. */
struct Conversion {
  bool rounded;  // to bfloat16
  bool rectified;
};

template <class Element>
void convertTo(float* to, const Element* from, int64_t count, Conversion conversion) {
  overVectors(0, count, [&](int64_t i, auto lanes) {
    Floats x = load(from + i, lanes);
    if constexpr (sizeof(Element) == sizeof(float)) {
      if (conversion.rounded) x = roundToBfloat16(x);
    }
    if (conversion.rectified) x = max(broadcast(0.0f), x);
    store(to + i, x, lanes);
  });
}

/** Adjacent lines of an image, whose neighborhoods are converted together. */
struct Band {
  int64_t image, first, lines;

  int64_t firstPixel(const Neighborhood& shape) const { return (image * shape.height + first) * shape.width; }
};

/** A batch of images, cut into bands. */
struct Bands {
  static constexpr int64_t height = 8;
  int64_t images;
  Neighborhood shape;

  /** Of images [batch, height, width, channels] and kernels of this height and width. */
  Bands(const Tensor& batch, int64_t kernelHeight, int64_t kernelWidth)
      : images(batch.dim(0)), shape{batch.dim(1), batch.dim(2), batch.dim(3), kernelHeight, kernelWidth} {}

  int64_t perImage() const { return ceilDivide(shape.height, height); }
  int64_t count() const { return images * perImage(); }
  Band at(int64_t index) const {
    const int64_t first = index % perImage() * height;
    return {index / perImage(), first, min(height, shape.height - first)};
  }

  /** Elements of a line with its margins, and of a line of a neighborhood. */
  int64_t lineLength() const { return (shape.width + shape.kernelWidth - 1) * shape.channels; }
  int64_t lineDepth() const { return shape.kernelWidth * shape.channels; }
  /** Elements of the lines that a band needs, when up to `beyond` after the last are read. */
  int64_t length(int64_t beyond) const { return (height + shape.kernelHeight - 1) * lineLength() + roundUp(beyond, 16); }

  /** Writes the lines of a band and those that its neighborhoods reach above and below it. */
  template <class Element>
  void pad(const Element* batch, const Band& band, Conversion conversion, float* to) const {
    const int64_t reach = shape.kernelHeight / 2, margin = shape.margin() * shape.channels;
    const int64_t inside = shape.width * shape.channels, length = lineLength();
    const auto clear = [](float* from, int64_t count) { __builtin_memset(from, 0, static_cast<size_t>(4 * count)); };
    for (int64_t y = band.first - reach; y < band.first + band.lines + reach; ++y, to += length) {
      if (y < 0 || y >= shape.height) {
        clear(to, length);
        continue;
      }
      clear(to, margin);
      convertTo(to + margin, batch + (band.image * shape.height + y) * inside, inside, conversion);
      clear(to + margin + inside, margin);
    }
  }
};

}  // namespace FLAVA_NAMESPACE
