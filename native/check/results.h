// Results of programs in files, to be compared across processors (see compare.mjs).
#pragma once

#include <cstring>
#include <fstream>
#include <string>

#include "../runtime/program.h"

namespace flava {

inline float valueAt(const Tensor& tensor, int64_t index) {
  switch (tensor.dtype) {
    case Dtype::float32:
      return tensor.as<float>()[index];
    case Dtype::bfloat16: {
      const uint32_t bits = uint32_t{tensor.as<uint16_t>()[index]} << 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case Dtype::int8:
      return tensor.as<int8_t>()[index];
    default:
      return static_cast<float>(tensor.as<int32_t>()[index]);
  }
}

/** Writes the outputs of the last instruction, one float32 after another. */
inline void writeResults(const Program& program, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const Instruction& last = program.instructions.back();
  for (int32_t output = 0; output < last.outputCount; ++output) {
    const Tensor& tensor = program.tensors[last.firstTensor + last.inputCount + output];
    for (int64_t index = 0; index < tensor.size; ++index) {
      const float value = valueAt(tensor, index);
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
}

}  // namespace flava
