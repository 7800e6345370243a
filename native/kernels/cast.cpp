// Converts the storage type of elements, copies them and fills tensors with one value.
#include "elementwise.h"

namespace FLAVA_NAMESPACE {

static void convert(float* to, Floats x, AllLanes lanes) { store(to, x, lanes); }
static void convert(float* to, Floats x, int lanes) { store(to, x, lanes); }
static void convert(Bfloat16* to, Floats x, AllLanes lanes) { store(to, x, lanes); }
static void convert(Bfloat16* to, Floats x, int lanes) { store(to, x, lanes); }

/** Truncates towards zero and saturates; 0 for NaN. Processors differ in what they make of all that is out of range. */
inline Ints truncated(Floats x) {
  const Ints within = x < 2147483648.0f;
  const Floats bounded = select(within, max(broadcast(-2147483648.0f), x), Floats{});
  return select(x >= 2147483648.0f, broadcastInt(INT32_MAX), __builtin_convertvector(bounded, Ints));
}
static void convert(int32_t* to, Floats x, AllLanes lanes) { store(to, truncated(x), lanes); }
static void convert(int32_t* to, Floats x, int lanes) { store(to, truncated(x), lanes); }

/** Rounds to nearest even and saturates. */
static void convert(int8_t* to, Floats x, int lanes) {
  const Floats whole = roundToWhole(min(broadcast(127.0f), max(broadcast(-128.0f), x)));
  const Bytes bytes = __builtin_convertvector(__builtin_convertvector(whole, Ints), Bytes);
  __builtin_memcpy(to, &bytes, static_cast<size_t>(lanes));
}
static void convert(int8_t* to, Floats x, AllLanes) { convert(to, x, width); }

template <class Body>
static void visitAny(const Tensor& tensor, Body body) {
  switch (tensor.dtype) {
    case Dtype::float32:
      return body(tensor.as<float>());
    case Dtype::bfloat16:
      return body(tensor.as<Bfloat16>());
    case Dtype::int8:
      return body(tensor.as<int8_t>());
    case Dtype::int32:
      return body(tensor.as<int32_t>());
  }
}

/** Copies the last input: in a state update, the tensor to overwrite comes before it. */
static void copyKernel(const Call& call) {
  const auto* from = call.in(call.inputCount - 1).as<char>();
  auto* to = call.out(0).as<char>();
  if (from == to) return;
  parallelFor(call, call.out(0).size * bytesOf(call.out(0).dtype), 4 * elementGrain,
              [=](int64_t begin, int64_t end, int) {
                __builtin_memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
              });
}

static void castKernel(const Call& call) {
  if (call.in(0).dtype == call.out(0).dtype) return copyKernel(call);
  visitAny(call.in(0), [&](auto* x) {
    visitAny(call.out(0), [&](auto* y) {
      parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
        overVectors(begin, end, [=](int64_t i, auto lanes) { convert(y + i, load(x + i, lanes), lanes); });
      });
    });
  });
}

template <class Element>
static void fillWith(const Call& call, Element value) {
  auto* y = call.out(0).as<Element>();
  parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) y[i] = value;
  });
}

struct Fill {
  double value;

  template <class Field>
  void list(Field& field) {
    field("value", value);
  }
};

static void fillKernel(const Call& call, const Fill& fill) {
  const double value = fill.value;
  switch (call.out(0).dtype) {
    case Dtype::float32:
      return fillWith(call, static_cast<float>(value));
    case Dtype::bfloat16: {
      Bfloat16 rounded;
      storeOne(&rounded, static_cast<float>(value));
      return fillWith(call, rounded);
    }
    case Dtype::int8:
      return fillWith(call, static_cast<int8_t>(value));
    case Dtype::int32:
      return fillWith(call, static_cast<int32_t>(value));
  }
}

FLAVA_KERNEL("cast", castKernel);
FLAVA_KERNEL("copy", copyKernel);
FLAVA_KERNEL("fill", fillKernel);

}  // namespace FLAVA_NAMESPACE
