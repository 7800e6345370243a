// The gradient of a convolution's weights without packing: its elements are summed in registers over the pixels of a band.
#pragma once

#include "../gemm/padded-lines.h"

namespace FLAVA_NAMESPACE {

/** Outputs up to which this is faster than a product over gathered neighborhoods. */
constexpr int64_t fewOutputs = 32;

/** Sums of weights by lines of the kernel, in whole vectors: [outputs, kernel height, line]. */
struct WeightSums {
  static constexpr int64_t outputsOfTile = 4, vectorsOfTile = 3;
  /** Most elements of all slices. */
  static constexpr int64_t mostElements = 1 << 22;

  int64_t outputs, kernelHeight, lineDepth;

  int64_t lineStride() const { return roundUp(lineDepth, width); }
  int64_t stride() const { return kernelHeight * lineStride(); }
  int64_t length() const { return roundUp(outputs, outputsOfTile) * stride(); }
  /** Slices of the bands, whose sums are added in order: that does not depend on the threads. */
  int64_t slicesOf(int64_t bands) const {
    return min(bands, max(int64_t{1}, min(int64_t{64}, mostElements / length())));
  }
};

/** Lines of images and pixels of the gradient of the result, both as floats. */
struct BandFloats {
  const float* lines;
  const float* gradient;
  int64_t height;
};

/** Adds the sums over a band's pixels of some outputs times some vectors of a neighborhood's line. */
template <int vectors>
void addTile(const Bands& bands, const BandFloats& floats, const WeightSums& weights, float* to) {
  constexpr int outputs = WeightSums::outputsOfTile;
  const int64_t pixels = bands.shape.width, channels = bands.shape.channels;
  Floats sums[outputs][vectors] = {};
  const float* dy = floats.gradient;
  for (int64_t line = 0; line < floats.height; ++line) {
    const float* x = floats.lines + line * bands.lineLength();
    for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels, dy += weights.outputs) {
      Floats neighbors[vectors];
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) neighbors[v] = load(x + v * width);
#pragma GCC unroll 4
      for (int output = 0; output < outputs; ++output) {
        const Floats factor = broadcast(dy[output]);
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) sums[output][v] += factor * neighbors[v];
      }
    }
  }
#pragma GCC unroll 4
  for (int output = 0; output < outputs; ++output) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) {
      float* place = to + output * weights.stride() + v * width;
      store(place, load(place) + sums[output][v]);
    }
  }
}

/** Adds the sums over a band's pixels. */
inline void addBand(const Bands& bands, const BandFloats& floats, const WeightSums& weights, float* to) {
  for (int64_t ky = 0; ky < weights.kernelHeight; ++ky) {
    for (int64_t first = 0; first < weights.lineStride(); first += WeightSums::vectorsOfTile * width) {
      const int64_t vectors = (weights.lineStride() - first) / width;
      const auto add = vectors >= 3 ? addTile<3> : vectors == 2 ? addTile<2> : addTile<1>;
      for (int64_t output = 0; output < weights.outputs; output += WeightSums::outputsOfTile) {
        add(bands, {floats.lines + ky * bands.lineLength() + first, floats.gradient + output, floats.height}, weights,
            to + output * weights.stride() + ky * weights.lineStride() + first);
      }
    }
  }
}

/** The sums of a slice of the bands. */
inline void sumSlice(const Call& call, const Bands& bands, int64_t begin, int64_t end, Conversion conversion,
                     const WeightSums& weights, int thread, float* to) {
  const Tensor &images = call.in(0), &gradient = call.in(1);
  const int64_t linesLength = bands.length(WeightSums::vectorsOfTile * width);
  const int64_t elements = Bands::height * bands.shape.width * weights.outputs;
  auto* lines = static_cast<float*>(
      call.parallel->scratch(thread, 4 * (linesLength + elements + WeightSums::outputsOfTile)));
  float* pixels = lines + linesLength;
  __builtin_memset(to, 0, static_cast<size_t>(4 * weights.length()));
  for (int64_t index = begin; index < end; ++index) {
    const Band band = bands.at(index);
    visitFloats(images, [&](auto* x) { bands.pad(x, band, conversion, lines); });
    visitFloats(gradient, [&](auto* dy) {
      convertTo(pixels, dy + band.firstPixel(bands.shape) * weights.outputs,
                band.lines * bands.shape.width * weights.outputs, {conversion.rounded, false});
    });
    addBand(bands, {lines, pixels, band.lines}, weights, to);
  }
}

/** The gradient of the weights, from images, converted as said, and the gradient of the result. */
inline void sumOverPixels(const Call& call, const Bands& bands, Conversion conversion) {
  const Tensor& result = call.out(0);
  const WeightSums weights{result.dim(0), bands.shape.kernelHeight, bands.lineDepth()};
  const int64_t slices = weights.slicesOf(bands.count());
  auto* sums = static_cast<float*>(call.parallel->shared(4 * slices * weights.length()));
  parallelFor(call, slices, 1, [&](int64_t slice, int64_t, int thread) {
    const int64_t begin = slice * bands.count() / slices, end = (slice + 1) * bands.count() / slices;
    sumSlice(call, bands, begin, end, conversion, weights, thread, sums + slice * weights.length());
  });
  visitFloats(result, [&](auto* to) {
    parallelFor(call, weights.outputs * weights.kernelHeight, 16, [&](int64_t begin, int64_t end, int) {
      for (int64_t line = begin; line < end; ++line) {
        overVectors(0, weights.lineDepth, [&](int64_t i, auto lanes) {
          const float* first = sums + line * weights.lineStride() + i;
          Floats total = load(first);
          for (int64_t slice = 1; slice < slices; ++slice) total += load(first + slice * weights.length());
          store(to + line * weights.lineDepth + i, total, lanes);
        });
      }
    });
  });
}

}  // namespace FLAVA_NAMESPACE
