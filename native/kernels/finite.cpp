// Checks of finiteness, and the sum of squares of several tensors.
#include "failure.h"
#include "finite.h"
#include "tensor-blocks.h"

namespace FLAVA_NAMESPACE {
namespace {

void checkFiniteKernel(const Call& call) {
  if (!isFinite(call, call.in(0))) return fail(call, "non-finite");
  if (call.in(0).data != call.out(0).data) mapElements(call, [](Floats x) { return x; });
}

/** Each block of each tensor is summed in float32, the blocks in order in double precision. */
void sumOfSquaresKernel(const Call& call) {
  *call.out(0).as<float>() =
      sumOverBlocks(call, call.inputs, call.inputCount, [&](int64_t tensor, int64_t begin, int64_t end) {
        float sum = 0.0f;
        visitFloats(call.in(static_cast<int>(tensor)), [&](auto* x) {
          sum = sumOver(end - begin, [=](int64_t i, auto lanes) {
            const Floats value = load(x + begin + i, lanes);
            return value * value;
          });
        });
        return sum;
      });
}

FLAVA_KERNEL("checkFinite", checkFiniteKernel);
FLAVA_KERNEL("sumOfSquares", sumOfSquaresKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
