#include "memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace flava {

namespace {

constexpr int64_t hugePage = int64_t{2} << 20;

// mmap refuses a length of zero; an empty block still has an address of its own.
size_t mappedBytes(int64_t bytes) { return bytes > 0 ? static_cast<size_t>(bytes) : 1; }

}  // namespace

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  if (bytes < 0) throw std::runtime_error("a buffer cannot have a negative size");
  void* pages = mmap(nullptr, mappedBytes(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    char message[160];
    std::snprintf(message, sizeof message, "cannot allocate %lld bytes (%.2f GiB): %s", static_cast<long long>(bytes),
                  static_cast<double>(bytes) / (int64_t{1} << 30), std::strerror(errno));
    throw std::runtime_error(message);
  }
#ifdef MADV_HUGEPAGE
  // Large products touch many pages at a stride: huge pages keep their addresses in the translation cache.
  if (bytes >= hugePage) madvise(pages, mappedBytes(bytes), MADV_HUGEPAGE);
#endif
  data_ = static_cast<char*>(pages);
}

Memory::~Memory() { munmap(data_, mappedBytes(bytes_)); }

}  // namespace flava
