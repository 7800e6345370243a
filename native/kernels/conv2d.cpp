// conv2d: Y = X * W + bias + addend for pictures with channels last: stride 1, odd kernels, zeros around.
#include "../gemm/epilogue.h"
#include "../gemm/patches.h"
#include "../gemm/product.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Weights up to this size are packed once for all blocks of pixels. */
constexpr int64_t packedWeightBytes = 5 << 20;

struct Attributes {
  bool bfloat16, hasBias, hasAddend, inputRelu, flipped;

  explicit Attributes(const Call& call)
      : bfloat16(call.integer(0)),
        hasBias(call.integer(1)),
        hasAddend(call.integer(2)),
        inputRelu(call.integer(3)),
        flipped(call.integer(4)) {}
};

Neighbourhood neighbourhoodOf(const Call& call) {
  const Tensor &picture = call.in(0), &weight = call.in(1);
  return {picture.dim(1), picture.dim(2), picture.dim(3), weight.dim(1), weight.dim(2)};
}

Epilogue epilogueOf(const Call& call, const Attributes& attributes) {
  Epilogue epilogue;
  int next = 2;
  epilogue.result = &call.out(0);
  if (attributes.hasBias) epilogue.bias = &call.in(next++);
  if (attributes.hasAddend) epilogue.addend = &call.in(next++);
  epilogue.columns = call.out(0).dim(-1);
  return epilogue;
}

template <class Product>
void multiplyWeights(const Call& call, const Attributes& attributes, const ProductShape& shape, const LeftOperand& left,
                     const RightOperand& right) {
  const Epilogue epilogue = epilogueOf(call, attributes);
  const int64_t bytes = 4 * shape.panels() * shape.words * panelColumns;
  if (bytes <= packedWeightBytes) {
    auto* panels = static_cast<uint32_t*>(call.parallel->shared(bytes));
    packPanels(call, right, shape.columns, shape.words, panels);
    multiply<Product>(call, shape, left, PackedRight(panels), MatrixOutput(epilogue));
  } else {
    multiply<Product>(call, shape, left, right, MatrixOutput(epilogue));
  }
}

template <class Product>
void multiplyPicture(const Call& call, const Attributes& attributes, const ProductShape& shape,
                     const RightOperand& right) {
  const Neighbourhood neighbourhood = neighbourhoodOf(call);
  visitFloats(call.in(0), [&](auto* x) {
    if (attributes.inputRelu) {
      multiplyWeights<Product>(call, attributes, shape, patchesLeft<RectifiedWords<Product>>(x, neighbourhood), right);
    } else if (neighbourhood.kernelHeight * neighbourhood.kernelWidth == 1) {
      multiplyWeights<Product>(call, attributes, shape,
                               leftMatrix<Product>(x, shape.rows, neighbourhood.channels, false), right);
    } else {
      multiplyWeights<Product>(call, attributes, shape, patchesLeft<Product>(x, neighbourhood), right);
    }
  });
}

template <class Product>
void convolve(const Call& call, const Attributes& attributes) {
  const Neighbourhood neighbourhood = neighbourhoodOf(call);
  const int64_t columns = call.out(0).dim(-1), depth = neighbourhood.depth();
  const ProductShape shape{call.out(0).rows(), columns, wordsOf(depth, Product::elements)};
  visitFloats(call.in(1), [&](auto* w) {
    if (attributes.flipped) {
      const int64_t taps = neighbourhood.kernelHeight * neighbourhood.kernelWidth;
      multiplyPicture<Product>(call, attributes, shape,
                               mirroredRight<Product>(w, neighbourhood.channels, taps, columns));
    } else {
      multiplyPicture<Product>(call, attributes, shape, rightMatrix<Product>(w, columns, depth, true));
    }
  });
}

void conv2d(const Call& call) {
  const Attributes attributes(call);
  if (attributes.bfloat16) {
    convolve<Bfloat16Product>(call, attributes);
  } else {
    convolve<Float32Product>(call, attributes);
  }
}

FLAVA_KERNEL("conv2d", conv2d);

}  // namespace
}  // namespace FLAVA_NAMESPACE
