// Slicing, padding with zeros, and concatenation.
#include "movement.h"

namespace FLAVA_NAMESPACE {
namespace {

int64_t bytesOfAll(const Tensor& tensor) { return tensor.size * bytesOf(tensor.dtype); }

struct Corner {
  Numbers starts;

  template <class Field>
  void list(Field& field) {
    field("starts[]", starts);
  }
};

/** Offset in bytes of the element at the corner. */
int64_t offsetOf(const Corner& corner, const Tensor& tensor, const int64_t* strides) {
  int64_t offset = 0;
  for (int axis = 0; axis < tensor.rank; ++axis) offset += corner.starts[axis] * strides[axis];
  return offset * bytesOf(tensor.dtype);
}

Box boxOf(const Tensor& tensor, const int64_t* from, const int64_t* to) {
  Box box(bytesOf(tensor.dtype));
  for (int axis = 0; axis < tensor.rank; ++axis) box.add(tensor.dims[axis], from[axis], to[axis]);
  return box;
}

void sliceKernel(const Call& call, const Corner& corner) {
  const Tensor &x = call.in(0), &y = call.out(0);
  int64_t from[maxRank], to[maxRank];
  denseStrides(x, from);
  denseStrides(y, to);
  copyRows(call, boxOf(y, from, to), x.as<char>() + offsetOf(corner, x, from), y.data);
}

void padKernel(const Call& call, const Corner& corner) {
  const Tensor &x = call.in(0), &y = call.out(0);
  int64_t from[maxRank], to[maxRank];
  denseStrides(x, from);
  denseStrides(y, to);
  zero(call, y.data, bytesOfAll(y));
  copyRows(call, boxOf(x, from, to), x.data, y.as<char>() + offsetOf(corner, y, to));
}

struct Concatenation {
  int64_t axis;

  template <class Field>
  void list(Field& field) {
    field("axis", axis);
  }
};

void concatenateKernel(const Call& call, const Concatenation& concatenation) {
  const Tensor& y = call.out(0);
  int64_t from[maxRank], to[maxRank];
  denseStrides(y, to);
  auto* target = y.as<char>();
  for (int input = 0; input < call.inputCount; ++input) {
    const Tensor& x = call.in(input);
    denseStrides(x, from);
    copyRows(call, boxOf(x, from, to), x.data, target);
    target += x.dims[concatenation.axis] * to[concatenation.axis] * bytesOf(y.dtype);
  }
}

FLAVA_KERNEL("slice", sliceKernel);
FLAVA_KERNEL("pad", padKernel);
FLAVA_KERNEL("concatenate", concatenateKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
