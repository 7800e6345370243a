// packWeights: the right operand of a product in panels, [panel][words of K][column], so that `matmul` need not pack it
// on every call. A panel has 64 columns at most. The size in bytes, the same on every level, is that for 64:
//
//   ceil(N / 64) * 64 * ceil(K / 4) * 4 * (compute is bfloat16 ? 2 : 4)
#include "../gemm/operands.h"

namespace FLAVA_NAMESPACE {
namespace {

template <class Words>
void packMatrix(const Call& call, bool transposed, int64_t depth, int64_t columns) {
  visitFloats(call.in(0), [&](auto* b) {
    const int64_t words = wordsOf(depth, Words::elements);
    packPanels(call, rightMatrix<Words>(b, columns, depth, transposed), columns, words, words,
               call.out(0).as<uint32_t>());
  });
}

struct Attributes {
  bool transposeB;
  Dtype compute;
  int64_t depth, columns;

  template <class Field>
  void list(Field& field) {
    field("transposeB", transposeB);
    field("compute:float32|bfloat16", compute);
    field("K", depth);
    field("N", columns);
  }
};

void packWeights(const Call& call, const Attributes& attributes) {
  const auto [transposed, compute, depth, columns] = attributes;
  if (compute == Dtype::bfloat16) {
    packMatrix<Bfloat16Words>(call, transposed, depth, columns);
  } else {
    packMatrix<Float32Words>(call, transposed, depth, columns);
  }
}

FLAVA_KERNEL("packWeights", packWeights);

}  // namespace
}  // namespace FLAVA_NAMESPACE
