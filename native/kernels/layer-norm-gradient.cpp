// Gradient of layerNorm. With n = (x - mean) * rstd and g = dY * gain, over each row
//   dX = rstd * (g - mean of g - n * mean of g * n),
// and over all rows dGain = sum of dY * n, dBias = sum of dY.
#include "rows.h"

namespace FLAVA_NAMESPACE {
namespace {

template <class X, class D>
struct Row {
  const X* x;
  const D* dY;
  AnyFloats gain;
  int64_t columns;
  float mean;
  float rstd;

  template <class Lanes>
  Floats normal(int64_t i, Lanes lanes) const {
    return (load(x + i, lanes) - mean) * rstd;
  }
};

struct RowMeans {
  float gradient;
  float gradientTimesNormal;
};

/** Adds the row's share to dGain and dBias; returns the means that the gradient by x needs. */
template <class X, class D>
RowMeans accumulateRow(const Row<X, D> row, float* dGain, float* dBias) {
  Floats sum{}, sumTimesNormal{};
  overVectors(0, row.columns, [=, &sum, &sumTimesNormal](int64_t i, auto lanes) {
    const Floats dY = load(row.dY + i, lanes), normal = row.normal(i, lanes);
    const Floats g = dY * row.gain.load(i, lanes);  // 0 in the lanes not in use
    sum += g;
    sumTimesNormal += g * normal;
    store(dGain + i, load(dGain + i, lanes) + dY * normal, lanes);
    store(dBias + i, load(dBias + i, lanes) + dY, lanes);
  });
  return {sumOf(sum) / row.columns, sumOf(sumTimesNormal) / row.columns};
}

template <class X, class D, class Y>
void writeRow(const Row<X, D> row, RowMeans means, const AnyFloats* addend, int64_t addendOffset, Y* dX) {
  const auto gradient = [=](int64_t i, auto lanes) {
    const Floats g = load(row.dY + i, lanes) * row.gain.load(i, lanes);
    return (g - means.gradient - row.normal(i, lanes) * means.gradientTimesNormal) * row.rstd;
  };
  if (addend == nullptr) {
    overVectors(0, row.columns, [=](int64_t i, auto lanes) { store(dX + i, gradient(i, lanes), lanes); });
  } else {
    const AnyFloats added = *addend;
    overVectors(0, row.columns, [=](int64_t i, auto lanes) {
      store(dX + i, gradient(i, lanes) + added.load(addendOffset + i, lanes), lanes);
    });
  }
}

/** Adds up the blocks' shares of dGain and dBias, which lie side by side for each block. */
void addBlocks(const Call& call, const float* shares, int64_t blocks, int64_t columns) {
  auto* dGain = call.out(1).as<float>();
  auto* dBias = call.out(2).as<float>();
  parallelFor(call, columns, 16 * width, [=](int64_t begin, int64_t end, int) {
    overVectors(begin, end, [=](int64_t i, auto lanes) {
      store(dGain + i, foldBlocks(shares + i, blocks, 2 * columns, lanes, Addition()), lanes);
      store(dBias + i, foldBlocks(shares + columns + i, blocks, 2 * columns, lanes, Addition()), lanes);
    });
  });
}

template <class X, class D, class Y>
void differentiate(const Call& call, bool hasAddend, const X* x, const D* dY, Y* dX, float* shares, int64_t blocks) {
  const AnyFloats gain(call.in(1));
  const auto* means = call.in(2).as<float>();
  const auto* rstds = call.in(3).as<float>();
  const AnyFloats addend(call.in(hasAddend ? 5 : 4));
  const int64_t columns = call.in(1).size, rows = call.in(0).rows();
  parallelFor(call, blocks, rowGrain(blockRows * columns), [=](int64_t begin, int64_t end, int) {
    for (int64_t block = begin; block < end; ++block) {
      float* share = shares + block * 2 * columns;
      __builtin_memset(share, 0, static_cast<size_t>(2 * columns * 4));
      const int64_t last = min(rows, (block + 1) * blockRows);
      for (int64_t r = block * blockRows; r < last; ++r) {
        const int64_t at = r * columns;
        const Row<X, D> row{x + at, dY + at, gain, columns, means[r], rstds[r]};
        const RowMeans rowMeans = accumulateRow(row, share, share + columns);
        writeRow(row, rowMeans, hasAddend ? &addend : nullptr, at, dX + at);
      }
    }
  });
}

struct Attributes {
  bool hasAddend;

  template <class Field>
  void list(Field& field) {
    field("hasAddend", hasAddend);
  }
};

void layerNormGradientKernel(const Call& call, const Attributes& attributes) {
  const int64_t columns = call.in(1).size;
  // At least one block, so that dGain and dBias are zeros if there are no rows.
  const int64_t blocks = max(int64_t{1}, blocksOf(call.in(0).rows()));
  auto* shares = static_cast<float*>(call.parallel->shared(blocks * 2 * columns * 4));
  visitFloats(call.in(0), call.in(4), call.out(0), [&](auto* x, auto* dY, auto* dX) {
    differentiate(call, attributes.hasAddend, x, dY, dX, shares, blocks);
  });
  addBlocks(call, shares, blocks, columns);
}

FLAVA_KERNEL("layerNormGradient", layerNormGradientKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
