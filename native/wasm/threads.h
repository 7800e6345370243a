// The threads of the module and their scratch memory. Each is an instance of the module on the same memory.
#pragma once

#include "../runtime/job.h"

namespace flava {

constexpr int maxThreads = 64;

/** Whether a run ended because memory was lacking. */
extern bool outOfMemory;

/** Ends the run, which lacks memory, with a trap. */
[[noreturn]] void endForMemory();

/**
 * Splits jobs into fixed ranges, which the calling thread (thread 0) and all threads that have joined claim one by one.
 * It never waits for a thread that has not joined.
 */
class Threads final : public Parallel {
 public:
  void run(int64_t count, int64_t grain, Body body, void* closure) override;
  int threads() const override { return count_; }
  void* scratch(int thread, int64_t bytes) override;
  void* shared(int64_t bytes) override { return scratch(count_, bytes); }

  void setCount(int count) { count_ = count; }
  /** Takes part in all jobs, as thread `thread`; never returns. */
  [[noreturn]] void join(int thread);

 private:
  struct alignas(64) Scratch {
    char* data;
    int64_t bytes;
  };

  void takeRanges(int thread);

  int count_ = 1;
  Job job_{};
  // As in runtime/thread-pool.h: generation of the job, whether it may be entered, and how many threads are in it.
  alignas(64) uint32_t gate_ = 0;
  alignas(64) int64_t nextRange_ = 0;
  alignas(64) int32_t sleepers_ = 0;
  Scratch scratch_[maxThreads + 1] = {};  // of each thread, then what they share
};

}  // namespace flava
