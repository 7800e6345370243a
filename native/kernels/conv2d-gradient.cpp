// conv2dWeightGradient: dW[o, (ky, kx, c)] = Σ over pixels of dY[pixel, o] · neighborhood of X[pixel, (ky, kx, c)].
#include "../gemm/epilogue.h"
#include "../gemm/patches.h"
#include "../gemm/slices.h"
#include "direct-convolution-gradient.h"

namespace FLAVA_NAMESPACE {
namespace {

template <class Product, class Words>
void multiplyPatches(const Call& call, const LeftOperand& left, const ProductShape& shape, int64_t pixels) {
  const Tensor &image = call.in(0), &result = call.out(0);
  Epilogue epilogue;
  epilogue.result = &result;
  epilogue.columns = shape.columns;
  visitFloats(image, [&](auto* x) {
    const auto right = patchesRight<Words>(
        x, {image.dim(1), image.dim(2), image.dim(3), result.dim(1), result.dim(2)}, pixels);
    multiplyInSlices<Product>(call, shape, left, right, MatrixOutput(epilogue));
  });
}

template <class Product>
void computeGradient(const Call& call, bool inputRelu) {
  const Tensor &gradient = call.in(1), &result = call.out(0);
  if constexpr (multipliesFloats<Product>) {
    if (result.dim(0) <= fewOutputs && result.size > 0 && gradient.size > 0) {
      const Bands bands(call.in(0), result.dim(1), result.dim(2));
      return sumOverPixels(call, bands, {Product::elements == 2, inputRelu});
    }
  }
  const int64_t pixels = gradient.rows(), rows = result.dim(0);
  const int64_t columns = result.dim(1) * result.dim(2) * result.dim(3);
  const ProductShape shape{rows, columns, wordsOf(pixels, Product::elements)};
  visitFloats(gradient, [&](auto* dy) {
    const auto left = leftMatrix<Product>(dy, rows, pixels, true);
    if (inputRelu) {
      multiplyPatches<Product, ChangedWords<Product, Rectified>>(call, left, shape, pixels);
    } else {
      multiplyPatches<Product, Product>(call, left, shape, pixels);
    }
  });
}

struct Attributes {
  Dtype compute;
  bool inputRelu;

  template <class Field>
  void list(Field& field) {
    field("compute:float32|bfloat16", compute);
    field("inputRelu", inputRelu);
  }
};

void conv2dWeightGradient(const Call& call, const Attributes& attributes) {
  if (attributes.compute == Dtype::bfloat16) {
    computeGradient<Bfloat16Product>(call, attributes.inputRelu);
  } else {
    computeGradient<Float32Product>(call, attributes.inputRelu);
  }
}

FLAVA_KERNEL("conv2dWeightGradient", conv2dWeightGradient);

}  // namespace
}  // namespace FLAVA_NAMESPACE
