#include "levels.h"

#include <stdexcept>

#include "registry.h"

namespace flava {

namespace {

constexpr const char* levelNames[levelCount] = {"portable", "avx2", "avx512", "avx512bf16"};

// Each level includes the instructions of the one before. __builtin_cpu_supports also asks whether the operating
// system saves the wide registers. Every processor with AVX2 and FMA has F16C.
bool processorRuns(Level level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (level) {
    case Level::portable:
      return true;
    case Level::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Level::avx512:
      return processorRuns(Level::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    case Level::avx512bf16:
      return processorRuns(Level::avx512) && __builtin_cpu_supports("avx512bf16") &&
             __builtin_cpu_supports("avx512vnni");
  }
  return false;
#else
  return level == Level::portable;
#endif
}

}  // namespace

const char* nameOf(Level level) { return levelNames[static_cast<int>(level)]; }

std::vector<Level> availableLevels() {
  std::vector<Level> levels = {Level::portable};
  for (int index = 1; index < levelCount; ++index) {
    const Level level = static_cast<Level>(index);
    if (processorRuns(level) && hasKernels(level)) levels.push_back(level);
  }
  return levels;
}

Level availableLevel(const std::string& name) {
  std::string names;
  for (Level level : availableLevels()) {
    if (name == nameOf(level)) return level;
    names += (names.empty() ? "" : ", ") + std::string(nameOf(level));
  }
  throw std::runtime_error("no processor level \"" + name + "\" here: this machine and build run " + names);
}

}  // namespace flava
