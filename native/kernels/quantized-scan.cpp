// quantizedScan: products of a few vectors with very many rows of 8 bits, read once in the order in which they are stored.
//
// The rows are the unsigned factor: flipping the highest bit of a byte adds 128 to it, and 128 times the sum of the
// quantized vector is subtracted from the result.
#include "../gemm/quantized.h"
#include "../gemm/tile.h"
#include "rows.h"

namespace FLAVA_NAMESPACE {
namespace {

constexpr uint32_t highestBits = 0x80808080u;
constexpr int64_t bytesOfVector = 4 * width;

/** A vector as signed bytes, filled with zeros to whole vectors of words. */
struct QuantizedQuery {
  const uint32_t* words;
  float scale;
  int32_t offset;
};

QuantizedQuery quantizeQuery(const Tensor& queries, int64_t index, int64_t depth, uint32_t* words) {
  auto* bytes = reinterpret_cast<uint8_t*>(words);
  float scale = 0;
  visitFloats(queries, [&](auto* x) { scale = quantizeRow(x + index * depth, depth, bytes); });
  int32_t sum = 0;
  for (int64_t i = 0; i < depth; ++i) {
    bytes[i] ^= 0x80;
    sum += static_cast<int8_t>(bytes[i]);
  }
  return {words, scale, sum * rowOffset};
}

/** The sums of products with up to `width` consecutive rows, one in each lane. */
Ints sumsWithRows(const int8_t* rows, int64_t count, int64_t depth, const QuantizedQuery& query) {
  Ints square[width] = {};
  const int64_t whole = depth / bytesOfVector * bytesOfVector;
  const auto add = [&](Ints& sums, Uints row, int64_t byte) {
    const Uints other = loadVector<Uints>(query.words + byte / 4);
    for (int part = 0; part < Int8Product::parts; ++part) {
      sums = Int8Product::add(sums, Int8Product::left(row ^ highestBits, part), Int8Product::right(other, part));
    }
  };
  for (int64_t r = 0; r < count; ++r) {
    const int8_t* row = rows + r * depth;
    Ints sums{};
    for (int64_t byte = 0; byte < whole; byte += bytesOfVector) add(sums, loadVector<Uints>(row + byte), byte);
    if (whole < depth) add(sums, loadVector<Uints>(row + whole, depth - whole), whole);
    square[r] = sums;
  }
  transposeLanes(square);
  Ints total{};
  for (const Ints& lane : square) total += lane;
  return total - query.offset;
}

void quantizedScan(const Call& call) {
  constexpr int64_t rowsAtATime = 32 * width;
  const Tensor &queries = call.in(0), &values = call.in(1);
  const int64_t depth = columnsOf(values), rows = values.rows(), count = queries.rows();
  if (rows == 0 || count == 0) return;
  const int64_t words = roundUp(wordsOf(depth, Int8Words::elements), width);
  const int64_t wordBytes = count * words * 4;
  auto* shared = static_cast<char*>(
      call.parallel->shared(wordBytes + count * static_cast<int64_t>(sizeof(QuantizedQuery))));
  __builtin_memset(shared, 0, static_cast<size_t>(wordBytes));
  auto* quantized = reinterpret_cast<QuantizedQuery*>(shared + wordBytes);
  for (int64_t q = 0; q < count; ++q) {
    quantized[q] = quantizeQuery(queries, q, depth, reinterpret_cast<uint32_t*>(shared) + q * words);
  }
  const auto* stored = values.as<int8_t>();
  const auto* scales = call.in(2).as<float>();
  auto* result = call.out(0).as<float>();
  parallelFor(call, rows, rowsAtATime, [=](int64_t begin, int64_t end, int) {
    overVectors(begin, end, [=](int64_t row, auto lanes) {
      const Floats scale = load(scales + row, lanes);
      const int64_t some = min(int64_t{width}, end - row);
      for (int64_t q = 0; q < count; ++q) {
        const Ints sums = sumsWithRows(stored + row * depth, some, depth, quantized[q]);
        store(result + q * rows + row, __builtin_convertvector(sums, Floats) * quantized[q].scale * scale, lanes);
      }
    });
  });
}

FLAVA_KERNEL("quantizedScan", quantizedScan);

}  // namespace
}  // namespace FLAVA_NAMESPACE
