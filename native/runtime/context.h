// A context: threads, buffers and programs that belong together.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "executor.h"
#include "memory.h"
#include "program.h"
#include "thread-pool.h"

namespace flava {

/** A program ready to run. It keeps alive everything it uses, whatever is freed or unloaded meanwhile. */
struct Run {
  std::shared_ptr<Program> program;
  std::vector<std::shared_ptr<Memory>> buffers;
  Section section;
};

/** Not thread-safe; only `pool()` may be used from another thread during a run. */
class Context {
 public:
  Context(Level level, int threads) : level_(level), pool_(threads), arena_(std::make_shared<Memory>(0)) {}

  Level level() const { return level_; }
  ThreadPool& pool() { return pool_; }

  int64_t allocate(int64_t bytes);
  void free(int64_t id);
  /** Makes the arena at least this large. Its contents are lost when it grows. */
  void reserveArena(int64_t bytes);
  /** The address of a range inside a buffer; throws std::runtime_error if the range is out of bounds. */
  char* at(int64_t id, int64_t byteOffset, int64_t byteLength) const;

  int64_t load(const std::vector<std::string>& signatures, const double* words, size_t wordCount);
  void unload(int64_t programId);
  /** Checks the section and points the program's tensors into the current buffers. */
  Run prepare(int64_t programId, const Section& section) const;

 private:
  const std::shared_ptr<Memory>& buffer(int64_t id) const;
  const std::shared_ptr<Memory>& bufferFor(const BufferUse& use) const;

  const Level level_;
  ThreadPool pool_;
  std::shared_ptr<Memory> arena_;
  std::unordered_map<int64_t, std::shared_ptr<Memory>> buffers_;
  std::unordered_map<int64_t, std::shared_ptr<Program>> programs_;
  int64_t nextBuffer_ = arenaId + 1;
  int64_t nextProgram_ = 1;
};

}  // namespace flava
