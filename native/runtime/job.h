// Work for threads: a body to call on fixed ranges.
#pragma once

#include "kernel.h"

namespace flava {

struct Job {
  Parallel::Body body;
  void* closure;
  int64_t count;
  int64_t grain;

  int64_t ranges() const { return (count - 1) / grain + 1; }
  /** Runs the range of this index, of `ranges()`. */
  void run(int64_t range, int thread) const {
    const int64_t begin = range * grain;
    body(closure, begin, count - begin < grain ? count : begin + grain, thread);
  }
};

}  // namespace flava
