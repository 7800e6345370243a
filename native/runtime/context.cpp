#include "context.h"

#include <stdexcept>
#include <string>

namespace flava {

namespace {

std::string nameOf(int64_t id) { return id == arenaId ? "the arena" : "buffer " + std::to_string(id); }

}  // namespace

int64_t Context::allocate(int64_t bytes) {
  buffers_.emplace(nextBuffer_, std::make_shared<Memory>(bytes));
  return nextBuffer_++;
}

void Context::free(int64_t id) {
  if (buffers_.erase(id) == 0) throw std::runtime_error("cannot free buffer " + std::to_string(id) + ": there is none");
}

void Context::reserveArena(int64_t bytes) {
  if (bytes <= arena_->bytes()) return;
  // Frees the old arena first: the two need not fit in memory together.
  arena_ = std::make_shared<Memory>(0);
  arena_ = std::make_shared<Memory>(bytes);
}

const std::shared_ptr<Memory>& Context::buffer(int64_t id) const {
  if (id == arenaId) return arena_;
  const auto found = buffers_.find(id);
  if (found == buffers_.end()) {
    throw std::runtime_error("there is no buffer " + std::to_string(id) + ": never allocated, or already freed");
  }
  return found->second;
}

char* Context::at(int64_t id, int64_t byteOffset, int64_t byteLength) const {
  const Memory& memory = *buffer(id);
  if (byteOffset < 0 || byteLength < 0 || byteOffset > memory.bytes() || byteLength > memory.bytes() - byteOffset) {
    throw std::runtime_error("bytes " + std::to_string(byteOffset) + " to " + std::to_string(byteOffset) + " + " +
                             std::to_string(byteLength) + " do not lie in " + nameOf(id) + ", which has " +
                             std::to_string(memory.bytes()));
  }
  return memory.data() + byteOffset;
}

int64_t Context::load(const std::vector<std::string>& signatures, const double* words, size_t wordCount) {
  auto program = std::make_shared<Program>(decode(signatures, words, wordCount, level_));
  for (const BufferUse& use : program->buffers) {
    // The arena may still grow before the first run.
    if (use.id != arenaId) bufferFor(use);
  }
  programs_.emplace(nextProgram_, std::move(program));
  return nextProgram_++;
}

void Context::unload(int64_t programId) {
  if (programs_.erase(programId) == 0) {
    throw std::runtime_error("cannot unload program " + std::to_string(programId) + ": there is none");
  }
}

const std::shared_ptr<Memory>& Context::bufferFor(const BufferUse& use) const {
  const std::shared_ptr<Memory>& memory = buffer(use.id);
  if (use.bytes > memory->bytes()) {
    throw std::runtime_error("the program needs " + std::to_string(use.bytes) + " bytes of " + nameOf(use.id) +
                             ", which has " + std::to_string(memory->bytes()));
  }
  return memory;
}

Run Context::prepare(int64_t programId, const Section& section) const {
  const auto found = programs_.find(programId);
  if (found == programs_.end()) throw std::runtime_error("there is no program " + std::to_string(programId));
  const std::shared_ptr<Program>& program = found->second;
  const int64_t count = static_cast<int64_t>(program->instructions.size());
  if (section.first < 0 || section.first > section.last || section.last > count) {
    throw std::runtime_error("instructions " + std::to_string(section.first) + " to " + std::to_string(section.last) +
                             " are not a section of a program of " + std::to_string(count));
  }
  Run run{program, {}, section};
  std::vector<char*> addresses;
  for (const BufferUse& use : program->buffers) {
    run.buffers.push_back(bufferFor(use));
    addresses.push_back(run.buffers.back()->data());
  }
  program->bind(addresses);
  return run;
}

}  // namespace flava
