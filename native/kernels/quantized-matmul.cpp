// quantizedMatmul: C = activation(A · (B * scale)ᵀ + bias) + addend with 8-bit B. Either the rows of A are
// quantized too, or B is widened to bfloat16.
//
// packQuantized: B in panels, [panel][ceil(K / 4)][column] words, followed by 128 times the sum of each column, int32.
// A panel has 64 columns at most. The size in bytes is that for 64: ceil(N / 64) * 64 * (ceil(K / 4) * 4 + 4).
#include "../gemm/product.h"
#include "../gemm/quantized.h"

namespace FLAVA_NAMESPACE {
namespace {

struct WeightShape {
  int64_t depth, columns;

  int64_t words() const { return wordsOf(depth, Int8Words::elements); }
  int64_t panels() const { return wordsOf(columns, panelColumns); }
};

struct Attributes : WeightShape {
  bool dynamic;
  Activation activation;
  bool hasBias, hasAddend, packedB;

  template <class Field>
  void list(Field& field) {
    field("dynamic", dynamic);
    field("activation:none|gelu", activation);
    field("hasBias", hasBias);
    field("hasAddend", hasAddend);
    field("packedB", packedB);
    field("K", depth);
    field("N", columns);
  }
};

struct Packing : WeightShape {
  bool dynamic;  // the packed form is the same

  template <class Field>
  void list(Field& field) {
    field("dynamic", dynamic);
    field("K", depth);
    field("N", columns);
  }
};

Epilogue epilogueOf(const Call& call, const Attributes& attributes) {
  Epilogue epilogue;
  int next = 3;
  epilogue.result = &call.out(0);
  if (attributes.hasBias) epilogue.bias = &call.in(next++);
  if (attributes.hasAddend) epilogue.addend = &call.in(next++);
  epilogue.activation = attributes.activation;
  epilogue.columns = attributes.columns;
  return epilogue;
}

/** Packs all panels and computes their offsets. */
void packWithOffsets(const Call& call, const QuantizedRight& right, const WeightShape& shape, uint32_t* panels,
                     int32_t* offsets) {
  const int64_t words = shape.words();
  parallelFor(call, shape.panels(), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t panel = begin; panel < end; ++panel) {
      uint32_t* to = panels + panel * words * panelColumns;
      right.pack(panel, 0, words, to);
      offsetsOfPanel(to, words, offsets + panel * panelColumns);
    }
  });
}

/** Rows of A quantized at a time: 6 MB. */
int64_t rowsAtATime(int64_t rows, int64_t words) {
  return min(rows, max(int64_t{64}, (6 << 18) / max(int64_t{1}, words)));
}

/** `packed` is null if the weights still have to be packed. */
void multiplyQuantizedRows(const Call& call, const Attributes& attributes, int64_t rows, const uint32_t* packed) {
  const int64_t words = attributes.words(), panelWords = attributes.panels() * words * panelColumns;
  const int64_t blockRows = rowsAtATime(rows, words);
  const int64_t rowWords = roundUp(blockRows * words, 16), scaleWords = roundUp(blockRows, 16);
  const int64_t weightWords = packed ? 0 : panelWords + attributes.panels() * panelColumns;
  auto* shared = static_cast<uint32_t*>(call.parallel->shared(4 * (rowWords + scaleWords + weightWords)));
  auto* scales = reinterpret_cast<float*>(shared + rowWords);
  if (!packed) {
    uint32_t* panels = shared + rowWords + scaleWords;
    const QuantizedRight weights(call.in(1).as<int8_t>(), attributes.columns, attributes.depth);
    packWithOffsets(call, weights, attributes, panels, reinterpret_cast<int32_t*>(panels + panelWords));
    packed = panels;
  }
  const PackedRight right(packed, words);
  const auto* offsets = reinterpret_cast<const int32_t*>(packed + panelWords);
  const Epilogue epilogue = epilogueOf(call, attributes);
  for (int64_t first = 0; first < rows; first += blockRows) {
    const int64_t count = min(blockRows, rows - first);
    visitFloats(call.in(0), [&](auto* a) {
      parallelFor(call, count, 16, [&](int64_t begin, int64_t end, int) {
        for (int64_t row = begin; row < end; ++row) {
          scales[row] = quantizeRow(a + (first + row) * attributes.depth, attributes.depth,
                                    reinterpret_cast<uint8_t*>(shared + row * words));
        }
      });
    });
    const QuantizedOutput output(epilogue, first, scales, call.in(2).as<float>(), offsets);
    multiply<Int8Product>(call, {count, attributes.columns, words}, RowsOfWords(shared, words), right, output,
                          SharedMemory::taken);
  }
}

void multiplyWidenedWeights(const Call& call, const Attributes& attributes, int64_t rows, const RightOperand& right) {
  const Epilogue epilogue = epilogueOf(call, attributes);
  const WidenedRight widened(right, attributes.words(), call.in(2).as<float>(), attributes.columns);
  const ProductShape shape{rows, attributes.columns, wordsOf(attributes.depth, Bfloat16Product::elements)};
  visitFloats(call.in(0), [&](auto* a) {
    multiply<Bfloat16Product>(call, shape, leftMatrix<Bfloat16Product>(a, rows, attributes.depth, false), widened,
                              MatrixOutput(epilogue));
  });
}

void quantizedMatmul(const Call& call, const Attributes& attributes) {
  const int64_t rows = attributes.columns == 0 ? 0 : call.out(0).size / attributes.columns;
  if (rows == 0) return;
  const auto* packed = attributes.packedB ? static_cast<const uint32_t*>(call.in(1).data) : nullptr;
  if (attributes.dynamic) {
    multiplyQuantizedRows(call, attributes, rows, packed);
  } else if (packed) {
    multiplyWidenedWeights(call, attributes, rows, PackedRight(packed, attributes.words()));
  } else {
    multiplyWidenedWeights(call, attributes, rows,
                           QuantizedRight(call.in(1).as<int8_t>(), attributes.columns, attributes.depth));
  }
}

void packQuantized(const Call& call, const Packing& shape) {
  const QuantizedRight right(call.in(0).as<int8_t>(), shape.columns, shape.depth);
  auto* packed = call.out(0).as<uint32_t>();
  auto* offsets = reinterpret_cast<int32_t*>(packed + shape.panels() * shape.words() * panelColumns);
  packWithOffsets(call, right, shape, packed, offsets);
}

FLAVA_KERNEL("quantizedMatmul", quantizedMatmul);
FLAVA_KERNEL("packQuantized", packQuantized);

}  // namespace
}  // namespace FLAVA_NAMESPACE
