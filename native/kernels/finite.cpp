// Checks of finiteness, and the sum of squares of several tensors.
#include "failure.h"
#include "finite.h"

namespace FLAVA_NAMESPACE {
namespace {

void checkFiniteKernel(const Call& call) {
  if (!isFinite(call, call.in(0))) return fail(call, "non-finite");
  if (call.in(0).data != call.out(0).data) mapElements(call, [](Floats x) { return x; });
}

/** Each block of each tensor is summed in float32, the blocks in order in double precision. */
void sumOfSquaresKernel(const Call& call) {
  const auto blocksOf = [](int64_t size) { return (size + elementGrain - 1) / elementGrain; };
  int64_t blocks = 0;
  for (int input = 0; input < call.inputCount; ++input) blocks += blocksOf(call.in(input).size);
  auto* const sums = static_cast<float*>(call.parallel->shared(blocks * 4));
  float* next = sums;
  for (int input = 0; input < call.inputCount; ++input) {
    const int64_t size = call.in(input).size;
    visitFloats(call.in(input), [&](auto* x) {
      parallelFor(call, size, elementGrain, [=](int64_t begin, int64_t end, int) {
        next[begin / elementGrain] = sumOver(end - begin, [=](int64_t i, auto lanes) {
          const Floats value = load(x + begin + i, lanes);
          return value * value;
        });
      });
    });
    next += blocksOf(size);
  }
  double sum = 0;
  for (int64_t block = 0; block < blocks; ++block) sum += sums[block];
  *call.out(0).as<float>() = static_cast<float>(sum);
}

FLAVA_KERNEL("checkFinite", checkFiniteKernel);
FLAVA_KERNEL("sumOfSquares", sumOfSquaresKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
