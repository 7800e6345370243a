// The kernels of the module, all at one level.
#pragma once

#include "../runtime/kernel.h"

namespace flava {

struct RegisteredKernel {
  const char* name;
  Kernel run;
  /** The name with the attributes: "fill(value)"; just "exp" if there are none. */
  char signature[512];
};

/** The kernel of this index, in no particular order; null behind the last one. */
const RegisteredKernel* kernelAt(int32_t index);

}  // namespace flava
