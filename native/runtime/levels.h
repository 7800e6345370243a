// The processor levels for which kernels are compiled, and which of them this machine supports.
#pragma once

#include <string>
#include <vector>

#include "kernel.h"

namespace flava {

const char* nameOf(Level level);

/** The levels that processor and build support, lowest first: "portable" is always the first. */
std::vector<Level> availableLevels();

/** The available level of this name; throws std::runtime_error, listing the available ones, if there is none. */
Level availableLevel(const std::string& name);

}  // namespace flava
