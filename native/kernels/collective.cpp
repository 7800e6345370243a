// Operations in which all processes of a run take part: one kernel starts them, another waits for the result.
#include <cstring>

#include "failure.h"

namespace FLAVA_NAMESPACE {
namespace {

struct Attributes {
  Parts parts;
  int32_t channel;

  template <class Field>
  void list(Field& field) {
    field("parts:reduce|gather|reduceAndGather|reduceBlocks|gatherBlocks", parts);
    field("channel", channel);
  }
};

bool isJoined(const Call& call) {
  if (call.collectives != nullptr) return true;
  fail(call, "this process has not joined others");
  return false;
}

int64_t bytesOf(const Tensor& tensor) { return tensor.size * flava::bytesOf(tensor.dtype); }

/** The first result is the ticket; the others are the inputs, or have room for those of all processes. */
void startKernel(const Call& call, const Attributes& attributes) {
  if (!isJoined(call)) return;
  for (int32_t index = 0; index < call.inputCount; ++index) {
    const Tensor& from = call.in(index);
    const Tensor& to = call.out(index + 1);
    const int64_t offset = attributes.parts == Parts::gather ? call.collectives->rank() * bytesOf(from) : 0;
    char* const target = to.as<char>() + offset;
    if (target != from.data) std::memcpy(target, from.data, static_cast<size_t>(bytesOf(from)));
  }
  const int64_t ticket =
      call.collectives->start(attributes.parts, attributes.channel, call.outputs + 1, call.outputCount - 1);
  *call.out(0).as<int32_t>() = static_cast<int32_t>(ticket);
}

void waitKernel(const Call& call) {
  if (!isJoined(call)) return;
  if (!call.collectives->wait(*call.in(0).as<int32_t>(), call.error)) return;
  for (int32_t index = 0; index < call.outputCount; ++index) {
    const Tensor& from = call.in(index + 1);
    const Tensor& to = call.out(index);
    if (to.data != from.data) std::memcpy(to.data, from.data, static_cast<size_t>(bytesOf(from)));
  }
}

FLAVA_KERNEL("collectiveStart", startKernel);
FLAVA_KERNEL("collectiveWait", waitKernel);

}  // namespace
}  // namespace FLAVA_NAMESPACE
