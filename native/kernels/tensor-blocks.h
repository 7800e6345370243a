// Work on several tensors at once, in one parallel pass over blocks of their elements.
#pragma once

#include "rows.h"

namespace FLAVA_NAMESPACE {

static_assert(elementGrain == numbersPerBlock, "sums are taken over the blocks that are divided among processes");

inline int64_t blocksOf(const Tensor& tensor) { return (tensor.size + elementGrain - 1) / elementGrain; }

/**
 * Sets `terms`, of which there is one for each block of at most `elementGrain` elements of `count` tensors, to term(index of the
 * tensor, begin, end) -> float.
 *
 * @param firstBlocks room for `count` + 1 numbers
 */
template <class Term>
void mapBlocks(const Call& call, const Tensor* tensors, int64_t count, int64_t* firstBlocks, float* terms, Term term) {
  // firstBlocks[i]: the number of blocks before tensor i.
  firstBlocks[0] = 0;
  for (int64_t i = 0; i < count; ++i) firstBlocks[i + 1] = firstBlocks[i] + blocksOf(tensors[i]);

  parallelFor(call, firstBlocks[count], 1, [=](int64_t first, int64_t last, int) {
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
}

/** The sum of numbers in order, in double precision. */
inline float sumInOrder(const float* numbers, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += numbers[i];
  return static_cast<float>(sum);
}

/**
 * Calls term(index of the tensor, begin, end) -> float for blocks of at most `elementGrain` elements of `count` tensors,
 * and adds the results up in order, in double precision.
 */
template <class Term>
float sumOverBlocks(const Call& call, const Tensor* tensors, int64_t count, Term term) {
  int64_t blocks = 0;
  for (int64_t i = 0; i < count; ++i) blocks += blocksOf(tensors[i]);
  auto* const firstBlocks = static_cast<int64_t*>(call.parallel->shared((count + 1) * 8 + blocks * 4));
  auto* const terms = reinterpret_cast<float*>(firstBlocks + count + 1);
  mapBlocks(call, tensors, count, firstBlocks, terms, term);
  return sumInOrder(terms, blocks);
}

}  // namespace FLAVA_NAMESPACE
