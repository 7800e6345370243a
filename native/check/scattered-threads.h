// Threads that all take part in every job, for finding races.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "../runtime/kernel.h"
#include "../runtime/memory.h"

namespace flava {

/**
 * Assigns ranges round-robin to threads started for each job. The pool's workers often miss a short job, which then
 * shows no race; here nothing orders the threads of a job, so ThreadSanitizer sees every race.
 */
class ScatteredThreads final : public Parallel {
 public:
  explicit ScatteredThreads(int threads) : scratch_(threads) {}

  void run(int64_t count, int64_t grain, Body body, void* closure) override {
    const auto share = [=](int thread, int64_t step) {
      for (int64_t begin = thread * grain; begin < count; begin += step * grain) {
        body(closure, begin, count - begin < grain ? count : begin + grain, thread);
      }
    };
    if (count <= grain) return share(0, 1);
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads(); ++thread) others.emplace_back(share, thread, threads());
    share(0, threads());
    for (std::thread& other : others) other.join();
  }

  int threads() const override { return static_cast<int>(scratch_.size()); }
  void* scratch(int thread, int64_t bytes) override { return renew(scratch_[thread], bytes); }
  void* shared(int64_t bytes) override { return renew(shared_, bytes); }

 private:
  static void* renew(std::unique_ptr<Memory>& memory, int64_t bytes) {
    if (memory == nullptr || memory->bytes() < bytes) memory = std::make_unique<Memory>(bytes);
    return memory->data();
  }

  std::vector<std::unique_ptr<Memory>> scratch_;
  std::unique_ptr<Memory> shared_;
};

}  // namespace flava
