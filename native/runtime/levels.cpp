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

constexpr const char* levelNames[levelCount] = {"portable", "avx2", "avx512", "avx512bf16", "amx", "avx512-emulated",
                                                "avx512bf16-emulated", "amx-emulated", "neon-bf16"};

#if defined(__x86_64__)

struct Features {
  bool avx2 = false, avx512 = false, avx512Bfloat16 = false, amx = false;
};

/**
 * What the processor has, and the system saves of each thread. Asked of the processor itself: __builtin_cpu_supports needs
 * a part of the compiler's runtime that Zig lacks.
 */
Features readFeatures() {
  const auto has = [](unsigned bits, int bit) { return (bits >> bit & 1) != 0; };
  Features found;
  unsigned a, b, c, d, saved = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool fma = has(c, 12);
  if (has(c, 27)) asm("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  const auto saves = [saved](unsigned registers) { return (saved & registers) == registers; };
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.avx2 = saves(0x6) && fma && has(b, 5);
  const bool foundation = has(b, 16), doubles = has(b, 17), bytes = has(b, 30), shorterVectors = has(b, 31);
  found.avx512 = found.avx2 && saves(0xe6) && foundation && doubles && bytes && shorterVectors;
  const bool int8Products = has(c, 11);
  const bool tiles = has(d, 22) && has(d, 24) && has(d, 25);  // with products of bfloat16 and of 8 bits
  if (a < 1 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return found;
  found.avx512Bfloat16 = found.avx512 && int8Products && has(a, 5);
  found.amx = found.avx512Bfloat16 && tiles;
  return found;
}

#endif

#if defined(__x86_64__) && defined(__linux__)

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

// Each level includes the instructions of the one before. Every processor with AVX2 and FMA has F16C.
bool processorRuns(Level level) {
#if defined(__x86_64__)
  static const Features features = readFeatures();
  switch (level) {
    case Level::portable:
      return true;
    case Level::avx2:
    case Level::avx512Emulated:  // the emulated levels are built on request for the processor at hand
    case Level::avx512bf16Emulated:
    case Level::amxEmulated:
      return features.avx2;
    case Level::avx512:
      return features.avx512;
    case Level::avx512bf16:
      return features.avx512Bfloat16;
    case Level::amx:
      return features.amx && systemGrantsTiles();
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
