// Softmax along rows, and its gradient.
#include "rows.h"

namespace FLAVA_NAMESPACE {

static void softmaxKernel(const Call& call) {
  const int64_t rows = call.in(0).rows(), columns = columnsOf(call.in(0));
  visitFloats(call.in(0), call.out(0), [&](auto* input, auto* output) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* x = input + row * columns;
        auto* y = output + row * columns;
        const float largest = maxOver(columns, [=](int64_t i, auto lanes) { return load(x + i, lanes); });
        const float sum = sumOver(columns, [=](int64_t i, auto lanes) { return exp(load(x + i, lanes) - largest); });
        const float factor = 1.0f / sum;
        overVectors(0, columns, [=](int64_t i, auto lanes) {
          store(y + i, exp(load(x + i, lanes) - largest) * factor, lanes);
        });
      }
    });
  });
}

/** dX = y * (dY - y . dY) */
static void softmaxGradientKernel(const Call& call) {
  const int64_t rows = call.in(0).rows(), columns = columnsOf(call.in(0));
  visitFloats(call.in(0), call.in(1), call.out(0), [&](auto* results, auto* gradients, auto* output) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* y = results + row * columns;
        const auto* dY = gradients + row * columns;
        auto* dX = output + row * columns;
        const float dot = sumOver(columns, [=](int64_t i, auto lanes) {
          return load(y + i, lanes) * load(dY + i, lanes);
        });
        overVectors(0, columns, [=](int64_t i, auto lanes) {
          store(dX + i, load(y + i, lanes) * (load(dY + i, lanes) - dot), lanes);
        });
      }
    });
  });
}

FLAVA_KERNEL("softmax", softmaxKernel);
FLAVA_KERNEL("softmaxGradient", softmaxGradientKernel);

}  // namespace FLAVA_NAMESPACE
