// The processor levels kernels are compiled for, and which of them this machine can run.
#pragma once

#include <string>
#include <vector>

#include "kernel.h"

namespace flava {

const char* nameOf(Level level);

/** The levels this processor can run and this build holds kernels for, best last; always begins with "portable". */
std::vector<Level> availableLevels();

/** The available level of this name; throws std::runtime_error listing the available ones when there is none. */
Level availableLevel(const std::string& name);

}  // namespace flava
