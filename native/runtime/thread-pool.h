// The threads of a context and their scratch memory.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "job.h"
#include "memory.h"

namespace flava {

/**
 * Runs one job at a time on the calling thread (thread 0) and `threads - 1` workers. A job is split into fixed ranges,
 * which threads claim one by one. The caller takes no lock and never waits for a worker that has not joined, so a worker
 * that is asleep or preempted delays nothing. `run` must not be called from within a body.
 */
class ThreadPool final : public Parallel {
 public:
  /** While one exists, workers that are awake stay so between jobs; otherwise they soon go to sleep. */
  class Vigil {
   public:
    explicit Vigil(ThreadPool& pool) : pool_(pool) { pool_.vigil_ = !pool_.outnumbersProcessors_; }
    ~Vigil() { pool_.vigil_ = false; }
    Vigil(const Vigil&) = delete;
    Vigil& operator=(const Vigil&) = delete;

   private:
    ThreadPool& pool_;
  };

  explicit ThreadPool(int threads);
  ~ThreadPool();

  void run(int64_t count, int64_t grain, Body body, void* closure) override;
  int threads() const override { return static_cast<int>(scratch_.size()); }
  void* scratch(int thread, int64_t bytes) override;
  void* shared(int64_t bytes) override;

 private:
  // On separate cache lines, to avoid false sharing.
  struct alignas(64) Block {
    std::unique_ptr<Memory> memory;
    void* atLeast(int64_t bytes);
  };

  void worker(int thread);
  void takeRanges(int thread);
  bool enter(uint64_t& lastGeneration);
  bool waitForJob(uint64_t lastGeneration);
  bool hasNews(uint64_t lastGeneration) const;
  void wakeWorkers(int64_t count);
  void stop();

  const bool outnumbersProcessors_;  // then threads that wait awake would hold up those that work
  Job job_{};
  // Generation of the job (high bits), whether it may be entered, and how many workers are in it (low bits). One word,
  // so that a worker enters a job only while it is open, and the job's fields change only while no worker is inside.
  alignas(64) std::atomic<uint64_t> gate_{0};
  alignas(64) std::atomic<int64_t> nextRange_{0};
  alignas(64) std::atomic<int64_t> sleepers_{0};
  std::atomic<bool> vigil_{false};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable news_;
  std::exception_ptr failure_;  // the first exception thrown in the job; guarded by mutex_ while the job is open
  std::vector<Block> scratch_;
  Block shared_;
  std::vector<std::thread> workers_;
};

}  // namespace flava
