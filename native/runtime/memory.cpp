#include "memory.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace flava {

namespace {

constexpr int64_t hugePage = int64_t{2} << 20;

// mmap refuses a length of zero; an empty block still gets a unique address.
size_t mappedBytes(int64_t bytes) { return bytes > 0 ? static_cast<size_t>(bytes) : 1; }

void* mapPrivately(int file, void* pages, int64_t bytes, int flags) {
  return mmap(pages, mappedBytes(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, file, 0);
}

}  // namespace

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  if (bytes < 0) throw std::runtime_error("a buffer cannot have a negative size");
  void* pages = mapPrivately(-1, nullptr, bytes, MAP_ANONYMOUS);
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

bool mapFile(int file, char* pages, int64_t bytes) {
  struct stat found {};
  if (fstat(file, &found) != 0) throw std::runtime_error(std::string("cannot map a file: ") + std::strerror(errno));
  if (found.st_size < bytes) {
    throw std::runtime_error("cannot map " + std::to_string(bytes) + " bytes of a file that has " +
                             std::to_string(found.st_size) + ": it became shorter, so open it again");
  }
  // A failed MAP_FIXED may leave a hole in place of the pages, so mapping elsewhere is tried first.
  void* elsewhere = mapPrivately(file, nullptr, bytes, 0);
  if (elsewhere == MAP_FAILED) return false;
  munmap(elsewhere, mappedBytes(bytes));
  if (mapPrivately(file, pages, bytes, MAP_FIXED) != MAP_FAILED) return true;
  throw std::runtime_error(std::string("cannot map a file: ") + std::strerror(errno));
}

}  // namespace flava
