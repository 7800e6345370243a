// Gradient of scaled dot-product attention. With P the probabilities and D the row sums of dO * O:
//
//   dV = Pᵀ·dO,  dS = P * (dO·Vᵀ - D),  dQ = scale · dS·K,  dK = scale · dSᵀ·Q.
//
// A work item is one head, whose dK and dV accumulate in one thread's scratch memory; where heads are few, it is a piece of
// the query rows of a head, and the sums of the pieces are added up afterwards. Pieces follow from the shape alone, so that
// additions always have the same order. The probabilities are recomputed from the saved log-sum-exp, a block of query rows
// at a time.

#include "attention-head.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Most rows of probabilities at a time: they stay in the L2 cache. */
template <class Format>
constexpr int64_t mostRows = roundUp(114, Format::rowStep);
/** Rows of scores at a time: they stay in the L1 cache. */
template <class Format>
constexpr int64_t groupRows = roundUp(12, Format::rowStep);

/** The inputs after the operands. */
enum Input { output, logSumExp, outputGradient, mask };

const Tensor& inputOf(const Call& call, const AttentionShape& shape, Input input) {
  return call.in(shape.tensors() + input);
}

/** Arrays named "joined" hold words down the columns, "across" transposed ones, the others words along the rows. */
template <class Format>
struct Scratch {
  uint32_t *rows, *keysAcross, *valuesAcross, *joinedKeys;
  uint32_t *queries, *joinedQueries, *outputGradients, *joinedOutputGradients;
  uint32_t *joinedWeights, *joinedSlopes, *slopes;
  float *bias, *scores, *weightGradients, *logSumExp, *dots;
  float *queryGradients, *keyGradients, *valueGradients;

  int64_t layOut(const AttentionShape& shape, void* memory) {
    const int64_t words = wordsOfRow<Format>(shape.size);
    const int64_t columns = roundUp(shape.size, width);
    const int64_t keyStride = shape.keyStride();
    Layout layout{static_cast<char*>(memory)};
    layout.place(keyStride * words, rows, keysAcross, valuesAcross, joinedKeys);
    layout.place(keyStride * columns, keyGradients, valueGradients);  // next to each other, as whole vectors
    layout.place(keyStride, bias);
    constexpr int64_t blockRows = mostRows<Format>;
    layout.place(blockRows * words, queries, joinedQueries, outputGradients, joinedOutputGradients);
    layout.place(blockRows / Format::perWord * keyStride, joinedWeights, joinedSlopes, slopes);
    layout.place(blockRows * columns, queryGradients);
    layout.place(blockRows, logSumExp, dots);
    layout.place(groupRows<Format> * keyStride, scores, weightGradients);
    return layout.bytes;
  }
};

/** One head during the computation. */
template <class Format>
struct Head {
  const Call& call;
  const AttentionShape& shape;
  int64_t item, head;
  int64_t keys, keyColumns;
  Right joinedKeys;
  Scratch<Format> scratch;

  const Tensor& in(Input input) const { return inputOf(call, shape, input); }
  HeadRows rowsOf(Input input, int64_t row = 0) const { return shape.rowsOf(in(input), item, head, row); }
  HeadRows rowsOf(Operand operand, int64_t row = 0) const {
    return shape.rowsOf(call.inputs, operand, item, head, row);
  }
  HeadRows gradientRowsOf(Operand operand, int64_t row) const {
    return shape.rowsOf(call.outputs, operand, item, head, row);
  }
};

/** Packs the keys and values of the head. */
template <class Format>
void packKeys(Head<Format>& head) {
  const Scratch<Format>& scratch = head.scratch;
  const int64_t words = wordsOfRow<Format>(head.shape.size);
  const int64_t keyStride = head.shape.keyStride();
  packRows<Format>(head.rowsOf(value), head.keys, head.keyColumns, scratch.rows);
  transposeWords(scratch.rows, words, head.keyColumns, words, scratch.valuesAcross, keyStride);
  packRows<Format>(head.rowsOf(key), head.keys, head.keyColumns, scratch.rows);
  transposeWords(scratch.rows, words, head.keyColumns, words, scratch.keysAcross, keyStride);
  head.joinedKeys = joinRows<Format>(scratch.rows, words, head.keyColumns, roundUp(head.shape.size, width),
                                     scratch.joinedKeys);
}

