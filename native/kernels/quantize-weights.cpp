// Symmetric quantization of weights to 8 bits, with one scale per row, which is NaN if the row has one.
#include "rows.h"

namespace FLAVA_NAMESPACE {
namespace {

template <class W>
void quantizeRow(const W* weights, int8_t* quantized, float scale, int64_t columns) {
  overVectors(0, columns, [=](int64_t i, auto lanes) {
    const Ints whole = __builtin_convertvector(roundToWhole(load(weights + i, lanes) / scale), Ints);
    const Bytes bytes = __builtin_convertvector(whole, Bytes);
    __builtin_memcpy(quantized + i, &bytes, static_cast<size_t>(min(int64_t{width}, columns - i)));
  });
}

void quantizeWeightsKernel(const Call& call) {
  const int64_t rows = call.in(0).rows(), columns = columnsOf(call.in(0));
  auto* quantized = call.out(0).as<int8_t>();
  auto* scales = call.out(1).as<float>();
  visitFloats(call.in(0), [&](auto* weights) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const auto* w = weights + row * columns;
        const auto sizes = [=](int64_t i, auto lanes) { return absolute(load(w + i, lanes)); };
        const float largest = Maximum::fold(foldVectors(columns, Maximum::identity, sizes, Maximum()));
        const float scale = largest / 127.0f;
        scales[row] = scale < 1.17549435e-38f ? 1.0f : scale;  // also for rows with a scale too small to divide by
        quantizeRow(w, quantized + row * columns, scales[row], columns);
      }
    });
  });
}

FLAVA_KERNEL("quantizeWeights", quantizeWeightsKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
