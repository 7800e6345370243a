// The table of kernels by name and processor level.
#pragma once

#include <string>
#include <vector>

#include "kernel.h"

namespace flava {

struct RegisteredKernel {
  Kernel run = nullptr;
  std::vector<std::string> attributes;

  /** Whether the last attribute is a list, of any length. */
  bool endsInList() const;
  /** As operations name it: "fill(value)", or "exp" without attributes. */
  std::string signature(const std::string& name) const;
};

/** The kernel of this name at `level`, or else at the nearest level below that has it; null when none has. */
const RegisteredKernel* findKernel(Level level, const std::string& name);

/** Whether the build holds any kernel compiled for this level. */
bool hasKernels(Level level);

}  // namespace flava
