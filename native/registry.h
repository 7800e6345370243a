// The table of kernels by name and processor level.
#pragma once

#include <string>

#include "kernel.h"

namespace flava {

/** The kernel of this name at `level`, or else at the nearest level below that has it; null when none has. */
Kernel findKernel(Level level, const std::string& name);

/** Whether the build holds any kernel compiled for this level. */
bool hasKernels(Level level);

}  // namespace flava
