// Rows of a table by index, and the gradient with respect to the table.
#include "failure.h"
#include "movement.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Whether all ids are rows of a table of this height, or negative; otherwise the call fails. */
bool checkIds(const Call& call, const Tensor& ids, int64_t height) {
  const auto* values = ids.as<int32_t>();
  const int64_t wrong = firstWrong(call, ids.size, [=](int64_t i) { return values[i] >= height; });
  if (wrong < 0) return true;
  fail(call, "id %d is out of range for a table of %lld rows", values[wrong], static_cast<long long>(height));
  return false;
}

void gatherRowsKernel(const Call& call) {
  const Tensor &table = call.in(0), &ids = call.in(1);
  if (!checkIds(call, ids, table.dim(0))) return;
  const auto* id = ids.as<int32_t>();
  const int64_t columns = table.dim(1);
  visitFloats(table, call.out(0), [&](auto* from, auto* to) {
    parallelFor(call, ids.size, rowGrain(columns), [=](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; ++row) {
        auto* y = to + row * columns;
        if (id[row] < 0) {
          __builtin_memset(y, 0, static_cast<size_t>(columns) * sizeof *y);
        } else {
          const auto* x = from + id[row] * columns;
          overVectors(0, columns, [=](int64_t i, auto lanes) { store(y + i, load(x + i, lanes), lanes); });
        }
      }
    });
  });
}

/**
 * A work item owns a strip of columns in every n-th row of the table, and adds to it in order: enough items for many
 * threads where there are many rows to add.
 */
void scatterAddRowsKernel(const Call& call) {
  constexpr int64_t stripColumns = 128, mostShares = 16;
  const Tensor &ids = call.in(0), &table = call.out(0);
  if (!checkIds(call, ids, table.dim(0))) return;
  zero(call, table.data, table.size * 4);
  const auto* id = ids.as<int32_t>();
  auto* sums = table.as<float>();
  const int64_t rows = ids.size, columns = table.dim(1);
  const int64_t strips = (columns + stripColumns - 1) / stripColumns;
  const int64_t shares = max(int64_t{1}, min(mostShares, rows * stripColumns / elementGrain));
  visitFloats(call.in(1), [&](auto* dY) {
    parallelFor(call, strips * shares, 1, [=](int64_t first, int64_t last, int) {
      for (int64_t item = first; item < last; ++item) {
        const int64_t share = item % shares, begin = item / shares * stripColumns;
        const int64_t end = min(columns, begin + stripColumns);
        for (int64_t row = 0; row < rows; ++row) {
          if (id[row] < 0 || id[row] % shares != share) continue;
          float* sum = sums + id[row] * columns;
          const auto* x = dY + row * columns;
          overVectors(begin, end, [=](int64_t i, auto lanes) {
            store(sum + i, load(sum + i, lanes) + load(x + i, lanes), lanes);
          });
        }
      }
    });
  });
}

FLAVA_KERNEL("gatherRows", gatherRowsKernel);
FLAVA_KERNEL("scatterAddRows", scatterAddRowsKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