/** Loads the logarithms of the block's rows and the dot products dO·O; padding rows get no weight. */
template <class Format>
void loadRowTerms(const Head<Format>& head, int64_t begin, int64_t count, int64_t rows) {
  const AttentionShape& shape = head.shape;
  const float infinity = __builtin_inff();
  const float* saved = head.in(logSumExp).template as<float>();
  saved += (head.item * shape.heads + head.head) * shape.queries + begin;
  for (int64_t row = 0; row < rows; ++row) {
    // The log-sum-exp of rows without a visible key is -inf.
    head.scratch.logSumExp[row] = row >= count || saved[row] == -infinity ? infinity : saved[row];
    head.scratch.dots[row] = 0.0f;
  }
  const int64_t first = head.rowsOf(output, begin).first;
  const int64_t stride = shape.heads * shape.size;
  visitFloats(head.in(output), head.in(outputGradient), [&](auto* outputs, auto* gradients) {
    for (int64_t row = 0; row < count; ++row) {
      const int64_t from = first + row * stride;
      prefetchRow(outputs + from + rowsAhead * stride, shape.size);
      Floats dot{};
      overVectors(0, shape.size, [&](int64_t i, auto lanes) {
        dot += load(outputs + from + i, lanes) * load(gradients + from + i, lanes);
      });
      head.scratch.dots[row] = sumOf(dot);
    }
  });
}

/** Computes Format::perWord rows of weights and score gradients from the scores and the gradients of the weights. */
template <class Format>
void differentiate(const Head<Format>& head, int64_t group, int64_t row) {
  constexpr int64_t rows = Format::perWord;
  const Scratch<Format>& scratch = head.scratch;
  const int64_t keyStride = head.shape.keyStride();
  const float* scores = scratch.scores + row * keyStride;
  const float* weightGradients = scratch.weightGradients + row * keyStride;
  const float* logSumExp = scratch.logSumExp + group + row;
  const float* dots = scratch.dots + group + row;
  uint32_t* joinedWeights = scratch.joinedWeights + (group + row) / rows * keyStride;
  uint32_t* joinedSlopes = scratch.joinedSlopes + (group + row) / rows * keyStride;
  auto* elements = reinterpret_cast<typename Format::Element*>(scratch.slopes) + (group + row) * keyStride;
  for (int64_t i = 0; i < head.keyColumns; i += width) {
    Floats weights[rows], slopes[rows];
    for (int64_t r = 0; r < rows; ++r) {
      const Floats score = load(scores + r * keyStride + i) * head.shape.scale + load(scratch.bias + i);
      weights[r] = exponential(score - logSumExp[r]);
      slopes[r] = weights[r] * (load(weightGradients + r * keyStride + i) - dots[r]);
      if constexpr (rows > 1) store(elements + r * keyStride + i, slopes[r]);
    }
    storeWords(joinedWeights + i, Format::join(weights));
    storeWords(joinedSlopes + i, Format::join(slopes));
  }
}

/** Sets the joined weights and slopes to zero from row `count`, or the next whole word, to row `rows`. */
template <class Format>
void clearRowsFrom(const Head<Format>& head, int64_t count, int64_t rows) {
  const int64_t stride = head.shape.keyStride();
  const int64_t first = (count + Format::perWord - 1) / Format::perWord, words = rows / Format::perWord - first;
  __builtin_memset(head.scratch.joinedWeights + first * stride, 0, static_cast<size_t>(4 * words * stride));
  __builtin_memset(head.scratch.joinedSlopes + first * stride, 0, static_cast<size_t>(4 * words * stride));
}

