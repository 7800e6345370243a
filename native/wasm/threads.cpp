#include "threads.h"

#include "heap.h"

namespace flava {

bool outOfMemory = false;

namespace {

constexpr uint32_t activeMask = 0xffff, openBit = 0x10000;
constexpr int generationShift = 17;
/** About as long as from one parallel kernel to the next. */
constexpr int spins = 20000;

uint32_t generationOf(uint32_t gate) { return gate >> generationShift; }

template <class Value>
Value read(const Value& value) {
  return __atomic_load_n(&value, __ATOMIC_SEQ_CST);
}

}  // namespace

void endForMemory() {
  outOfMemory = true;
  __builtin_trap();
}

void* Threads::scratch(int thread, int64_t bytes) {
  Scratch& own = scratch_[thread];
  if (bytes > own.bytes) {
    release(own.data);
    own = {allocate(bytes), bytes};
    if (own.data == nullptr) endForMemory();
  }
  return own.data;
}

void Threads::takeRanges(int thread) {
  const Job job = job_;
  const int64_t ranges = job.ranges();
  int64_t range;
  while ((range = __atomic_fetch_add(&nextRange_, 1, __ATOMIC_RELAXED)) < ranges) job.run(range, thread);
}

void Threads::run(int64_t count, int64_t grain, Body body, void* closure) {
  if (count <= grain) return body(closure, 0, count, 0);
  job_ = {body, closure, count, grain};
  nextRange_ = 0;
  if (count_ == 1) return takeRanges(0);
  const uint32_t generation = generationOf(gate_) + 1;
  __atomic_store_n(&gate_, generation << generationShift | openBit, __ATOMIC_SEQ_CST);
  if (read(sleepers_) > 0) __builtin_wasm_memory_atomic_notify(reinterpret_cast<int32_t*>(&gate_), maxThreads);
  takeRanges(0);
  __atomic_fetch_and(&gate_, ~openBit, __ATOMIC_SEQ_CST);
  while ((read(gate_) & activeMask) != 0) {
  }
}

void Threads::join(int thread) {
  uint32_t last = 0;
  int idle = 0;
  for (;;) {
    uint32_t gate = read(gate_);
    if ((gate & openBit) != 0 && generationOf(gate) != last) {
      if (!__atomic_compare_exchange_n(&gate_, &gate, gate + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
      last = generationOf(gate);
      takeRanges(thread);
      __atomic_fetch_sub(&gate_, 1, __ATOMIC_SEQ_CST);
      idle = 0;
    } else if (++idle > spins) {
      __atomic_fetch_add(&sleepers_, 1, __ATOMIC_SEQ_CST);
      __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int32_t*>(&gate_), static_cast<int32_t>(gate), -1);
      __atomic_fetch_sub(&sleepers_, 1, __ATOMIC_SEQ_CST);
      idle = 0;
    }
  }
}

}  // namespace flava
