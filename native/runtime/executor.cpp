#include "executor.h"

#include <exception>

namespace flava {

namespace {

/** An element is not finite if all bits of its exponent are set. */
template <class Bits>
int64_t firstNonFinite(const Tensor& tensor, Bits exponent) {
  const Bits* bits = tensor.as<Bits>();
  for (int64_t index = 0; index < tensor.size; ++index) {
    if ((bits[index] & exponent) == exponent) return index;
  }
  return -1;
}

/** Describes the first non-finite element of the first `count` outputs; empty when all are finite. */
std::string nonFiniteOutput(const std::string& name, const Call& call, int32_t count) {
  for (int32_t index = 0; index < count; ++index) {
    const Tensor& tensor = call.out(index);
    int64_t element = -1;
    if (tensor.dtype == Dtype::float32) {
      element = firstNonFinite<uint32_t>(tensor, 0x7f800000);
    } else if (tensor.dtype == Dtype::bfloat16) {
      element = firstNonFinite<uint16_t>(tensor, 0x7f80);
    }
    if (element >= 0) {
      return "element " + std::to_string(element) + " of output " + std::to_string(index) + " of " + name +
             " is not finite";
    }
  }
  return "";
}

/** Runs one kernel; returns its error message, empty when it succeeded. */
std::string runKernel(Kernel kernel, Call& call) {
  char error[256] = "";
  call.error = error;
  try {
    kernel(call);
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return error;
}

}  // namespace

Outcome execute(Program& program, const Section& section, const Workers& workers) {
  for (int64_t index = section.first; index < section.last; ++index) {
    if (section.abort != nullptr && __atomic_load_n(section.abort, __ATOMIC_RELAXED) != 0) {
      return {Status::aborted, index, ""};
    }
    const Instruction& instruction = program.instructions[index];
    if (section.inspect && instruction.writesPersistentBuffer) continue;
    const Tensor* tensors = program.tensors.data() + instruction.firstTensor;
    Call call{};
    call.inputs = tensors;
    call.inputCount = instruction.inputCount;
    call.outputs = tensors + instruction.inputCount;
    call.outputCount = instruction.outputCount;
    call.attributes = program.attributes.data() + instruction.firstAttribute;
    call.attributeCount = instruction.attributeCount;
    call.parallel = &workers.parallel;
    call.collectives = workers.collectives;
    call.choices = program.choices.data() + index * choicesOfInstruction;
    std::string error = runKernel(instruction.kernel, call);
    if (!error.empty()) return {Status::failed, index, std::move(error)};
    if (!section.inspect) continue;
    std::string finding = nonFiniteOutput(program.names[instruction.name], call, instruction.finiteOutputCount);
    if (!finding.empty()) return {Status::nonFinite, index, std::move(finding)};
  }
  return {Status::done, section.last, ""};
}

}  // namespace flava
