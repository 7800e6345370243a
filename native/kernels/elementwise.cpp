// Elementwise functions with attributes, and gradients of activations.
#include "elementwise.h"

namespace FLAVA_NAMESPACE {

/** In double precision, which is exact for results that fit in an int32. */
static void affineOfIntegers(const Call& call, double a, double b) {
  const auto* x = call.in(0).as<int32_t>();
  auto* y = call.out(0).as<int32_t>();
  parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) y[i] = static_cast<int32_t>(a * x[i] + b);
  });
}

struct Factors {
  double a, b;

  template <class Field>
  void list(Field& field) {
    field("a", a);
    field("b", b);
  }
};

static void affineKernel(const Call& call, const Factors& factors) {
  if (call.in(0).dtype == Dtype::int32) return affineOfIntegers(call, factors.a, factors.b);
  const float a = static_cast<float>(factors.a);
  const float b = static_cast<float>(factors.b);
  mapElements(call, [=](Floats x) { return x * a + b; });
}

struct Bounds {
  float low, high;

  template <class Field>
  void list(Field& field) {
    field("low", low);
    field("high", high);
  }
};

static void clampKernel(const Call& call, const Bounds& bounds) {
  const float low = bounds.low, high = bounds.high;
  mapElements(call, [=](Floats x) { return min(broadcast(high), max(broadcast(low), x)); });
}

static void clampGradientKernel(const Call& call, const Bounds& bounds) {
  const float low = bounds.low, high = bounds.high;
  mapPairs(call, [=](Floats x, Floats dY) { return select((x >= low) & (x <= high), dY, Floats{}); });
}

static void geluGradientKernel(const Call& call) {
  mapPairs(call, [](Floats x, Floats dY) { return geluGradient(x) * dY; });
}

static void reluGradientKernel(const Call& call) {
  mapPairs(call, [](Floats x, Floats dY) { return select(x > 0.0f, dY, Floats{}); });
}

static void selectKernel(const Call& call) {
  const auto* condition = call.in(0).as<float>();
  visitFloats(call.in(1), call.in(2), call.out(0), [&](auto* a, auto* b, auto* y) {
    parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
      overVectors(begin, end, [=](int64_t i, auto lanes) {
        const Ints chosen = load(condition + i, lanes) != 0.0f;
        store(y + i, select(chosen, load(a + i, lanes), load(b + i, lanes)), lanes);
      });
    });
  });
}

FLAVA_KERNEL("affine", affineKernel);
FLAVA_KERNEL("clamp", clampKernel);
FLAVA_KERNEL("clampGradient", clampGradientKernel);
FLAVA_KERNEL("geluGradient", geluGradientKernel);
FLAVA_KERNEL("reluGradient", reluGradientKernel);
FLAVA_KERNEL("select", selectKernel);

}  // namespace FLAVA_NAMESPACE
