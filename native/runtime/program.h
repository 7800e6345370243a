// A program: an instruction list encoded by TypeScript, decoded and checked once, run many times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel.h"

namespace flava {

/** The buffer id under which instructions address the arena that all programs of a context share. */
constexpr int64_t arenaId = 0;

struct Instruction {
  Kernel kernel;
  int32_t name;  // index into Program::names
  int32_t inputCount;
  int32_t outputCount;
  int32_t finiteOutputCount;  // leading outputs that must be finite; the others may be infinite
  int32_t attributeCount;
  size_t firstTensor;  // inputs, then outputs, in Program::tensors
  size_t firstAttribute;
  bool writesPersistentBuffer;  // some output is outside the arena
};

/** Location of a tensor: an index into Program::buffers and the offset from the start of that buffer. */
struct Place {
  size_t buffer;
  int64_t byteOffset;
};

/** A buffer used by the program, and how many bytes of it the program reaches. */
struct BufferUse {
  int64_t id;
  int64_t bytes;
};

struct Program {
  std::vector<std::string> names;
  std::vector<Instruction> instructions;
  std::vector<Tensor> tensors;  // `data` is set by `bind`
  std::vector<Place> places;    // of the tensor with the same index
  std::vector<double> attributes;
  std::vector<BufferUse> buffers;
  std::vector<BlockChoice> choices;  // choicesOfInstruction of each, made in its first run

  /** Points every tensor into the buffers, given the address of each of Program::buffers in order. */
  void bind(const std::vector<char*>& addresses);
};

/**
 * Decodes
 *
 *     index of the signature, input count, output count, finite output count, attribute count,
 *     for each input, then each output: buffer id, byte offset, dtype, rank, dims[rank],
 *     attributes
 *
 * for each instruction, and looks up its kernel at `level`. A signature is the name of the operation and its
 * attributes, such as "fill(value)"; it must match the kernel's. Throws std::runtime_error if anything is malformed.
 */
Program decode(const std::vector<std::string>& signatures, const double* words, size_t wordCount, Level level);

}  // namespace flava
