// Elementwise functions of two tensors with numpy broadcasting.
#include "elementwise.h"
#include "failure.h"

namespace FLAVA_NAMESPACE {
namespace {

/** How two operands are traversed for one output: axes are merged where possible, axes of size 1 left out. */
struct Walk {
  int rank = 0;
  int64_t dims[maxRank];
  int64_t a[maxRank];  // strides in elements; 0 along axes that are broadcast
  int64_t b[maxRank];

  int64_t columns() const { return rank == 0 ? 1 : dims[rank - 1]; }
  int64_t columnStrideOfA() const { return rank == 0 ? 0 : a[rank - 1]; }
  int64_t columnStrideOfB() const { return rank == 0 ? 0 : b[rank - 1]; }

  /** Where row `row` of all but the last axis begins in an operand with these strides. */
  int64_t offset(const int64_t* strides, int64_t row) const {
    int64_t offset = 0;
    for (int axis = rank - 2; axis >= 0; --axis) {
      offset += row % dims[axis] * strides[axis];
      row /= dims[axis];
    }
    return offset;
  }
};

/** Strides of an operand by the axes of the output, the trailing axes of both being the same. */
void stridesWithin(const Tensor& output, const Tensor& operand, int64_t* strides) {
  int64_t stride = 1;
  for (int back = 1; back <= output.rank; ++back) {
    const int64_t dim = back <= operand.rank ? operand.dim(-back) : 1;
    strides[output.rank - back] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
}

Walk planWalk(const Tensor& output, const Tensor& a, const Tensor& b) {
  int64_t strideA[maxRank], strideB[maxRank];
  stridesWithin(output, a, strideA);
  stridesWithin(output, b, strideB);
  Walk walk;
  for (int axis = 0; axis < output.rank; ++axis) {
    const int64_t dim = output.dims[axis];
    if (dim == 1) continue;
    const int last = walk.rank - 1;
    const bool merges = last >= 0 && walk.a[last] == dim * strideA[axis] && walk.b[last] == dim * strideB[axis];
    const int at = merges ? last : walk.rank++;
    walk.dims[at] = merges ? walk.dims[at] * dim : dim;
    walk.a[at] = strideA[axis];
    walk.b[at] = strideB[axis];
  }
  return walk;
}

Floats operand(const float* x, AllLanes lanes) { return load(x, lanes); }
Floats operand(const float* x, int lanes) { return load(x, lanes); }
Floats operand(const Bfloat16* x, AllLanes lanes) { return load(x, lanes); }
Floats operand(const Bfloat16* x, int lanes) { return load(x, lanes); }
Ints operand(const int32_t* x, AllLanes lanes) { return loadInts(x, lanes); }
Ints operand(const int32_t* x, int lanes) { return loadInts(x, lanes); }
Floats constantOperand(const float* x) { return broadcast(*x); }
Floats constantOperand(const Bfloat16* x) { return broadcast(loadOne(x)); }
Ints constantOperand(const int32_t* x) { return broadcastInt(*x); }

/** count columns of one row, along which either operand, or both, may stay the same. */
template <class A, class B, class Y, class Function>
[[gnu::always_inline]] inline void walkRow(const Walk& walk, const A* a, const B* b, Y* y, int64_t count,
                                           Function function) {
  if (walk.columnStrideOfA() == 0 && walk.columnStrideOfB() == 0) {
    const auto constant = function(constantOperand(a), constantOperand(b));
    overVectors(0, count, [=](int64_t i, auto lanes) { store(y + i, constant, lanes); });
  } else if (walk.columnStrideOfA() == 0) {
    const auto constant = constantOperand(a);
    overVectors(0, count, [=](int64_t i, auto lanes) {
      store(y + i, function(constant, operand(b + i, lanes)), lanes);
    });
  } else if (walk.columnStrideOfB() == 0) {
    const auto constant = constantOperand(b);
    overVectors(0, count, [=](int64_t i, auto lanes) {
      store(y + i, function(operand(a + i, lanes), constant), lanes);
    });
  } else {
    overVectors(0, count, [=](int64_t i, auto lanes) {
      store(y + i, function(operand(a + i, lanes), operand(b + i, lanes)), lanes);
    });
  }
}

template <class A, class B, class Y, class Function>
void walkAll(const Call& call, const Walk& walk, const A* a, const B* b, Y* y, Function function) {
  const int64_t columns = walk.columns();
  parallelFor(call, call.out(0).size, elementGrain, [=](int64_t begin, int64_t end, int) {
    int64_t column = begin % columns;
    for (int64_t i = begin, row = begin / columns; i < end; ++row) {
      const int64_t count = min(end - i, columns - column);
      const A* rowOfA = a + walk.offset(walk.a, row) + column * walk.columnStrideOfA();
      const B* rowOfB = b + walk.offset(walk.b, row) + column * walk.columnStrideOfB();
      walkRow(walk, rowOfA, rowOfB, y + i, count, function);
      i += count;
      column = 0;
    }
  });
}

template <class Function>
void combine(const Call& call, Function function) {
  visitFloats(call.in(0), call.in(1), call.out(0), [&](auto* a, auto* b, auto* y) {
    walkAll(call, planWalk(call.out(0), call.in(0), call.in(1)), a, b, y, function);
  });
}

/** As `combine`, for two float tensors or two int32 tensors, with float32 output. */
template <class Function>
void compare(const Call& call, Function function) {
  const Tensor &a = call.in(0), &b = call.in(1);
  const auto oneOrZero = [=](auto x, auto y) { return select(function(x, y), broadcast(1.0f), Floats{}); };
  const Walk walk = planWalk(call.out(0), a, b);
  auto* y = call.out(0).as<float>();
  if ((a.dtype == Dtype::int32) != (b.dtype == Dtype::int32)) {
    fail(call, "integers can only be compared with integers");
  } else if (a.dtype == Dtype::int32) {
    walkAll(call, walk, a.as<int32_t>(), b.as<int32_t>(), y, oneOrZero);
  } else {
    visitFloats(a, b, [&](auto* p, auto* q) { walkAll(call, walk, p, q, y, oneOrZero); });
  }
}

void addKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return a + b; });
}
void subtractKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return a - b; });
}
void multiplyKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return a * b; });
}
void divideKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return a / b; });
}
/** max and min return b if either is NaN; a NaN in a must propagate, too. */
void maximumKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return select(a == a, max(a, b), a); });
}
void minimumKernel(const Call& call) {
  combine(call, [](Floats a, Floats b) { return select(a == a, min(a, b), a); });
}
void equalKernel(const Call& call) {
  compare(call, [](auto a, auto b) { return a == b; });
}
void lessKernel(const Call& call) {
  compare(call, [](auto a, auto b) { return a < b; });
}
/** The second operand of the walk is the input again, unused. */
void broadcastKernel(const Call& call) {
  const Tensor &x = call.in(0), &y = call.out(0);
  visitFloats(x, y, [&](auto* from, auto* to) {
    walkAll(call, planWalk(y, x, x), from, from, to, [](Floats a, Floats) { return a; });
  });
}

FLAVA_KERNEL("add", addKernel);
FLAVA_KERNEL("subtract", subtractKernel);
FLAVA_KERNEL("multiply", multiplyKernel);
FLAVA_KERNEL("divide", divideKernel);
FLAVA_KERNEL("maximum", maximumKernel);
FLAVA_KERNEL("minimum", minimumKernel);
FLAVA_KERNEL("equal", equalKernel);
FLAVA_KERNEL("less", lessKernel);
FLAVA_KERNEL("broadcast", broadcastKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
