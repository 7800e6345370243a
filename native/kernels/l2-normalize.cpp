// Rows divided by their Euclidean norm, or by eps if that is greater.
#include "rows.h"

namespace FLAVA_NAMESPACE {

struct Attributes {
  float epsilon;

  template <class Field>
  void list(Field& field) {
    field("epsilon", epsilon);
  }
};

static void l2NormalizeKernel(const Call& call, const Attributes& attributes) {
  auto* norms = call.out(1).as<float>();
  const float eps = attributes.epsilon;
  const int64_t rows = call.in(0).rows(), columns = columnsOf(call.in(0));
  visitFloats(call.in(0), call.out(0), [&](auto* input, auto* output) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* x = input + row * columns;
        auto* y = output + row * columns;
        const float norm = squareRoot(sumOver(columns, [=](int64_t i, auto lanes) {
          const Floats value = load(x + i, lanes);
          return value * value;
        }));
        const float divisor = max(eps, norm);
        overVectors(0, columns, [=](int64_t i, auto lanes) { store(y + i, load(x + i, lanes) / divisor, lanes); });
        norms[row] = norm;
      }
    });
  });
}

/** Where the norm exceeds eps, dX = (dY - y * (y . dY)) / norm; else y = x / eps, so dX = dY / eps. */
static void l2NormalizeGradientKernel(const Call& call, const Attributes& attributes) {
  const auto* norms = call.in(1).as<float>();
  const float eps = attributes.epsilon;
  const int64_t rows = call.in(0).rows(), columns = columnsOf(call.in(0));
  visitFloats(call.in(0), call.in(2), call.out(0), [&](auto* results, auto* gradients, auto* output) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* y = results + row * columns;
        const auto* dY = gradients + row * columns;
        auto* dX = output + row * columns;
        const float dot = sumOver(columns, [=](int64_t i, auto lanes) {
          return load(y + i, lanes) * load(dY + i, lanes);
        });
        const float along = norms[row] > eps ? dot : 0.0f;
        const float divisor = max(eps, norms[row]);
        overVectors(0, columns, [=](int64_t i, auto lanes) {
          store(dX + i, (load(dY + i, lanes) - load(y + i, lanes) * along) / divisor, lanes);
        });
      }
    });
  });
}

FLAVA_KERNEL("l2Normalize", l2NormalizeKernel);
FLAVA_KERNEL("l2NormalizeGradient", l2NormalizeGradientKernel);

}  // namespace FLAVA_NAMESPACE
