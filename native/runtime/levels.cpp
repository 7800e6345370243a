#include "levels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include <stdexcept>

#include "registry.h"

namespace flava {

namespace {

constexpr const char* levelNames[levelCount] = {"portable", "avx2",  "avx512",
                                                "avx512bf16", "amx", "amx-emulated", "neon-bf16"};

#if defined(__x86_64__) && defined(__linux__)

bool processorHasAmx() {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr unsigned bfloat16 = 1u << 22, tiles = 1u << 24, int8 = 1u << 25;
  return (d & bfloat16) != 0 && (d & tiles) != 0 && (d & int8) != 0;
}

/**
 * Asks Linux, once per process, to save the tile registers of its threads. Refused where the kernel is too old, where a
 * sandbox forbids it, or where a thread's signal stack is too small for them.
 */
bool systemGrantsTiles() {
  constexpr int requestPermission = 0x1023, getPermission = 0x1022, tileData = 18;
  static const bool granted = [] {
    uint64_t permitted = 0;
    return syscall(SYS_arch_prctl, requestPermission, tileData) == 0 &&
           syscall(SYS_arch_prctl, getPermission, &permitted) == 0 && (permitted >> tileData & 1) != 0;
  }();
  return granted;
}

#elif defined(__x86_64__)

bool processorHasAmx() { return false; }
bool systemGrantsTiles() { return false; }

#endif

#if defined(__aarch64__) && defined(__linux__)

bool processorHasBfloat16() {
  constexpr unsigned long int8Products = 1ul << 13, bfloat16 = 1ul << 14;
  const unsigned long features = getauxval(AT_HWCAP2);
  return (features & int8Products) != 0 && (features & bfloat16) != 0;
}

#elif defined(__aarch64__) && defined(__APPLE__)

bool has(const char* feature) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(feature, &value, &size, nullptr, 0) == 0 && value == 1;
}

bool processorHasBfloat16() { return has("hw.optional.arm.FEAT_BF16") && has("hw.optional.arm.FEAT_I8MM"); }

#elif defined(__aarch64__)

bool processorHasBfloat16() { return false; }

#endif

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
    case Level::amx:
      return processorRuns(Level::avx512bf16) && processorHasAmx() && systemGrantsTiles();
    case Level::amxEmulated:
      return processorRuns(Level::avx512bf16);
    case Level::neonBf16:
      return false;
  }
  return false;
#elif defined(__aarch64__)
  return level == Level::portable || (level == Level::neonBf16 && processorHasBfloat16());
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
    if (hasKernels(level) && processorRuns(level)) levels.push_back(level);
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
