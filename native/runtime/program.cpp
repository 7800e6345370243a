#include "program.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <unordered_map>

#include "levels.h"
#include "registry.h"

namespace flava {

namespace {

constexpr int64_t largestInteger = (int64_t{1} << 53) - 1;  // that a double holds exactly
constexpr int64_t largestOperandCount = 1 << 20;

class Decoder {
 public:
  Decoder(const std::vector<std::string>& signatures, const double* words, size_t wordCount, Level level)
      : level_(level), signatures_(signatures), words_(words), wordCount_(wordCount) {
    for (const std::string& signature : signatures) program_.names.push_back(signature.substr(0, signature.find('(')));
    kernels_.resize(signatures.size());
  }

  Program decode() {
    while (position_ < wordCount_) instruction();
    program_.choices.resize(program_.instructions.size() * choicesOfInstruction);
    return std::move(program_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw std::runtime_error("instruction " + std::to_string(program_.instructions.size()) + ", word " +
                             std::to_string(position_) + ": " + problem);
  }

  double word() {
    if (position_ >= wordCount_) fail("the instruction list ends too early");
    return words_[position_++];
  }

  int64_t integer(const char* what, int64_t largest) {
    const double value = word();
    if (!(value >= 0 && value <= static_cast<double>(largest)) || value != std::floor(value)) {
      char problem[120];
      std::snprintf(problem, sizeof problem, "%s is %.15g, not an integer from 0 to %lld", what, value,
                    static_cast<long long>(largest));
      fail(problem);
    }
    return static_cast<int64_t>(value);
  }

  void instruction() {
    Instruction instruction{};
    instruction.name = static_cast<int32_t>(integer("the name index", INT32_MAX));
    const RegisteredKernel& kernel = kernelOf(instruction.name);
    instruction.kernel = kernel.run;
    instruction.inputCount = static_cast<int32_t>(integer("the number of inputs", largestOperandCount));
    instruction.outputCount = static_cast<int32_t>(integer("the number of outputs", largestOperandCount));
    instruction.finiteOutputCount =
        static_cast<int32_t>(integer("the number of finite outputs", instruction.outputCount));
    instruction.attributeCount = static_cast<int32_t>(integer("the number of attributes", largestOperandCount));
    checkAttributeCount(kernel, instruction.attributeCount);
    instruction.firstTensor = program_.tensors.size();
    instruction.firstAttribute = program_.attributes.size();
    for (int32_t input = 0; input < instruction.inputCount; ++input) tensor();
    for (int32_t output = 0; output < instruction.outputCount; ++output) {
      if (tensor() != arenaId) instruction.writesPersistentBuffer = true;
    }
    for (int32_t index = 0; index < instruction.attributeCount; ++index) program_.attributes.push_back(word());
    program_.instructions.push_back(instruction);
  }

  const RegisteredKernel& kernelOf(int32_t index) {
    if (static_cast<size_t>(index) >= signatures_.size()) fail("name " + std::to_string(index) + " was not given");
    const RegisteredKernel*& kernel = kernels_[index];
    if (kernel != nullptr) return *kernel;
    const std::string& name = program_.names[index];
    kernel = findKernel(level_, name);
    if (kernel == nullptr) fail("there is no kernel \"" + name + "\" at level " + nameOf(level_) + " or below");
    if (kernel->signature(name) != signatures_[index]) {
      fail("the operation is " + signatures_[index] + ", but the kernel is " + kernel->signature(name));
    }
    return *kernel;
  }

  void checkAttributeCount(const RegisteredKernel& kernel, int32_t count) const {
    const size_t expected = kernel.attributes.size();
    const size_t given = static_cast<size_t>(count);
    if (kernel.endsInList() ? given + 1 < expected : given != expected) {
      fail(std::to_string(count) + " attributes are given, but the kernel has " + std::to_string(expected));
    }
  }

  /** Reads one tensor and returns its buffer id. */
  int64_t tensor() {
    const int64_t id = integer("the buffer id", largestInteger);
    const int64_t byteOffset = integer("the byte offset", largestInteger);
    Tensor tensor{};
    tensor.dtype = static_cast<Dtype>(integer("the dtype", static_cast<int64_t>(Dtype::int32)));
    tensor.rank = static_cast<int32_t>(integer("the rank", maxRank));
    tensor.size = 1;
    for (int32_t axis = 0; axis < tensor.rank; ++axis) {
      tensor.dims[axis] = integer("a dimension", largestInteger);
      if (__builtin_mul_overflow(tensor.size, tensor.dims[axis], &tensor.size) || tensor.size > largestInteger) {
        fail("the tensor has too many elements");
      }
    }
    const int64_t elementBytes = bytesOf(tensor.dtype);
    if (byteOffset % elementBytes != 0) fail("the byte offset is not a multiple of the element size");
    const size_t buffer = bufferOf(id);
    BufferUse& use = program_.buffers[buffer];
    use.bytes = std::max(use.bytes, byteOffset + tensor.size * elementBytes);
    program_.tensors.push_back(tensor);
    program_.places.push_back({buffer, byteOffset});
    return id;
  }

  size_t bufferOf(int64_t id) {
    const auto [entry, isNew] = bufferIndex_.try_emplace(id, program_.buffers.size());
    if (isNew) program_.buffers.push_back({id, 0});
    return entry->second;
  }

  const Level level_;
  const std::vector<std::string>& signatures_;
  const double* const words_;
  const size_t wordCount_;
  size_t position_ = 0;
  std::vector<const RegisteredKernel*> kernels_;  // one per signature, once looked up
  std::unordered_map<int64_t, size_t> bufferIndex_;
  Program program_;
};

}  // namespace

void Program::bind(const std::vector<char*>& addresses) {
  for (size_t index = 0; index < tensors.size(); ++index) {
    tensors[index].data = addresses[places[index].buffer] + places[index].byteOffset;
  }
}

Program decode(const std::vector<std::string>& signatures, const double* words, size_t wordCount, Level level) {
  return Decoder(signatures, words, wordCount, level).decode();
}

}  // namespace flava
