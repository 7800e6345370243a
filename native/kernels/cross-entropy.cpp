// Cross-entropy of rows of logits against one label each. Rows of weight 0 are skipped.
#include "failure.h"
#include "rows.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Whether every row with a weight has a valid label; otherwise the call fails. */
bool checkLabels(const Call& call, const int32_t* labels, const float* weights, int64_t rows, int64_t columns) {
  const int64_t row = firstWrong(
      call, rows, [=](int64_t i) { return weights[i] != 0.0f && (labels[i] < 0 || labels[i] >= columns); });
  if (row < 0) return true;
  fail(call, "row %lld has the label %d, which is not one of the %lld classes", static_cast<long long>(row), labels[row],
       static_cast<long long>(columns));
  return false;
}

template <class X>
float logSumExpOf(const X* x, int64_t columns) {
  const float largest = maxOver(columns, [=](int64_t i, auto lanes) { return load(x + i, lanes); });
  const float sum = sumOver(columns, [=](int64_t i, auto lanes) { return exp(load(x + i, lanes) - largest); });
  return largest + log(sum);
}

void softmaxCrossEntropyKernel(const Call& call) {
  const auto* labels = call.in(1).as<int32_t>();
  const auto* weights = call.in(2).as<float>();
  auto* losses = call.out(0).as<float>();
  auto* logSumExps = call.out(1).as<float>();
  const int64_t rows = call.in(1).size, columns = columnsOf(call.in(0));
  if (!checkLabels(call, labels, weights, rows, columns)) return;
  visitFloats(call.in(0), [&](auto* logits) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        const bool counts = weights[row] != 0.0f;
        const auto* x = logits + row * columns;
        logSumExps[row] = counts ? logSumExpOf(x, columns) : 0.0f;
        losses[row] = counts ? weights[row] * (logSumExps[row] - loadOne(x + labels[row])) : 0.0f;
      }
    });
  });
}

/** dX = factor * (softmax(x) - 1 at the label); dX may be x. */
template <class X, class Y>
void differentiateRow(const X* x, Y* dX, int64_t columns, int32_t label, float logSumExp, float factor) {
  const float atLabel = factor * (exp(loadOne(x + label) - logSumExp) - 1.0f);
  overVectors(0, columns, [=](int64_t i, auto lanes) {
    store(dX + i, exp(load(x + i, lanes) - logSumExp) * factor, lanes);
  });
  storeOne(dX + label, atLabel);
}

void softmaxCrossEntropyGradientKernel(const Call& call) {
  const auto* labels = call.in(1).as<int32_t>();
  const auto* weights = call.in(2).as<float>();
  const auto* logSumExps = call.in(3).as<float>();
  const auto* dLosses = call.in(4).as<float>();
  const int64_t rows = call.in(1).size, columns = columnsOf(call.in(0));
  if (!checkLabels(call, labels, weights, rows, columns)) return;
  visitFloats(call.in(0), call.out(0), [&](auto* logits, auto* output) {
    parallelFor(call, rows, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        auto* dX = output + row * columns;
        if (weights[row] == 0.0f) {
          __builtin_memset(dX, 0, static_cast<size_t>(columns) * sizeof *dX);
        } else {
          const float factor = dLosses[row] * weights[row];
          differentiateRow(logits + row * columns, dX, columns, labels[row], logSumExps[row], factor);
        }
      }
    });
  });
}

FLAVA_KERNEL("softmaxCrossEntropy", softmaxCrossEntropyKernel);
FLAVA_KERNEL("softmaxCrossEntropyGradient", softmaxCrossEntropyGradientKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
