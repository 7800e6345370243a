// conv2d: Y = X * W + bias + addend for channels-last images: stride 1, odd kernels, zero padding.
#include "../gemm/epilogue.h"
#include "../gemm/patches.h"
#include "../gemm/product.h"
#include "direct-convolution.h"

namespace FLAVA_NAMESPACE {
namespace {

/** Weights up to this size are packed once for all blocks of pixels. */
constexpr int64_t packedWeightBytes = 5 << 20;

struct Attributes {
  Dtype compute;
  bool hasBias, hasAddend, inputRelu, outputRelu, flipped;

  template <class Field>
  void list(Field& field) {
    field("compute:float32|bfloat16", compute);
    field("hasBias", hasBias);
    field("hasAddend", hasAddend);
    field("inputRelu", inputRelu);
    field("outputRelu", outputRelu);
    field("flipped", flipped);
  }
};

/**
 * How many adjacent pixels are computed together: with few channels, single pixels would leave vectors partly empty
 * and amortize little of the gathering. Minimizes the estimated cycles per pixel: half a cycle for a vector of
 * products, of which at least two run at a time; 4 for a gathered line and one for each of its vectors; 16
 * for a stored row and 2 for each of its vectors.
 */
int64_t pixelsTogether(const Neighborhood& single, int64_t channelsMade) {
  int64_t best = 1;
  double least = 0;
  for (int64_t together = 1; together <= 8; together *= 2) {
    const int64_t columns = together * channelsMade;
    if (together > 1 && (columns > pieceColumns || single.width % together != 0)) break;
    const Neighborhood shape = single.joined(together);
    const auto words = static_cast<double>(wordsOf(shape.depth(), 2));
    const auto vectors = static_cast<double>(max(int64_t{2}, wordsOf(columns, width)));
    const double gathering = 4.0 * static_cast<double>(shape.kernelHeight) + words / width;
    const double time = (words * vectors / 2 + gathering + 16 + 2 * vectors) / static_cast<double>(together);
    if (together == 1 || time < least) {
      best = together;
      least = time;
    }
  }
  return best;
}

Neighborhood neighborhoodOf(const Call& call) {
  const Tensor &image = call.in(0), &weight = call.in(1);
  const Neighborhood single{image.dim(1), image.dim(2), image.dim(3), weight.dim(1), weight.dim(2)};
  return single.joined(pixelsTogether(single, call.out(0).dim(-1)));
}

/** A bias repeated for all pixels computed together. */
struct JoinedBias {
  const Tensor* repeat(const Tensor& bias, int64_t columns) {
    if (bias.size == columns) return &bias;
    visitFloats(bias, [&](auto* data) {
      for (int64_t i = 0; i < columns; ++i) values[i] = load(data + i % bias.size, 1)[0];
    });
    tensor = {values, Dtype::float32, 1, {columns}, columns};
    return &tensor;
  }

