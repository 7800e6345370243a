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

}  // namespace flava
