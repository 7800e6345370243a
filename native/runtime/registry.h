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
  /** The name with the attributes: "fill(value)"; just "exp" if there are none. */
  std::string signature(const std::string& name) const;
};

/** The kernel of this name at `level` or at the nearest lower level that has it; null if none has. */
const RegisteredKernel* findKernel(Level level, const std::string& name);

/** Whether the build includes kernels for this level. */
bool hasKernels(Level level);

}  // namespace flava