 private:
  alignas(64) float values[pieceColumns];
  Tensor tensor;
};

Epilogue epilogueOf(const Call& call, const Attributes& attributes, int64_t columns, JoinedBias& bias) {
  Epilogue epilogue;
  int next = 2;
  epilogue.result = &call.out(0);
  if (attributes.hasBias) epilogue.bias = bias.repeat(call.in(next++), columns);
  if (attributes.hasAddend) epilogue.addend = &call.in(next++);
  if (attributes.outputRelu) epilogue.activation = Activation::relu;
  epilogue.columns = columns;
  return epilogue;
}

template <class Product>
void multiplyWeights(const Call& call, const Attributes& attributes, const ProductShape& shape, const LeftOperand& left,
                     const RightOperand& right) {
  JoinedBias bias;
  const Epilogue epilogue = epilogueOf(call, attributes, shape.columns, bias);
  const int64_t panelWords = roundUp(shape.words, Product::wordsOfTile);
  const int64_t bytes = 4 * shape.panels() * panelWords * panelColumns;
  // Panels of words that are still to be split are packed by the product, as the parts that it needs.
  constexpr bool packs = Product::parts == 1 || hasWidePanels;
  if (packs && bytes <= packedWeightBytes) {
    auto* panels = static_cast<uint32_t*>(call.parallel->shared(bytes));
    packPanels(call, right, shape.columns, shape.words, panelWords, panels);
    multiply<Product>(call, shape, left, PackedRight(panels, panelWords), MatrixOutput(epilogue),
                      SharedMemory::taken);
  } else {
    multiply<Product>(call, shape, left, right, MatrixOutput(epilogue));
  }
}

template <class Product>
void multiplyImage(const Call& call, const Attributes& attributes, const ProductShape& shape,
                     const RightOperand& right) {
  const Neighborhood neighborhood = neighborhoodOf(call);
  visitFloats(call.in(0), [&](auto* x) {
    if (attributes.inputRelu) {
      using Words = ChangedWords<Product, Rectified>;
      multiplyWeights<Product>(call, attributes, shape, patchesLeft<Words>(x, neighborhood), right);
    } else if (neighborhood.isPointwise()) {
      multiplyWeights<Product>(call, attributes, shape,
                               leftMatrix<Product>(x, shape.rows, neighborhood.depth(), false), right);
    } else {
      multiplyWeights<Product>(call, attributes, shape, patchesLeft<Product>(x, neighborhood), right);
    }
  });
}

/** Stores a line of sums, whose first element has this index in the result. */
void finishLine(const Call& call, const Attributes& attributes, const float* sums, int64_t index, int64_t count) {
  const auto finish = [&](auto* to, auto withAddend) {
    overVectors(0, count, [&](int64_t i, auto lanes) {
      Floats x = load(sums + i);
      if (attributes.outputRelu) x = max(broadcast(0.0f), x);
      store(to + index + i, withAddend(x, i, lanes), lanes);
    });
  };
  visitFloats(call.out(0), [&](auto* to) {
    if (!attributes.hasAddend) return finish(to, [](Floats x, int64_t, auto) { return x; });
    visitFloats(call.in(attributes.hasBias ? 3 : 2), [&](auto* addend) {
      finish(to, [&](Floats x, int64_t i, auto lanes) { return x + load(addend + index + i, lanes); });
    });
  });
}

void convolveDirectly(const Call& call, const Attributes& attributes, const Bands& bands, const KernelLayout& layout) {
  const int64_t made = call.out(0).dim(-1);
  const bool rounded = attributes.compute == Dtype::bfloat16;
  const Tensor* bias = attributes.hasBias ? &call.in(2) : nullptr;
  const ColumnBlocks blocks = packColumns(call, made, bands.shape.depth(), layout, rounded, bias);
  sumLines(call, bands, {rounded, attributes.inputRelu}, blocks, [&](const float* sums, int64_t pixel) {
    finishLine(call, attributes, sums, pixel * made, bands.shape.width * made);
  });
}

template <class Product>
void convolve(const Call& call, const Attributes& attributes) {
  if (call.out(0).size == 0) return;
  const int64_t taps = call.in(1).dim(1) * call.in(1).dim(2);
  const KernelLayout layout =
      KernelLayout::of(call.out(0).dim(-1), taps, call.in(0).dim(-1), attributes.flipped);
  if constexpr (multipliesFloats<Product>) {
    const Bands bands(call.in(0), call.in(1).dim(1), call.in(1).dim(2));
    const int64_t depth = bands.shape.depth();
    if (depth > 0 && depth <= directDepth) return convolveDirectly(call, attributes, bands, layout);
  }
  const Neighborhood neighborhood = neighborhoodOf(call);
  const int64_t step = neighborhood.step, channels = neighborhood.channels, made = call.out(0).dim(-1);
  const int64_t depth = neighborhood.depth();
  const ProductShape shape{call.out(0).rows() / step, step * made, wordsOf(depth, Product::elements)};
  visitFloats(call.in(1), [&](auto* w) {
    if (step > 1) {
      multiplyImage<Product>(call, attributes, shape, joinedRight<Product>(w, layout, neighborhood, made));
    } else if (attributes.flipped) {
      multiplyImage<Product>(call, attributes, shape, mirroredRight<Product>(w, channels, taps, made));
    } else {
      multiplyImage<Product>(call, attributes, shape, rightMatrix<Product>(w, made, depth, true));
    }
  });
}

void conv2d(const Call& call, const Attributes& attributes) {
  if (attributes.compute == Dtype::bfloat16) {
    convolve<Bfloat16Product>(call, attributes);
  } else {
    convolve<Float32Product>(call, attributes);
  }
}

FLAVA_KERNEL("conv2d", conv2d);

}  // namespace
}  // namespace FLAVA_NAMESPACE
