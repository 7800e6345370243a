// Runs the instructions of a program one after another.
#pragma once

#include <cstdint>
#include <string>

#include "program.h"

namespace flava {

enum class Status { done = 0, aborted = 1, failed = 2, nonFinite = 3 };

struct Outcome {
  Status status;
  int64_t instruction;  // where the run stopped
  std::string message;
};

/** The part of a program to run, and how. */
struct Section {
  int64_t first;
  int64_t last;  // exclusive
  /**
   * Stops at the first instruction that produces a non-finite number. Instructions that write persistent buffers are
   * skipped, so that a program can be inspected after a failure without changing anything but the arena.
   */
  bool inspect;
  const int32_t* abort;  // polled before each instruction: the run stops if it is not zero; may be null
};

/** What kernels work with. */
struct Workers {
  Parallel& parallel;
  Collectives* collectives;  // null if there are no other processes
};

/** Runs a section of a bound program. Never throws: an exception in a kernel is a failure of its instruction. */
Outcome execute(Program& program, const Section& section, const Workers& workers);

}  // namespace flava