/** Adds the contributions of the query rows [begin, end) to dK and dV, and stores their dQ. */
template <class Format>
void addBlock(const Head<Format>& head, int64_t begin, int64_t end) {
  const Scratch<Format>& scratch = head.scratch;
  const int64_t words = wordsOfRow<Format>(head.shape.size);
  const int64_t columns = roundUp(head.shape.size, width);
  const int64_t keyStride = head.shape.keyStride();
  const int64_t depth = wordsOf<Format>(head.shape.size);
  const int64_t count = end - begin;
  const int64_t rows = roundUp(count, Format::rowStep);

  packRows<Format>(head.rowsOf(query, begin), count, rows, scratch.queries);
  packRows<Format>(head.rowsOf(outputGradient, begin), count, rows, scratch.outputGradients);
  const Right queries = joinRows<Format>(scratch.queries, words, rows, columns, scratch.joinedQueries);
  const Right outputGradients =
      joinRows<Format>(scratch.outputGradients, words, rows, columns, scratch.joinedOutputGradients);
  loadRowTerms(head, begin, count, rows);

  for (int64_t group = 0; group < rows; group += groupRows<Format>) {
    const int64_t size = min(groupRows<Format>, rows - group);
    multiply<Format>(size, head.keyColumns, depth, {scratch.queries + group * words, words, 1},
                     {scratch.keysAcross, keyStride}, {scratch.scores, keyStride}, false);
    multiply<Format>(size, head.keyColumns, depth, {scratch.outputGradients + group * words, words, 1},
                     {scratch.valuesAcross, keyStride}, {scratch.weightGradients, keyStride}, false);
    for (int64_t row = 0; row < min(size, count - group); row += Format::perWord) differentiate(head, group, row);
  }
  clearRowsFrom(head, count, rows);

  const int64_t keyRows = roundUp(head.keys, Format::rowStep);
  const int64_t rowWords = rows / Format::perWord;
  multiply<Format>(keyRows, columns, rowWords, {scratch.joinedWeights, 1, keyStride}, outputGradients,
                   {scratch.valueGradients, columns}, true);
  multiply<Format>(keyRows, columns, rowWords, {scratch.joinedSlopes, 1, keyStride}, queries,
                   {scratch.keyGradients, columns}, true);
  const Left slopes = Format::perWord > 1 ? Left{scratch.slopes, keyStride / Format::perWord, 1}
                                          : Left{scratch.joinedSlopes, keyStride, 1};
  multiply<Format>(rows, columns, wordsOf<Format>(head.keys), slopes, head.joinedKeys,
                   {scratch.queryGradients, columns}, false);
  storeRows(head.gradientRowsOf(query, begin), count, scratch.queryGradients,
            [&](int64_t) { return head.shape.scale; });
}

/** How the query rows of a head are cut: into blocks, of which a piece has some, as evenly as whole tiles allow. */
template <class Format>
struct Cut {
  static constexpr int64_t enoughItems = 64;
  int64_t blockRows, pieceRows, pieces;

  explicit Cut(const AttentionShape& shape) {
    const int64_t blocks = max(int64_t{1}, ceilDivide(shape.queries, mostRows<Format>));
    blockRows = max(int64_t{1}, roundUp(ceilDivide(shape.queries, blocks), Format::rowStep));
    const int64_t heads = max(int64_t{1}, shape.batch * shape.heads);
    pieceRows = blockRows * ceilDivide(blocks, min(blocks, ceilDivide(enoughItems, heads)));
    pieces = max(int64_t{1}, ceilDivide(shape.queries, pieceRows));
  }
};

/** Floats of the sums of dK and dV of a head, which are next to each other. */
int64_t sumsOf(const AttentionShape& shape) { return 2 * shape.keyStride() * roundUp(shape.size, width); }

/** Sets the sums of dK and dV to zero from key `first` on. */
template <class Format>
void clearRows(const Head<Format>& head, int64_t first) {
  const int64_t columns = roundUp(head.shape.size, width);
  const size_t bytes = static_cast<size_t>(4 * (head.shape.keyStride() - first) * columns);
  __builtin_memset(head.scratch.keyGradients + first * columns, 0, bytes);
  __builtin_memset(head.scratch.valueGradients + first * columns, 0, bytes);
}

