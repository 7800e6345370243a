// Rows normalized to mean 0 and variance 1, then scaled and shifted.
#include "rows.h"

namespace FLAVA_NAMESPACE {

template <class X, class Y>
static void normalizeRow(const X* x, AnyFloats gain, AnyFloats bias, Y* y, int64_t columns, float mean, float rstd) {
  overVectors(0, columns, [=](int64_t i, auto lanes) {
    const Floats normal = (load(x + i, lanes) - mean) * rstd;
    store(y + i, normal * gain.load(i, lanes) + bias.load(i, lanes), lanes);
  });
}

struct Attributes {
  float epsilon;

  template <class Field>
  void list(Field& field) {
    field("epsilon", epsilon);
  }
};

static void layerNormKernel(const Call& call, const Attributes& attributes) {
  const AnyFloats gain(call.in(1)), bias(call.in(2));
  auto* means = call.out(1).as<float>();
  auto* rstds = call.out(2).as<float>();
  const float eps = attributes.epsilon;
  const int64_t columns = call.in(1).size;
  visitFloats(call.in(0), call.out(0), [&](auto* input, auto* output) {
    parallelFor(call, call.in(0).rows(), rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* x = input + row * columns;
        const float mean = sumOver(columns, [=](int64_t i, auto lanes) { return load(x + i, lanes); }) / columns;
        const float variance = sumOver(columns, [=](int64_t i, auto lanes) {
          const Floats difference = load(x + i, lanes) - mean;
          return difference * difference;
        }) / columns;
        const float rstd = 1.0f / squareRoot(variance + eps);
        normalizeRow(x, gain, bias, output + row * columns, columns, mean, rstd);
        means[row] = mean;
        rstds[row] = rstd;
      }
    });
  });
}

FLAVA_KERNEL("layerNorm", layerNormKernel);

}  // namespace FLAVA_NAMESPACE
