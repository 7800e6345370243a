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

/** The sum of the squares of the elements [begin, end), in float32. */
float squares(const Tensor& tensor, int64_t begin, int64_t end) {
  float sum = 0.0f;
  visitFloats(tensor, [&](auto* x) {
    sum = sumOver(end - begin, [=](int64_t i, auto lanes) {
      const Floats value = load(x + begin + i, lanes);
      return value * value;
    });
  });
  return sum;
}

/** Each block of each tensor is summed in float32, the blocks in order in double precision. */
void sumOfSquaresKernel(const Call& call) {
  *call.out(0).as<float>() =
      sumOverBlocks(call, call.inputs, call.inputCount,
                    [&](int64_t tensor, int64_t begin, int64_t end) { return squares(call.inputs[tensor], begin, end); });
}

struct Ranges {
  Numbers ranges;

  template <class Field>
  void list(Field& field) {
    field("ranges[]", ranges);
  }
};

/** The sums of the blocks that begin in the range of their tensor; 0 for the others. */
void squaresByBlockKernel(const Call& call, const Ranges& attributes) {
  const double* const ranges = attributes.ranges.values;
  auto* const firstBlocks = static_cast<int64_t*>(call.parallel->shared((call.inputCount + 1) * 8));
  const auto term = [&](int64_t tensor, int64_t begin, int64_t end) {
    const bool isOwn = ranges[2 * tensor] <= begin && begin < ranges[2 * tensor + 1];
    return isOwn ? squares(call.inputs[tensor], begin, end) : 0.0f;
  };
  mapBlocks(call, call.inputs, call.inputCount, firstBlocks, call.out(0).as<float>(), term);
}

void sumInOrderKernel(const Call& call) {
  *call.out(0).as<float>() = sumInOrder(call.in(0).as<float>(), call.in(0).size);
}

FLAVA_KERNEL("checkFinite", checkFiniteKernel);
FLAVA_KERNEL("sumOfSquares", sumOfSquaresKernel);
FLAVA_KERNEL("squaresByBlock", squaresByBlockKernel);
FLAVA_KERNEL("sumInOrder", sumInOrderKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
