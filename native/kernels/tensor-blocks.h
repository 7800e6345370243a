// Work on several tensors at once, in one parallel pass over blocks of their elements.
#pragma once

#include "rows.h"

namespace FLAVA_NAMESPACE {

/**
 * Calls term(index of the tensor, begin, end) -> float for blocks of at most `elementGrain` elements of `count` tensors,
 * and adds the results up in order, in double precision.
 */
template <class Term>
float sumOverBlocks(const Call& call, const Tensor* tensors, int64_t count, Term term) {
  const auto blocksOf = [](const Tensor& tensor) { return (tensor.size + elementGrain - 1) / elementGrain; };
  int64_t blocks = 0;
  for (int64_t i = 0; i < count; ++i) blocks += blocksOf(tensors[i]);

  // firstBlocks[i]: the number of blocks before tensor i.
  auto* const firstBlocks = static_cast<int64_t*>(call.parallel->shared((count + 1) * 8 + blocks * 4));
  auto* const terms = reinterpret_cast<float*>(firstBlocks + count + 1);
  firstBlocks[0] = 0;
  for (int64_t i = 0; i < count; ++i) firstBlocks[i + 1] = firstBlocks[i] + blocksOf(tensors[i]);

  parallelFor(call, blocks, 1, [=](int64_t first, int64_t last, int) {
    for (int64_t block = first; block < last; ++block) {
      int64_t tensor = 0, end = count;
      while (end - tensor > 1) {
        const int64_t middle = (tensor + end) / 2;
        (firstBlocks[middle] <= block ? tensor : end) = middle;
      }
      const int64_t begin = (block - firstBlocks[tensor]) * elementGrain;
      terms[block] = term(tensor, begin, min(tensors[tensor].size, begin + elementGrain));
    }
  });

  double sum = 0;
  for (int64_t block = 0; block < blocks; ++block) sum += terms[block];
  return static_cast<float>(sum);
}

}  // namespace FLAVA_NAMESPACE
