// matmul: C = activation(A · B + bias) + addend, in float32 or bfloat16 arithmetic with float32 sums.
#include "../gemm/epilogue.h"
#include "../gemm/product.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Attributes {
  bool transposeA, transposeB;
  Dtype compute;
  Activation activation;
  bool hasBias, hasAddend, outputsPreactivation, packedB, geluB;
  int64_t depth, columns;

  template <class Field>
  void list(Field& field) {
    field("transposeA", transposeA);
    field("transposeB", transposeB);
    field("compute:float32|bfloat16", compute);
    field("activation:none|gelu|geluGradient", activation);
    field("hasBias", hasBias);
    field("hasAddend", hasAddend);
    field("outputsPreactivation", outputsPreactivation);
    field("packedB", packedB);
    field("geluB", geluB);
    field("K", depth);
    field("N", columns);
  }
};

Epilogue epilogueOf(const Call& call, const Attributes& attributes) {
  Epilogue epilogue;
  int next = 2;
  epilogue.result = &call.out(0);
  if (attributes.hasBias) epilogue.bias = &call.in(next++);
  if (attributes.hasAddend) epilogue.addend = &call.in(next++);
  if (attributes.activation == Activation::geluGradient) epilogue.preactivation = &call.in(next++);
  if (attributes.outputsPreactivation) epilogue.preactivationOutput = &call.out(1);
  epilogue.activation = attributes.activation;
  epilogue.columns = attributes.columns;
  return epilogue;
}

template <class Product>
void multiplyMatrices(const Call& call, const Attributes& attributes) {
  const Epilogue epilogue = epilogueOf(call, attributes);
  const MatrixOutput output(epilogue);
  const int64_t rows = attributes.columns == 0 ? 0 : call.out(0).size / attributes.columns;
  const ProductShape shape{rows, attributes.columns, wordsOf(attributes.depth, Product::elements)};
  visitFloats(call.in(0), [&](auto* a) {
    const auto left = leftMatrix<Product>(a, rows, attributes.depth, attributes.transposeA);
    if (attributes.packedB) {
      multiply<Product>(call, shape, left, PackedRight(call.in(1).data, shape.words), output);
    } else {
      visitFloats(call.in(1), [&](auto* b) {
        if (attributes.geluB) {
          using Words = ChangedWords<Product, Gelu>;
          const auto right = rightMatrix<Words>(b, shape.columns, attributes.depth, attributes.transposeB);
          multiply<Product>(call, shape, left, right, output);
        } else {
          const auto right = rightMatrix<Product>(b, shape.columns, attributes.depth, attributes.transposeB);
          multiply<Product>(call, shape, left, right, output);
        }
      });
    }
  });
}

void matmul(const Call& call, const Attributes& attributes) {
  if (attributes.compute == Dtype::bfloat16) {
    multiplyMatrices<Bfloat16Product>(call, attributes);
  } else {
    multiplyMatrices<Float32Product>(call, attributes);
  }
}

FLAVA_KERNEL("matmul", matmul);

}  // namespace
}  // namespace FLAVA_NAMESPACE
