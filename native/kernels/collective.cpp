// Operations in which all processes of a run take part: one kernel starts them, another waits for the result.
#include <algorithm>
#include <cstring>

#include "failure.h"

namespace FLAVA_NAMESPACE {
namespace {

struct StartAttributes {
  Parts parts;
  int32_t channel;
  Numbers begins;

  template <class Field>
  void list(Field& field) {
    field("parts:reduce|gather|reduceAndGather|reduceBlocks|gatherBlocks", parts);
    field("channel", channel);
    field("begins[]", begins);
  }
};

struct WaitAttributes {
  Numbers begins;

  template <class Field>
  void list(Field& field) {
    field("begins[]", begins);
  }
};

bool isJoined(const Call& call) {
  if (call.collectives != nullptr) return true;
  fail(call, "this process has not joined others");
  return false;
}

/** Copies all numbers of the smaller tensor from or to those of the larger one from `begin` on, unless they are the same. */
void copy(const Tensor& from, const Tensor& to, int64_t begin) {
  const int64_t number = bytesOf(from.dtype);
  const bool isPart = to.size < from.size;
  const char* const source = from.as<char>() + (isPart ? begin * number : 0);
  char* const target = to.as<char>() + (isPart ? 0 : begin * number);
  if (target != source) std::memcpy(target, source, static_cast<size_t>(std::min(from.size, to.size) * number));
}

/** The first result is the ticket; the others are the inputs, or have room for what all processes give. */
void startKernel(const Call& call, const StartAttributes& attributes) {
  if (!isJoined(call)) return;
  for (int32_t index = 0; index < call.inputCount; ++index) {
    copy(call.in(index), call.out(index + 1), attributes.begins[index]);
  }
  const int64_t ticket =
      call.collectives->start(attributes.parts, attributes.channel, call.outputs + 1, call.outputCount - 1);
  *call.out(0).as<int32_t>() = static_cast<int32_t>(ticket);
}

/** The results are the tensors that were started, or what this process has of them. */
void waitKernel(const Call& call, const WaitAttributes& attributes) {
  if (!isJoined(call)) return;
  if (!call.collectives->wait(*call.in(0).as<int32_t>(), call.error)) return;
  for (int32_t index = 0; index < call.outputCount; ++index) {
    copy(call.in(index + 1), call.out(index), attributes.begins[index]);
  }
}

FLAVA_KERNEL("collectiveStart", startKernel);
FLAVA_KERNEL("collectiveWait", waitKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
