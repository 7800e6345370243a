// Memory taken from the operating system in whole pages.
#pragma once

#include <cstdint>

namespace flava {

/** A block of zeroed memory, aligned to a page. Pages are backed on first touch, large blocks by huge pages. */
class Memory {
 public:
  /** Throws std::runtime_error, naming the size, if there is not enough memory. */
  explicit Memory(int64_t bytes);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  char* data_;
  int64_t bytes_;
};

/**
 * Maps the first `bytes` bytes of an open file over `pages`, the pages of a `Memory` of that size. Pages are read on
 * first access and copied on first write, so the file never changes. It may be closed, renamed or replaced afterwards,
 * but must not be truncated: accessing pages beyond its new end raises SIGBUS.
 *
 * Returns false, changing nothing, if the file cannot be mapped; throws std::runtime_error if it is too short.
 */
bool mapFile(int file, char* pages, int64_t bytes);

}  // namespace flava