/** Stores dQ of a piece; returns the sums of its shares of dK and dV, in the thread's scratch memory. */
template <class Format>
const float* differentiatePiece(const Call& call, const AttentionShape& shape, const Cut<Format>& cut, int64_t index,
                                int thread) {
  const int64_t head = index / cut.pieces, item = head / shape.heads;
  const Tensor* keyMask = shape.maskKind == MaskKind::none ? nullptr : &inputOf(call, shape, mask);
  const int64_t keys = visibleKeys(shape, keyMask, item);
  [[maybe_unused]] typename Format::Registers registers;
  Head<Format> piece{call, shape, item, head % shape.heads, keys, roundUp(keys, keyStep), {}, {}};
  Scratch<Format>& scratch = piece.scratch;
  scratch.layOut(shape, call.parallel->scratch(thread, scratch.layOut(shape, nullptr)));
  fillBias(shape, keyMask, item, keys, piece.keyColumns, scratch.bias);
  packKeys(piece);
  clearRows(piece, 0);
  const int64_t first = index % cut.pieces * cut.pieceRows, end = min(shape.queries, first + cut.pieceRows);
  for (int64_t row = first; row < end; row += cut.blockRows) addBlock(piece, row, min(end, row + cut.blockRows));
  clearRows(piece, keys);  // a tile may have written there
  return scratch.keyGradients;
}

/** Stores dK and dV of a head from their sums. */
void storeSums(const Call& call, const AttentionShape& shape, int64_t head, const float* sums) {
  const int64_t item = head / shape.heads, index = head % shape.heads;
  storeRows(shape.rowsOf(call.outputs, key, item, index), shape.keys, sums, [&](int64_t) { return shape.scale; });
  storeRows(shape.rowsOf(call.outputs, value, item, index), shape.keys, sums + sumsOf(shape) / 2,
            [](int64_t) { return 1.0f; });
}

/** Adds up the sums of the pieces of each head, in order, and stores them. */
void addPieces(const Call& call, const AttentionShape& shape, int64_t pieces, float* sums) {
  const int64_t size = sumsOf(shape);
  parallelFor(call, shape.batch * shape.heads, 1, [&](int64_t first, int64_t last, int) {
    for (int64_t head = first; head < last; ++head) {
      float* total = sums + head * pieces * size;
      for (int64_t piece = 1; piece < pieces; ++piece) {
        const float* other = total + piece * size;
        for (int64_t i = 0; i < size; i += width) store(total + i, load(total + i) + load(other + i));
      }
      storeSums(call, shape, head, total);
    }
  });
}

template <class Format>
void differentiateAll(const Call& call, const AttentionAttributes& attributes) {
  const AttentionShape shape(call, attributes);
  const Cut<Format> cut(shape);
  const int64_t items = shape.batch * shape.heads * cut.pieces, size = sumsOf(shape);
  auto* sums = cut.pieces > 1 ? static_cast<float*>(call.parallel->shared(4 * items * size)) : nullptr;
  parallelFor(call, items, 1, [&](int64_t first, int64_t last, int thread) {
    for (int64_t index = first; index < last; ++index) {
      const float* own = differentiatePiece(call, shape, cut, index, thread);
      if (sums) {
        __builtin_memcpy(sums + index * size, own, static_cast<size_t>(4 * size));
      } else {
        storeSums(call, shape, index, own);
      }
    }
  });
  if (sums) addPieces(call, shape, cut.pieces, sums);
}

void attentionGradient(const Call& call, const AttentionAttributes& attributes) {
  if (attributes.compute == Dtype::bfloat16) {
    differentiateAll<Bfloat16Format>(call, attributes);
  } else {
    differentiateAll<FloatFormat>(call, attributes);
  }
}

FLAVA_KERNEL("attentionGradient", attentionGradient);

}  // namespace
}  // namespace FLAVA_NAMESPACE
