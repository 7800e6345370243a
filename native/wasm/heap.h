// The heap: all of the WebAssembly memory behind static data and the first stack.
#pragma once

#include <cstdint>

namespace flava {

/** Zeroed memory, aligned to 64 bytes; null if WebAssembly's 4 GiB or the machine's memory do not suffice. */
char* allocate(int64_t bytes);

/** Frees what `allocate` returned; null is ignored. */
void release(char* data);

}  // namespace flava
