// Elementwise functions.
#include "elementwise.h"

namespace FLAVA_NAMESPACE {

static Floats signOf(Floats x) {
  const Floats magnitude = select(x == 0.0f, x, broadcast(1.0f));
  const Floats sign = (Floats)(((Ints)magnitude & 0x7fffffff) | ((Ints)x & broadcastInt(INT32_MIN)));
  return select(x == x, sign, x);
}

/** Accurate for any x, one lane at a time: cosines are needed only for learning rate schedules. */
static Floats cosineOf(Floats x) {
  for (int lane = 0; lane < width; ++lane) x[lane] = __builtin_cosf(x[lane]);
  return x;
}

static void expKernel(const Call& call) {
  mapElements(call, [](Floats x) { return exp(x); });
}
static void logKernel(const Call& call) {
  mapElements(call, [](Floats x) { return log(x); });
}
static void tanhKernel(const Call& call) {
  mapElements(call, [](Floats x) { return tanh(x); });
}
static void geluKernel(const Call& call) {
  mapElements(call, [](Floats x) { return gelu(x); });
}
static void reluKernel(const Call& call) {
  mapElements(call, [](Floats x) { return max(broadcast(0.0f), x); });
}
static void sigmoidKernel(const Call& call) {
  mapElements(call, [](Floats x) { return sigmoid(x); });
}
static void sqrtKernel(const Call& call) {
  mapElements(call, [](Floats x) { return squareRoot(x); });
}
static void negateKernel(const Call& call) {
  mapElements(call, [](Floats x) { return -x; });
}
static void reciprocalKernel(const Call& call) {
  mapElements(call, [](Floats x) { return 1.0f / x; });
}
static void cosineKernel(const Call& call) {
  mapElements(call, [](Floats x) { return cosineOf(x); });
}
static void absoluteKernel(const Call& call) {
  mapElements(call, [](Floats x) { return absolute(x); });
}
static void signKernel(const Call& call) {
  mapElements(call, [](Floats x) { return signOf(x); });
}

FLAVA_KERNEL("exp", expKernel);
FLAVA_KERNEL("log", logKernel);
FLAVA_KERNEL("tanh", tanhKernel);
FLAVA_KERNEL("gelu", geluKernel);
FLAVA_KERNEL("relu", reluKernel);
FLAVA_KERNEL("sigmoid", sigmoidKernel);
FLAVA_KERNEL("sqrt", sqrtKernel);
FLAVA_KERNEL("negate", negateKernel);
FLAVA_KERNEL("reciprocal", reciprocalKernel);
FLAVA_KERNEL("cosine", cosineKernel);
FLAVA_KERNEL("absolute", absoluteKernel);
FLAVA_KERNEL("sign", signKernel);

}  // namespace FLAVA_NAMESPACE
