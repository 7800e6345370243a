#include "thread-pool.h"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace flava {

namespace {

constexpr uint64_t activeMask = 0xffff;
constexpr uint64_t openBit = 0x10000;
constexpr int generationShift = 17;

// Long enough to bridge the gap between two parallel kernels, short enough to be negligible in an idle process.
constexpr auto spinTime = std::chrono::microseconds(40);
constexpr int pausesBetweenYields = 64;

uint64_t generationOf(uint64_t gate) { return gate >> generationShift; }

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Condition>
bool pausesUntil(Condition condition) {
  for (int pauses = 0; pauses < pausesBetweenYields; ++pauses) {
    if (condition()) return true;
    pause();
  }
  return false;
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : outnumbersProcessors_(threads > static_cast<int>(std::thread::hardware_concurrency())),
      scratch_(threads < 1 ? 1 : threads) {
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back(&ThreadPool::worker, this, thread);
  } catch (const std::exception& error) {
    stop();
    throw std::runtime_error("cannot start " + std::to_string(threads) + " threads: " + error.what());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

void ThreadPool::run(int64_t count, int64_t grain, Body body, void* closure) {
  if (count <= 0) return;
  job_ = {body, closure, count, grain};
  nextRange_.store(0, std::memory_order_relaxed);
  if (count <= grain || workers_.empty()) {
    takeRanges(0);
  } else {
    gate_.store((generationOf(gate_.load(std::memory_order_relaxed)) + 1) << generationShift | openBit);
    wakeWorkers((count - 1) / grain);
    takeRanges(0);
    gate_.fetch_and(~openBit);
    const auto left = [this] { return (gate_.load(std::memory_order_acquire) & activeMask) == 0; };
    while (!pausesUntil(left)) std::this_thread::yield();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

// An exception (out of memory in `scratch`) must not end a worker, nor let the caller leave a job that others
// still work on: it is kept until the job is over.
void ThreadPool::takeRanges(int thread) {
  const Job job = job_;
  const int64_t ranges = job.ranges();
  try {
    int64_t range;
    while ((range = nextRange_.fetch_add(1, std::memory_order_relaxed)) < ranges) job.run(range, thread);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void ThreadPool::worker(int thread) {
  uint64_t lastGeneration = 0;
  while (waitForJob(lastGeneration)) {
    if (!enter(lastGeneration)) continue;
    takeRanges(thread);
    gate_.fetch_sub(1, std::memory_order_release);
  }
}

/** Joins the open job, unless this worker has already been in it. */
bool ThreadPool::enter(uint64_t& lastGeneration) {
  uint64_t gate = gate_.load(std::memory_order_relaxed);
  while ((gate & openBit) != 0 && generationOf(gate) != lastGeneration) {
    if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      lastGeneration = generationOf(gate);
      return true;
    }
  }
  return false;
}

bool ThreadPool::hasNews(uint64_t lastGeneration) const {
  const uint64_t gate = gate_.load();
  return stopping_ || ((gate & openBit) != 0 && generationOf(gate) != lastGeneration);
}

/** Spins for a while, or until the end of a vigil, then sleeps; false when the pool stops. */
bool ThreadPool::waitForJob(uint64_t lastGeneration) {
  const auto news = [this, lastGeneration] { return hasNews(lastGeneration); };
  const auto deadline = std::chrono::steady_clock::now() + spinTime;
  do {
    if (pausesUntil(news)) return !stopping_;
    std::this_thread::yield();
  } while (vigil_.load(std::memory_order_relaxed) || std::chrono::steady_clock::now() < deadline);
  std::unique_lock<std::mutex> lock(mutex_);
  ++sleepers_;
  news_.wait(lock, news);
  --sleepers_;
  return !stopping_;
}

/**
 * Wakes sleepers if fewer than `count` workers are awake. A worker that falls asleep just now may miss the signal, as the
 * lock is not taken: then the job goes without it.
 */
void ThreadPool::wakeWorkers(int64_t count) {
  const int64_t sleepers = sleepers_.load();
  const int64_t lacking = count - (static_cast<int64_t>(workers_.size()) - sleepers);
  if (lacking >= sleepers && sleepers > 0) {
    news_.notify_all();
  } else {
    for (int64_t woken = 0; woken < lacking; ++woken) news_.notify_one();
  }
}

void* ThreadPool::Block::atLeast(int64_t bytes) {
  if (memory == nullptr || memory->bytes() < bytes) {
    memory.reset();
    memory = std::make_unique<Memory>(bytes);
  }
  return memory->data();
}

void* ThreadPool::scratch(int thread, int64_t bytes) { return scratch_[thread].atLeast(bytes); }

void* ThreadPool::shared(int64_t bytes) { return shared_.atLeast(bytes); }

}  // namespace flava
