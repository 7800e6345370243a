// Scaled dot-product attention: O = softmax(scale · Q·Kᵀ + mask) · V for every head, and the logarithm of each row's
// sum of exponentials, from which the gradient recomputes the probabilities.
//
// A work item is a range of query rows of a head. The keys and values of the head are packed once per item; then one
// block of query rows at a time goes through both products while its scores stay in the thread's scratch memory.

#include "attention-head.h"

namespace FLAVA_NAMESPACE {
namespace {

template <class Format>
constexpr int64_t blockRows = roundUp(48, Format::rowStep);

/** The query rows [begin, end) of one head. */
struct Piece {
  int64_t item, head, begin, end;
};

template <class Format>
struct Scratch {
  uint32_t *rows, *keys, *values, *queries;
  float *bias, *scores, *outputs, *largest, *sums;

  int64_t layOut(const AttentionShape& shape, void* memory) {
    const int64_t words = wordsOfRow<Format>(shape.size);
    const int64_t keyStride = shape.keyStride();
    Layout layout{static_cast<char*>(memory)};
    layout.place(keyStride * words, rows, keys, values);
    layout.place(keyStride, bias);
    layout.place(blockRows<Format> * words, queries);
    layout.place(blockRows<Format> * keyStride, scores);
    layout.place(blockRows<Format> * roundUp(shape.size, width), outputs);
    layout.place(blockRows<Format>, largest, sums);
    return layout.bytes;
  }
};

/** Replaces a row of scores with the elements of the exponentials; `largest` and `sum` are divided out later. */
template <class Format>
void exponentials(float* scores, const float* bias, int64_t columns, float scale, float& largest, float& sum) {
  const float infinity = __builtin_inff();
  Floats maxima = broadcast(-infinity);
  for (int64_t i = 0; i < columns; i += width) maxima = max(maxima, load(scores + i) * scale + load(bias + i));
  largest = maxOf(maxima);
  const float origin = largest == -infinity ? 0.0f : largest;  // no key is visible: all exponentials are 0
  Floats total{};
  auto* elements = reinterpret_cast<typename Format::Element*>(scores);
  for (int64_t i = 0; i < columns; i += width) {
    const Floats e = exponential(load(scores + i) * scale + load(bias + i) - origin);
    total += e;
    store(elements + i, Format::round(e));
  }
  sum = sumOf(total);
}

/** Divides by the sums of exponentials and stores the rows' outputs and logarithms. */
template <class Format>
void finish(const Call& call, const AttentionShape& shape, const Scratch<Format>& scratch, const Piece& block) {
  const int64_t count = block.end - block.begin;
  float* logSumExp = call.out(1).as<float>() + (block.item * shape.heads + block.head) * shape.queries + block.begin;
  overVectors(0, count, [&](int64_t i, auto lanes) {
    const Floats sums = load(scratch.sums + i, lanes);
    store(logSumExp + i, load(scratch.largest + i, lanes) + log(sums), lanes);
    store(scratch.sums + i, select(sums == 0.0f, Floats{}, 1.0f / sums), lanes);
  });
  storeRows(shape.rowsOf(call.out(0), block.item, block.head, block.begin), count, scratch.outputs,
            [&](int64_t row) { return scratch.sums[row]; });
}

template <class Format>
void attend(const Call& call, const AttentionShape& shape, const Piece& piece, int thread) {
  [[maybe_unused]] typename Format::Registers registers;
  Scratch<Format> scratch;
  scratch.layOut(shape, call.parallel->scratch(thread, scratch.layOut(shape, nullptr)));
  const int64_t words = wordsOfRow<Format>(shape.size);
  const int64_t columns = roundUp(shape.size, width);
  const int64_t keyStride = shape.keyStride();
  const Tensor* mask = shape.maskKind == MaskKind::none ? nullptr : &call.in(shape.tensors());
  const int64_t keys = visibleKeys(shape, mask, piece.item);
  const int64_t keyColumns = roundUp(keys, keyStep);
  const int64_t depth = wordsOf<Format>(shape.size);
  const int64_t keyDepth = wordsOf<Format>(keys);

  fillBias(shape, mask, piece.item, keys, keyColumns, scratch.bias);
  packRows<Format>(shape.rowsOf(call.inputs, key, piece.item, piece.head), keys, keyColumns, scratch.rows);
  transposeWords(scratch.rows, words, keyColumns, words, scratch.keys, keyStride);
  packRows<Format>(shape.rowsOf(call.inputs, value, piece.item, piece.head), keys, keyColumns, scratch.rows);
  const Right values = joinRows<Format>(scratch.rows, words, keyColumns, columns, scratch.values);

  for (int64_t begin = piece.begin; begin < piece.end; begin += blockRows<Format>) {
    const int64_t end = min(piece.end, begin + blockRows<Format>);
    const int64_t rows = roundUp(end - begin, Format::rowStep);
    const HeadRows queries = shape.rowsOf(call.inputs, query, piece.item, piece.head, begin);
    packRows<Format>(queries, end - begin, rows, scratch.queries);
    multiply<Format>(rows, keyColumns, depth, {scratch.queries, words, 1}, {scratch.keys, keyStride},
                     {scratch.scores, keyStride}, false);
    for (int64_t row = 0; row < end - begin; ++row) {
      exponentials<Format>(scratch.scores + row * keyStride, scratch.bias, keyColumns, shape.scale,
                           scratch.largest[row], scratch.sums[row]);
    }
    const auto* weights = reinterpret_cast<const uint32_t*>(scratch.scores);
    multiply<Format>(rows, columns, keyDepth, {weights, keyStride, 1}, values, {scratch.outputs, columns}, false);
    finish<Format>(call, shape, scratch, {piece.item, piece.head, begin, end});
  }
}

template <class Format>
void attendAll(const Call& call, const AttentionAttributes& attributes) {
  const AttentionShape shape(call, attributes);
  // Heads are split only as far as needed to keep all threads busy, since each piece repacks the keys of its head.
  const int64_t heads = max(int64_t{1}, shape.batch * shape.heads);
  const int64_t piecesPerHead = (4 * call.parallel->threads() + heads - 1) / heads;
  const int64_t rowStep = Format::rowStep;
  const int64_t rows = max(rowStep, roundUp((shape.queries + piecesPerHead - 1) / piecesPerHead, rowStep));
  const int64_t pieces = (shape.queries + rows - 1) / rows;
  parallelFor(call, shape.batch * shape.heads * pieces, 1, [&](int64_t first, int64_t last, int thread) {
    for (int64_t index = first; index < last; ++index) {
      const int64_t head = index / pieces;
      const int64_t begin = index % pieces * rows;
      attend<Format>(call, shape, {head / shape.heads, head % shape.heads, begin, min(shape.queries, begin + rows)},
                     thread);
    }
  });
}

void attention(const Call& call, const AttentionAttributes& attributes) {
  if (attributes.compute == Dtype::bfloat16) {
    attendAll<Bfloat16Format>(call, attributes);
  } else {
    attendAll<FloatFormat>(call, attributes);
  }
}

FLAVA_KERNEL("attention", attention);

}  // namespace
}  // namespace FLAVA_NAMESPACE
