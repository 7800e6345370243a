// Pooling and upsampling of images [batch, height, width, channels] by a factor of 2.
#include "elementwise.h"

namespace FLAVA_NAMESPACE {
namespace {

void storeBytes(int8_t* to, Ints x, int lanes) {
  const Bytes bytes = __builtin_convertvector(x, Bytes);
  __builtin_memcpy(to, &bytes, static_cast<size_t>(lanes));
}
void storeBytes(int8_t* to, Ints x, AllLanes) {
  const Bytes bytes = __builtin_convertvector(x, Bytes);
  __builtin_memcpy(to, &bytes, sizeof bytes);
}

Ints loadBytes(const int8_t* from, int lanes) {
  return __builtin_convertvector(loadVector<Bytes>(from, lanes), Ints);
}
Ints loadBytes(const int8_t* from, AllLanes) { return __builtin_convertvector(loadVector<Bytes>(from), Ints); }

/** The largest of the pixel at x, its right neighbor and the two below, and its index among the four. */
template <class X, class Y>
void poolPixel(const X* x, int64_t inputRow, int64_t channels, Y* y, int8_t* which) {
  const int64_t offsets[4] = {0, channels, inputRow, inputRow + channels};
  overVectors(0, channels, [=](int64_t i, auto lanes) {
    Floats largest = load(x + i, lanes);
    Ints place{};
    for (int candidate = 1; candidate < 4; ++candidate) {
      const Floats value = load(x + offsets[candidate] + i, lanes);
      const Ints isLarger = (value > largest) | (value != value);
      largest = select(isLarger, value, largest);
      place = select(isLarger, broadcastInt(candidate), place);
    }
    store(y + i, largest, lanes);
    storeBytes(which + i, place, lanes);
  });
}

void maxPoolKernel(const Call& call) {
  const Tensor &input = call.in(0), &output = call.out(0);
  const int64_t channels = input.dim(3), inputRow = input.dim(2) * channels;
  const int64_t height = output.dim(1), pixels = output.dim(2);
  const bool oddHeight = input.dim(1) % 2 != 0;
  auto* which = call.out(1).as<int8_t>();
  visitFloats(input, output, [&](auto* from, auto* to) {
    parallelFor(call, output.dim(0) * height, rowGrain(4 * pixels * channels), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t rowAbove = 2 * row + (oddHeight ? row / height : 0);
        for (int64_t pixel = 0; pixel < pixels; ++pixel) {
          const int64_t at = (row * pixels + pixel) * channels;
          poolPixel(from + rowAbove * inputRow + 2 * pixel * channels, inputRow, channels, to + at, which + at);
        }
      }
    });
  });
}

/** The gradient of a pixel goes to the one of four it was taken from; `place` is the index of the current one. */
template <class D, class X>
void unpoolPixel(const D* dY, const int8_t* which, int place, X* dX, int64_t channels) {
  overVectors(0, channels, [=](int64_t i, auto lanes) {
    store(dX + i, select(loadBytes(which + i, lanes) == place, load(dY + i, lanes), Floats{}), lanes);
  });
}

void maxPoolGradientKernel(const Call& call) {
  const Tensor &gradient = call.in(1), &output = call.out(0);
  const auto* which = call.in(0).as<int8_t>();
  const int64_t height = output.dim(1), pixels = output.dim(2), channels = output.dim(3);
  const int64_t pooledHeight = gradient.dim(1), pooledPixels = gradient.dim(2);
  visitFloats(gradient, output, [&](auto* dY, auto* dX) {
    parallelFor(call, output.dim(0) * height, rowGrain(pixels * channels), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t image = row / height, line = row % height;
        auto* to = dX + row * pixels * channels;
        // An odd last row or column is not pooled.
        const int64_t covered = line / 2 < pooledHeight ? 2 * pooledPixels : 0;
        for (int64_t pixel = 0; pixel < covered; ++pixel) {
          const int64_t at = ((image * pooledHeight + line / 2) * pooledPixels + pixel / 2) * channels;
          const int place = static_cast<int>(line % 2 * 2 + pixel % 2);
          unpoolPixel(dY + at, which + at, place, to + pixel * channels, channels);
        }
        __builtin_memset(to + covered * channels, 0, static_cast<size_t>((pixels - covered) * channels) * sizeof *to);
      }
    });
  });
}

void upsampleKernel(const Call& call) {
  const Tensor &input = call.in(0), &output = call.out(0);
  const int64_t pixels = output.dim(2), channels = output.dim(3);
  visitFloats(input, output, [&](auto* from, auto* to) {
    // An even number of rows in each image: row / 2 is the input row across images, too.
    parallelFor(call, output.dim(0) * output.dim(1), rowGrain(pixels * channels), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t pixel = 0; pixel < pixels; ++pixel) {
          const auto* x = from + (row / 2 * (pixels / 2) + pixel / 2) * channels;
          auto* y = to + (row * pixels + pixel) * channels;
          overVectors(0, channels, [=](int64_t i, auto lanes) { store(y + i, load(x + i, lanes), lanes); });
        }
      }
    });
  });
}

void upsampleGradientKernel(const Call& call) {
  const Tensor &gradient = call.in(0), &output = call.out(0);
  const int64_t pixels = output.dim(2), channels = output.dim(3), gradientRow = 2 * pixels * channels;
  visitFloats(gradient, output, [&](auto* from, auto* to) {
    parallelFor(call, output.dim(0) * output.dim(1), rowGrain(2 * gradientRow), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t pixel = 0; pixel < pixels; ++pixel) {
          const auto* above = from + 2 * row * gradientRow + 2 * pixel * channels;
          const auto* below = above + gradientRow;
          auto* dX = to + (row * pixels + pixel) * channels;
          overVectors(0, channels, [=](int64_t i, auto lanes) {
            const Floats sumAbove = load(above + i, lanes) + load(above + channels + i, lanes);
            store(dX + i, sumAbove + (load(below + i, lanes) + load(below + channels + i, lanes)), lanes);
          });
        }
      }
    });
  });
}

FLAVA_KERNEL("maxPool2x2", maxPoolKernel);
FLAVA_KERNEL("maxPool2x2Gradient", maxPoolGradientKernel);
FLAVA_KERNEL("upsample2x", upsampleKernel);
FLAVA_KERNEL("upsample2xGradient", upsampleGradientKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
