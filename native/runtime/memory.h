// Memory taken from the operating system in whole pages.
#pragma once

#include <cstdint>

namespace flava {

/** A block of zeroed memory, aligned to a page. Pages are backed on first touch, large blocks by huge pages. */
class Memory {
 public:
  /** Throws std::runtime_error that says the size when there is not enough memory. */
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
 * Puts the first `bytes` bytes of an open file in the place of `pages`, which a `Memory` of that size has. A page is read
 * when it is first touched and copied when it is first written: the file never changes. It may be closed, renamed or
 * replaced by another afterwards, but not be made shorter in place: touching what is gone raises SIGBUS.
 *
 * False, and nothing is changed, where such a file cannot be mapped; throws std::runtime_error when the file is shorter.
 */
bool mapFile(int file, char* pages, int64_t bytes);

}  // namespace flava
